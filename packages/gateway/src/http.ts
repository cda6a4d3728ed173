export * from './engine.ts'
export { EngineError, InputError, type Problem } from './engineErrors.ts'
export { breakOff, brokenBy } from './face/breakOff.ts'
export { createFace } from './face/createFace.ts'
export { runUpdate } from './face/shown/runUpdate.ts'
export { createFetch, type FaceFetch, type FetchOptions } from './http/createFetch.ts'
export type {
  ApiOperation,
  Dialect,
  Face,
  FaceOptions,
  Operation,
  RunUpdate,
  Where,
} from './http/types.ts'
export { extensionOf } from './media/extensionOf.ts'
