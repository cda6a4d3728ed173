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
} from './many/createRunWatcher.ts'
export { type ExecuteManyOptions, executeMany, type ManyResult } from './many/executeMany.ts'
export {
  type ExecuteAsyncOptions,
  executeWorkflowAsync,
  type Submission,
} from './run/executeWorkflowAsync.ts'
export type { PollOptions, WaitForResultOptions, WaitOptions, WatchOptions } from './run/options.ts'
export { waitForOutput } from './run/waitForOutput.ts'
export { waitForResult } from './run/waitForResult.ts'
export { waitForRun } from './run/waitForRun.ts'
export { watchRun } from './run/watchRun.ts'
