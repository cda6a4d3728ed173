import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { sameText } from '../face/sameText.ts'
import type { Face } from '../http/types.ts'
import { type Connection, createConnection } from './createConnection.ts'
import { headersOf } from './headersOf.ts'
import { handBack } from './socket/handBack.ts'
import { isHandshake } from './socket/isHandshake.ts'
import type { Messages, SocketHooks, Wire } from './socket/types.ts'

/** Subscriptions are short. */
const MOST_BYTES = 65_536

export interface Sockets {
  /** How many connections there are. */
  count(): number
  /** Destroys the TCP sockets of all of them. */
  drop(): void
  /** Says goodbye to all of them, and takes no more. */
  close(): void
}

/** Adds the WebSocket of the API to an HTTP server. */
export function serveSockets(server: Server, face: Face, hooks: SocketHooks): Sockets {
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_BYTES,
    autoPong: false,
  })
  const connections = new Set<Connection>()
  const unwatch = face.watch((update) => {
    for (const connection of [...connections]) connection.push(update)
  })

  server.on('upgrade', (request: IncomingMessage, tcp: Socket, head: Buffer) => {
    // Other protocols, other paths and other sites get the answer that they would get without an upgrade.
    if (!isHandshake(request) || face.keepsOut?.({ headers: headersOf(request) }))
      return handBack(server, request, tcp, head)
    const status = hooks.refuse?.()
    if (status) return refuse(tcp, status)
    const { path, key } = ask(request)
    // The API says what is wrong with the key.
    if (face.apiKey !== null && !(key && sameText(key, face.apiKey))) {
      return handBack(server, request, tcp, head, { path, key })
    }
    handshakes.handleUpgrade(request, tcp, head, (socket: WebSocket) => {
      createConnection(socket, tcp, face, connections, (wire) =>
        hooks.connect ? hooks.connect(`http://socket${request.url}`, headersOf(request), wire) : plain(wire),
      )
    })
  })

  return {
    count: () => connections.size,
    drop() {
      for (const connection of [...connections]) connection.destroy()
    },
    close() {
      unwatch()
      for (const connection of [...connections]) connection.close()
    },
  }
}

function plain(wire: Wire): Messages {
  return {
    deliver: (update) => wire.send(JSON.stringify({ type: 'run_status_update', data: update })),
    pong: (data) => wire.pong(data),
    end() {},
  }
}

/** The key of the header comes before the key of the query. */
function ask({ url = '', headers }: IncomingMessage): { path: string; key: string | null } {
  const header = headers['x-api-key']
  const [path = '', ...query] = url.split('?')
  const given = (Array.isArray(header) ? header.join(', ') : header) || null
  return { path, key: given ?? new URLSearchParams(query.join('?')).get('api_key') }
}

function refuse(tcp: Socket, status: number): void {
  tcp.on('error', () => {})
  const reason = STATUS_CODES[status] ?? 'Refused'
  tcp.write(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  tcp.destroySoon()
}
