// The entry `@flowscale/gateway`.
export { type ComfyuiOptions, comfyui } from './comfyui/comfyui.ts'
export { createGateway, type Gateway, type GatewayLogger, type GatewayOptions } from './createGateway.ts'
export type { EngineMaker, Report, RunEnd, Storage, WorkflowFile, WorkflowSource } from './engine.ts'
export type { FileStore } from './files/fileStore.ts'
export type { Key, WatchedKeys } from './http/access.ts'
export type { Dialect } from './http/operations.ts'
export type { RunUpdate, Where } from './http/types.ts'
export type { Queue } from './queue/runQueue.ts'
