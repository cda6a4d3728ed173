export { connectWebSocket } from './connectWebSocket.ts'
export { subscribeToRun, unsubscribeFromRun } from './subscriptions.ts'
export type { CloseInfo, Connection, WebSocketClass, WebSocketLike, WebSocketOptions } from './types.ts'
