export { loadWorkflows } from './node/loadWorkflows.ts'
export { type Served, type ServeOptions, serve } from './node/serve.ts'
export type { SocketOptions } from './node/sockets.ts'
