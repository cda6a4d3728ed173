export * from './engine.ts'
export { EngineError, InputError, type Problem } from './engine.ts'
export { breakOff, brokenBy } from './http/answers.ts'
export { createFetch, type FaceFetch, type FetchOptions } from './http/createFetch.ts'
export { createFace } from './http/createHttpApi.ts'
export { runUpdate } from './http/runJson.ts'
export type {
  ApiOperation,
  Dialect,
  Face,
  FaceOptions,
  Operation,
  RunUpdate,
  Where,
} from './http/types.ts'
export { extensionOf } from './mediaTypes.ts'
