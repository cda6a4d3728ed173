// Internal: facts and helpers that the emulator shares with the gateway. No promise is made to anybody else, and any
// version may change them.
export { checkSame, compareRuns, drawSeed, FILE_KINDS, fileName, isEnded, outputName } from './engine.ts'
export { isKey } from './http/access.ts'
export { runUpdate } from './http/runJson.ts'
export { DIALECTS, URL_TTL_MS } from './http/types.ts'
export { extensionOf } from './mediaTypes.ts'
export * from './options.ts'
export * as rules from './rules.ts'
