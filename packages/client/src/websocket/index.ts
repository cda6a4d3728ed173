export { connectWebSocket } from './connectWebSocket.ts'
export { subscribeToRun } from './subscribeToRun.ts'
export { unsubscribeFromRun } from './subscriptions.ts'
export type { CloseInfo, Connection, WebSocketClass, WebSocketLike, WebSocketOptions } from './types.ts'
