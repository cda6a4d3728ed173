import type { IncomingMessage } from 'node:http'

const PATH = '/api/v1/ws'

/** Whether a request wants to become a WebSocket, at the place where there is one. */
export function isHandshake({ url = '', headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && url.split('?', 1)[0] === PATH
}
