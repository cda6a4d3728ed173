import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { features } from './control.ts'
import { isForbidden, isLockedOut } from './http.ts'
import { toJson } from './python.ts'
import type { Fault, Life, Socket } from './types.ts'

/** Takes the handshakes at `/ws`. */
export function serveSockets(
  life: Life,
  faults: Fault[],
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const server = new WebSocketServer({ noServer: true })
  return (request, socket, head) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const isKnown = pathname === '/ws' || pathname === '/api/ws'
    const isRefused = life.corsOrigin === undefined && isForbidden(request)
    const fault = faults.find(({ on }) => on === 'GET /ws')
    if (isLockedOut(life, request) || fault || isRefused || !isKnown) {
      const known = isRefused ? '403 Forbidden' : '404 Not Found'
      const status = isLockedOut(life, request)
        ? '401 Unauthorized'
        : fault
          ? `${fault.status} Refused`
          : known
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

/** How many runs wait or are performed. */
export const remaining = ({ pending, running }: Life): number => pending.length + running.length

const statusOf = (life: Life): Record<string, unknown> => ({
  status: { exec_info: { queue_remaining: remaining(life) } },
})

/** The sockets that a message is for: that of the id, or all. */
function receivers(life: Life, to: unknown): Socket[] {
  if (to === null || to === undefined) return [...life.sockets.values()]
  const socket = typeof to === 'string' ? life.sockets.get(to) : undefined
  return socket ? [socket] : []
}

/** Sends a message to one client, or to all of them. One that is not JSON ends the server. */
export function send(life: Life, type: string, data: unknown, to?: unknown): void {
  for (const { ws } of receivers(life, to)) {
    try {
      ws.send(toJson({ type, data }))
    } catch {
      life.crash()
    }
  }
}

export const sendStatus = (life: Life): void => send(life, 'status', statusOf(life))

const bytes = (value: number): Buffer => {
  const four = Buffer.alloc(4)
  four.writeUInt32BE(value)
  return four
}

/** Sends a preview to those who asked for its metadata, or to those who did not. */
function sendPreview(
  life: Life,
  picture: Uint8Array,
  metadata: Record<string, unknown>,
  isWithMetadata: boolean,
): void {
  for (const socket of receivers(life, life.clientId)) {
    if (socket.metadata !== isWithMetadata) continue
    const about = Buffer.from(toJson({ ...metadata, image_type: 'image/jpeg' }))
    const head = isWithMetadata ? [bytes(4), bytes(about.length), about] : [bytes(1), bytes(1)]
    socket.ws.send(Buffer.concat([...head, picture]))
  }
}

/** Tells the clients how far the nodes of a run are. */
export function createProgress(life: Life, prompt_id: string) {
  const nodes = new Map<string, { value: number; max: number; state: string }>()
  const ids = (node: string) => ({
    node_id: node,
    prompt_id,
    display_node_id: node,
    parent_node_id: null,
    real_node_id: node,
  })
  const tell = (node: string, value: number, max: number, state = 'running'): void => {
    nodes.set(node, { value, max, state })
    const shown = [...nodes].map(([node, state]) => [node, { ...state, ...ids(node) }])
    send(life, 'progress_state', { prompt_id, nodes: Object.fromEntries(shown) }, life.clientId)
  }
  return {
    start: (node: string): void => tell(node, 0, 1),
    step(node: string, value: number, max: number, preview?: () => Uint8Array): void {
      tell(node, value, max)
      const picture = preview?.()
      if (picture) sendPreview(life, picture, ids(node), true)
      send(life, 'progress', { value, max, prompt_id, node }, life.clientId)
      if (picture) sendPreview(life, picture, ids(node), false)
    },
    finish(node: string): void {
      const { max } = nodes.get(node) ?? { max: 1 }
      tell(node, max, max, 'finished')
    },
  }
}
