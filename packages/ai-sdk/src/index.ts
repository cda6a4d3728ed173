export { createFlowscale } from './createFlowscale.ts'
export type * from './types.ts'
