export { type OutputProps, useOutputUrl } from './useOutputUrl.ts'
export { type UsedRun, useRun } from './useRun.ts'
