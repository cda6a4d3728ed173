export { defineWorkflow } from './defineWorkflow.ts'
export type { TypedWorkflow } from './types.ts'
