// Exports that only the build of the emulator reads: no package publishes them. No class may be here: the gateway would not
// know the emulator's copy of an `EngineError`.
export {
  compareRuns,
  drawSeed,
  fileName,
  INPUT_ROLES,
  isEnded,
  KINDS,
  MOST_PREVIEW_BYTES,
  outputName,
} from './engine.ts'
export { isKey, LOOPBACK } from './http/access.ts'
export { createPreviewLinks } from './http/links.ts'
export { DIALECTS, OPERATIONS, operations } from './http/operations.ts'
export { eventOf, runUpdate } from './http/runJson.ts'
export { URL_TTL_MS } from './http/types.ts'
export { ENDINGS, extensionOf } from './mediaTypes.ts'
export * from './options.ts'
export * as rules from './rules.ts'
export { makeSecret, secretsFor, signWebhook } from './webhooks/sign.ts'
