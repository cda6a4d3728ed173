export { createRunStore } from './createRunStore.ts'
export { type RunQuery, runOptions } from './runOptions.ts'
export type {
  ActiveRun,
  OutputsOf,
  RunSnapshot,
  RunStorage,
  RunStore,
  RunStoreOptions,
  StartOptions,
  StoredWorkflow,
} from './types.ts'
