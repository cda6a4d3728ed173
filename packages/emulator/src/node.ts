export { loadWorkflows } from './folder/loadWorkflows.ts'
export type { ServeOptions } from './node/checkServeOptions.ts'
export { type Served, serve } from './node/serve.ts'
export type { SocketOptions } from './node/socket/checkSocketOptions.ts'
