// The HTTP API for an engine or a server of your own.
export {
  type Container,
  checkSame,
  type Draft,
  type Engine,
  type EngineContext,
  EngineError,
  type EngineMaker,
  type IncomingFile,
  type Input,
  InputError,
  type InputRole,
  type Kind,
  type KnownRun,
  type Observer,
  type Once,
  type Preview,
  type Problem,
  type QueueEntry,
  type Report,
  type Run,
  type RunEnd,
  type RunsQuery,
  type Scalar,
  type Status,
  type Storage,
  type StoredFile,
  type Submission,
  type UsagePage,
  type UsageQuery,
  type UsageRow,
  type Workflow,
  type WorkflowFile,
  type WorkflowSource,
} from './engine.ts'
export { breakOff, brokenBy } from './http/answers.ts'
export { type ApiFetch, createFetch, type FetchOptions } from './http/createFetch.ts'
export { createHttpApi } from './http/createHttpApi.ts'
export type { Dialect, Operation } from './http/operations.ts'
export type { HttpApi, HttpApiOptions, Operator, PlainRequest, RunUpdate, Where } from './http/types.ts'
