export * from './engine.ts'
export { EngineError, InputError, type Problem } from './engine.ts'
export { breakOff, brokenBy } from './http/answers.ts'
export { type ApiFetch, createFetch, type FetchOptions } from './http/createFetch.ts'
export { createHttpApi } from './http/createHttpApi.ts'
export { runUpdate } from './http/runJson.ts'
export type {
  ApiOperation,
  Dialect,
  HttpApi,
  HttpApiOptions,
  Operation,
  RunUpdate,
  Where,
} from './http/types.ts'
export { extensionOf } from './mediaTypes.ts'
