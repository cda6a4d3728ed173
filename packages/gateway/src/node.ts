export type { Messages, SocketHooks, Wire } from './node/createConnection.ts'
export { openFolder } from './node/dataFolder.ts'
export { readWorkflowFile, readWorkflows, watchWorkflows } from './node/readWorkflows.ts'
export { type ListenError, type Served, type ServeOptions, serve } from './node/serve.ts'
