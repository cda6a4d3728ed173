export { type ComfyuiOptions, comfyui } from './comfyui/comfyui.ts'
export { createGateway, type Gateway, type GatewayLogger, type GatewayOptions } from './createGateway.ts'
export type { EngineMaker, Report, Storage, WorkflowFile, WorkflowSource } from './engine.ts'
export type { Dialect, RunUpdate, Where } from './http/types.ts'
