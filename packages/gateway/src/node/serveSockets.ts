import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { hasKey, isKey } from '../http/access.ts'
import type { HttpApi } from '../http/types.ts'
import { headersOf } from './answer.ts'
import {
  type Connection,
  createConnection,
  type Messages,
  type SocketHooks,
  type Wire,
} from './createConnection.ts'

/** Subscriptions are short. */
const MOST_BYTES = 65_536

interface Sockets {
  /** How many connections there are. */
  count(): number
  /** Destroys the TCP sockets of all of them. */
  drop(): void
  /** Says goodbye to all of them, and takes no more. */
  close(): void
}

/** Adds the WebSocket of the API to an HTTP server. */
export function serveSockets(server: Server, api: HttpApi, hooks: SocketHooks): Sockets {
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_BYTES,
    autoPong: false,
  })
  const connections = new Set<Connection>()
  const unwatch = api.watch((update) => {
    for (const connection of [...connections]) connection.push(update)
  })

  server.on('upgrade', (request: IncomingMessage, tcp: Socket, head: Buffer) => {
    // Other protocols, other paths and other sites get the answer that they would get without an upgrade.
    if (!isHandshake(request) || api.keepsOut?.({ headers: headersOf(request) }))
      return handBack(server, request, tcp, head)
    const status = hooks.refuse?.()
    if (status) return refuse(tcp, status)
    const { path, key } = ask(request)
    // The API says what is wrong with the key.
    if (!hasKey(api, key)) {
      return handBack(server, request, tcp, head, { path, key })
    }
    handshakes.handleUpgrade(request, tcp, head, (socket: WebSocket) => {
      createConnection(socket, tcp, api, connections, (wire) =>
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

/**
 * Gives a connection that asked for an upgrade back to the HTTP server, as a request that asks for none; optionally
 * with another path, and a key in the header.
 */
function handBack(
  server: Server,
  request: IncomingMessage,
  tcp: Socket,
  head: Buffer,
  change?: { path: string; key: string | null },
): void {
  const lines = [`${request.method} ${change?.path ?? request.url} HTTP/1.1`]
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!
    if (/^(upgrade|http2-settings)$/i.test(name) || (change && /^x-api-key$/i.test(name))) continue
    lines.push(`${name}: ${request.rawHeaders[i + 1]}`)
  }
  // A text that is no valid key has no place in a header as it is.
  if (change?.key) lines.push(`X-API-KEY: ${isKey(change.key) ? change.key : encodeURIComponent(change.key)}`)
  tcp.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', tcp)
}

const PATH = '/api/v1/ws'

/** Whether a request wants to become a WebSocket, at the place where there is one. */
export function isHandshake({ url = '', headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && url.split('?', 1)[0] === PATH
}
