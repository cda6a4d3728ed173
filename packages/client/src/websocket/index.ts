export { connectWebSocket } from './connectWebSocket.ts'
export { subscribeToRun } from './subscribeToRun.ts'
export type { CloseInfo, Connection, WebSocketClass, WebSocketLike, WebSocketOptions } from './types.ts'
export { unsubscribeFromRun } from './unsubscribeFromRun.ts'
