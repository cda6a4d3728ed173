// Adds the WebSocket of the API to a server of node:http.
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Caller } from '../engine.ts'
import { createKeys, isKey, keyOf } from '../http/access.ts'
import { operations } from '../http/operations.ts'
import type { HttpApi } from '../http/types.ts'
import { headersOf } from './answer.ts'
import {
  type Connection,
  createConnection,
  type Messages,
  type SocketHooks,
  type Wire,
} from './createConnection.ts'

/** Clients send subscriptions, which are short. */
const MOST_BYTES = 65_536

export function serveSockets(server: Server, api: HttpApi, hooks: SocketHooks) {
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_BYTES,
    autoPong: false,
  })
  const connections = new Set<Connection>()
  let isClosed = false
  const { callerOf = createKeys(api.apiKey).callerOf } = api
  const unwatch = api.watch((update, owner) => {
    for (const connection of [...connections]) connection.push(update, owner)
  })

  server.on('upgrade', (request: IncomingMessage, tcp: Socket, head: Buffer) => {
    // Other protocols, paths and sites get the answer of a request without an upgrade.
    if (!isHandshake(request) || api.keepsOut?.({ headers: headersOf(request) }))
      return handBack(server, request, tcp, head)
    const status = isClosed ? 503 : hooks.refuse?.()
    if (status) return refuse(tcp, status)
    const { path, key } = credentialsOf(request)
    const caller = callerOf(key)
    const next = (found: Caller | undefined): void => {
      // The API answers with the fault of the key, or with the right version. `ws` would also take version 8.
      if (!found || request.headers['sec-websocket-version'] !== '13')
        handBack(server, request, tcp, head, { path, key })
      else connect(request, tcp, head, found)
    }
    if (!(caller instanceof Promise)) return next(caller)
    const onError = (): void => {}
    tcp.on('error', onError)
    void caller.then((found) => {
      tcp.off('error', onError)
      if (isClosed) refuse(tcp, 503)
      else if (!tcp.destroyed) next(found)
    })
  })

  function connect(request: IncomingMessage, tcp: Socket, head: Buffer, caller: Caller): void {
    handshakes.handleUpgrade(request, tcp, head, (socket: WebSocket) => {
      createConnection(socket, tcp, api, caller, connections, (wire) =>
        hooks.connect ? hooks.connect(`http://socket${request.url}`, headersOf(request), wire) : plain(wire),
      )
    })
  }

  return {
    count: (): number => connections.size,
    drop(): void {
      for (const connection of [...connections]) connection.destroy()
    },
    /** Says goodbye to all clients, takes no new ones, and sends no more changes. */
    close(): void {
      isClosed = true
      unwatch()
      for (const connection of [...connections]) connection.close()
    },
  }
}

/** Whether a request asks for a WebSocket at its path. */
export function isHandshake({ url = '', headers }: IncomingMessage): boolean {
  return (
    headers.upgrade?.toLowerCase() === 'websocket' &&
    url.split('?', 1)[0] === operations.connectWebSocket.path
  )
}

/** The path without the key, and the key. An `Authorization` comes last: it may be for a server between. */
function credentialsOf(request: IncomingMessage): { path: string; key: string | null } {
  const [path = '', ...query] = (request.url ?? '').split('?')
  const headers = headersOf(request)
  const inQuery = new URLSearchParams(query.join('?')).get('api_key')
  return { path, key: headers.get('x-api-key') || inQuery || keyOf({ headers }) }
}

function plain(wire: Wire): Messages {
  return {
    deliver: (update) => wire.send(JSON.stringify({ type: 'run_status_update', data: update })),
    pong: (data) => wire.pong(data),
    end() {},
  }
}

function refuse(tcp: Socket, status: number): void {
  tcp.on('error', () => {})
  const reason = STATUS_CODES[status] ?? 'Refused'
  tcp.write(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  tcp.destroySoon()
}

/**
 * Gives a connection that asked for an upgrade back to the HTTP server, as a request without an upgrade. `change` gives
 * the request another path, and the key in a header.
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
  // A text that can't be a key could break the header.
  if (change?.key) lines.push(`X-API-KEY: ${isKey(change.key) ? change.key : encodeURIComponent(change.key)}`)
  tcp.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', tcp)
}
