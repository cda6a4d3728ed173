export type {
  AnyFlowScaleError,
  BlobLike,
  Client,
  ContainerHealth,
  ContainerQueue,
  Envelope,
  ExecuteOptions,
  Execution,
  FileInput,
  GetRunsOptions,
  InputItem,
  Inputs,
  InputsOf,
  NamedBlob,
  Output,
  ParsedWorkflow,
  QueueEntry,
  RequestOptions,
  Run,
  RunList,
  RunOutput,
  RunStatus,
  Workflow,
  WorkflowKind,
} from '@flowscale/client'
export {
  ArgumentError,
  FlowScaleError,
  HttpError,
  isFlowScaleError,
  NetworkError,
  parseWorkflow,
  RedirectError,
  ResponseError,
  RunError,
  TimeoutError,
  toFile,
  ValidationError,
} from '@flowscale/client'
export type { LogLevel } from '@flowscale/client/logger'
export type { ResultList, ResultOutput, ResumeOptions, RunResult, Submission } from '@flowscale/client/poller'
export {
  defineWorkflow,
  nameOutputs,
  type TypedResult,
  type TypedWorkflow,
} from '@flowscale/client/typed'
export type { CloseInfo, WebSocketOptions } from '@flowscale/client/websocket'
export { FlowscaleAPI } from './FlowscaleAPI.ts'
export type { AsyncOptions, FlowscaleOptions, SubmitOptions } from './options.ts'
