// The entry `@flowscale/gateway/node`.
export { folderFiles } from './files/folderFiles.ts'
export type { Messages, SocketHooks, Wire } from './node/createConnection.ts'
export { openFolder } from './node/dataFolder.ts'
export { type FolderQueueOptions, folderQueue } from './node/folderQueue.ts'
export { readWorkflowFile, readWorkflows, watchWorkflows } from './node/readWorkflows.ts'
export { type ListenError, type Served, type ServeOptions, serve } from './node/serve.ts'
export { type WatchKeysOptions, watchKeys } from './node/watchKeys.ts'
