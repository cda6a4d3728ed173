// The entry `@flowscale/gateway/workflows`.
export { readWorkflow } from './comfyui/workflows/readWorkflow.ts'
export type { ClassInfo, ComfyWorkflow, KnownNode, NamedInput } from './comfyui/workflows/types.ts'
