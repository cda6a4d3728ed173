export { cancelRun } from './api/cancelRun.ts'
export { checkHealth } from './api/checkHealth.ts'
export { type DownloadResponse, type DownloadSource, downloadOutput } from './api/downloadOutput.ts'
export { type ExecuteOptions, executeWorkflow } from './api/executeWorkflow.ts'
export { getOutput } from './api/getOutput.ts'
export { getQueue } from './api/getQueue.ts'
export { getRun } from './api/getRun.ts'
export { type GetRunsOptions, getRuns, iterateRuns } from './api/getRuns.ts'
export { getWorkflows, type ParsedWorkflow, parseWorkflow, type WorkflowKind } from './api/getWorkflows.ts'
export { idempotency, idempotencyWhereKept, keepsKeys } from './api/idempotency.ts'
export { createClient } from './client.ts'
export {
  type AnyFlowScaleError,
  ArgumentError,
  FlowScaleError,
  HttpError,
  isFlowScaleError,
  NetworkError,
  RedirectError,
  ResponseError,
  RunError,
  TimeoutError,
  ValidationError,
} from './errors.ts'
export {
  type BlobLike,
  type FileInput,
  type InputItem,
  type Inputs,
  type InputsOf,
  type NamedBlob,
  toFile,
} from './inputs.ts'
export { isEnded } from './run.ts'
export type * from './types.ts'
