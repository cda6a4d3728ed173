import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { isForbidden } from './http/isForbidden.ts'
import { features } from './routes/control.ts'
import { send, statusOf } from './run/messages.ts'
import type { Life, Socket } from './types.ts'

/** Takes the handshakes at `/ws`. */
export function serveSockets(
  getLife: () => Life,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const server = new WebSocketServer({ noServer: true })
  return (request, socket, head) => {
    const life = getLife()
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const isKnown = pathname === '/ws' || pathname === '/api/ws'
    const isRefused = life.corsOrigin === undefined && isForbidden(request)
    if (isRefused || !isKnown) {
      const status = isRefused ? '403 Forbidden' : '404 Not Found'
      return void socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    }
    server.handleUpgrade(request, socket, head, (ws) => welcome(life, ws, searchParams.get('clientId') ?? ''))
  }
}

function welcome(life: Life, ws: WebSocket, clientId: string): void {
  const sid = clientId || randomUUID().replaceAll('-', '')
  const socket: Socket = { ws, metadata: false, greeted: false }
  // One socket an id: an older one gets nothing any more.
  life.sockets.set(sid, socket)
  send(life, 'status', { ...statusOf(life), sid }, sid)
  if (life.clientId === sid && life.lastNode !== undefined)
    send(life, 'executing', { node: life.lastNode }, sid)
  ws.on('error', () => {})
  // As on a real server: the older one, when it closes, takes the newer one's place with it.
  ws.on('close', () => life.sockets.delete(sid))
  ws.on('message', (data, isBinary) => {
    const isFirst = !socket.greeted
    socket.greeted = true
    if (isBinary || !isFirst) return
    try {
      const message = JSON.parse(String(data))
      if (message.type !== 'feature_flags') return
      socket.metadata = message.data?.supports_preview_metadata === true
      send(life, 'feature_flags', features({ life }), sid)
    } catch {
      // Nothing is told of a message that is not understood.
    }
  })
}
