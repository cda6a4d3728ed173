export type {
  PushConnection,
  ResultList,
  ResultOutput,
  ResumeOptions,
  RunProgress,
  RunResult,
  RunUpdate,
} from '../types.ts'
export {
  createRunWatcher,
  type RunWatcher,
  type RunWatcherOptions,
  type RunWatcherWaitOptions,
} from './createRunWatcher.ts'
export { type ExecuteManyOptions, executeMany, type ManyResult } from './executeMany.ts'
export {
  type ExecuteAsyncOptions,
  executeWorkflowAsync,
  type Submission,
} from './executeWorkflowAsync.ts'
export type { PollOptions, WaitForResultOptions, WaitOptions, WatchOptions } from './options.ts'
export { waitForOutput, waitForResult } from './waitForResult.ts'
export { waitForRun, watchRun } from './waitForRun.ts'
