export { type OutputProps, useOutputUrl } from '../react.ts'
export { type UsedRun, useRun } from './useRun.ts'
