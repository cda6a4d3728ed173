export type {
  PollHistory,
  PushConnection,
  ResultList,
  ResultOutput,
  ResumeOptions,
  RunResult,
} from '../types.ts'
export { createPollHistory } from './createPollHistory.ts'
export {
  createRunWatcher,
  type RunWatcher,
  type RunWatcherOptions,
  type RunWatcherWaitOptions,
} from './createRunWatcher.ts'
export { type ExecuteManyOptions, executeMany, type ManyResult } from './executeMany.ts'
export { type ExecuteAsyncOptions, executeWorkflowAsync, type Submission } from './executeWorkflowAsync.ts'
export type { WaitForResultOptions } from './followResult.ts'
export type { PollOptions, WatchOptions } from './pollOptions.ts'
export { waitForOutput } from './waitForOutput.ts'
export { waitForResult } from './waitForResult.ts'
export { type WaitOptions, waitForRun } from './waitForRun.ts'
export { watchRun } from './watchRun.ts'
