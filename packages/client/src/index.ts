export { cancelRun } from './api/cancelRun.ts'
export { checkHealth } from './api/checkHealth.ts'
export { type DownloadResponse, type DownloadSource, downloadOutput } from './api/downloadOutput.ts'
export { type ExecuteOptions, executeWorkflow } from './api/executeWorkflow.ts'
export { getOutput } from './api/getOutput.ts'
export { getQueue } from './api/getQueue.ts'
export { getRun } from './api/getRun.ts'
export { type GetRunsOptions, getRuns } from './api/getRuns.ts'
export { getWorkflows } from './api/getWorkflows.ts'
export { iterateRuns } from './api/iterateRuns.ts'
export { type ParsedWorkflow, parseWorkflow } from './api/parseWorkflow.ts'
export { toFile } from './api/toFile.ts'
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
export type * from './types.ts'
