import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Emulator } from '../../types.ts'
import { headersOf } from '../headersOf.ts'
import type { SocketOptions } from './checkSocketOptions.ts'
import { type Connection, createConnection } from './createConnection.ts'
import { handBack } from './handBack.ts'
import { isHandshake } from './isHandshake.ts'

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

/** Adds the emulator's WebSocket to an HTTP server. */
export function serveSockets(server: Server, emulator: Emulator, options: SocketOptions): Sockets {
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_BYTES,
    autoPong: false,
  })
  const connections = new Set<Connection>()
  const unwatch = emulator.watch((update) => {
    for (const connection of [...connections]) connection.push(update)
  })

  server.on('upgrade', (request: IncomingMessage, tcp: Socket, head: Buffer) => {
    // Other protocols and other paths get the answer that they would get without an upgrade.
    if (!isHandshake(request)) return handBack(server, request, tcp, head)
    if (options.refuse) return refuse(tcp, options.refuse)
    const { path, key } = ask(request)
    // The API says what is wrong with the key.
    if (key !== emulator.apiKey) return handBack(server, request, tcp, head, { path, key })
    handshakes.handleUpgrade(request, tcp, head, (socket: WebSocket) => {
      const fault = emulator.sockets.connect(`http://emulator${request.url}`, headersOf(request))
      if (fault === 'socket-closed') return socket.close(1011, 'A fault of the emulator')
      const connection = createConnection(socket, tcp, emulator, options, fault, () => {
        connections.delete(connection)
      })
      connections.add(connection)
      if (options.drop === 0) connection.destroy()
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

/** The header's key comes before that of the query. */
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
