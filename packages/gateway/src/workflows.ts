export { readWorkflow } from './comfyui/workflows/readWorkflow.ts'
export type { ClassInfo, ComfyWorkflow, KnownNode } from './comfyui/workflows/types.ts'
