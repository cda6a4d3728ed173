import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import type { Client, ClientOptions } from '@flowscale/client'
import {
  type CloseInfo,
  type Connection,
  connectWebSocket,
  type WebSocketClass,
  type WebSocketOptions,
} from '@flowscale/client/websocket'
import { WebSocket as NodeWebSocket, type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { assertNoCanary } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { recorder } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'

export { NodeWebSocket }

export interface Server {
  /** `http://127.0.0.1:<port>`. */
  url: string
  port: number
  /** Those connected, in order, closed ones too. */
  sockets: ServerSocket[]
  requests: IncomingMessage[]
  /** What came from all sockets: text, or binary as a Buffer. */
  received: (string | Buffer)[]
  /** Handshakes get this status; `undefined` accepts. */
  refuse?: number | undefined
  close(): Promise<void>
}

/** A real server; `greet` is called for each connection. */
export async function serve(
  greet?: (socket: ServerSocket, request: IncomingMessage) => void,
): Promise<Server> {
  const wss = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    verifyClient: ({ req }, done) => {
      server.requests.push(req)
      done(!server.refuse, server.refuse)
    },
  })
  await once(wss, 'listening')
  const { port } = wss.address() as AddressInfo
  const server: Server = {
    url: `http://127.0.0.1:${port}`,
    port,
    sockets: [],
    requests: [],
    received: [],
    async close() {
      for (const socket of wss.clients) socket.terminate()
      await new Promise((resolve) => wss.close(resolve))
    },
  }
  wss.on('connection', (socket, request) => {
    server.sockets.push(socket)
    socket.on('error', () => {})
    socket.on('message', (data, isBinary) => {
      server.received.push(isBinary ? (data as Buffer) : `${data}`)
    })
    greet?.(socket, request)
  })
  return server
}

/** A client with the canary key and a logger that looks for it. */
export const clientFor = (baseUrl: string, options: Partial<ClientOptions> = {}): Client =>
  clientWith(undefined, { baseUrl, logger: recorder(), ...options })

export interface Seen {
  connection: Connection
  messages: any[]
  errors: any[]
  closes: CloseInfo[]
  opens: number
  /** What `onReconnect` was called with. */
  reconnects: number[]
  /** In the order in which the listeners were called. */
  order: string[]
  /** The last close. */
  final(): Promise<CloseInfo>
}

/** A connection, and what its listeners were told; all of it looked through for the key. */
export function connect(client: Client, options: WebSocketOptions = {}): Seen {
  const seen: Omit<Seen, 'connection'> = {
    messages: [],
    errors: [],
    closes: [],
    opens: 0,
    reconnects: [],
    order: [],
    async final() {
      await until(() => seen.closes.at(-1)?.final === true)
      assertNoCanary(inspect(connection, { depth: 8, showHidden: true }), 'the connection')
      return seen.closes.at(-1)!
    },
  }
  const connection = connectWebSocket(client, {
    ...options,
    onOpen() {
      seen.opens++
      seen.order.push('open')
      return options.onOpen?.()
    },
    onMessage(message) {
      seen.messages.push(message)
      seen.order.push('message')
      return options.onMessage?.(message)
    },
    onClose(info) {
      assertNoCanary(info, 'a close')
      seen.closes.push(info)
      seen.order.push(info.final ? 'final' : 'close')
      return options.onClose?.(info)
    },
    onError(error) {
      assertNoCanary(error, 'an error')
      seen.errors.push(error)
      seen.order.push('error')
      return options.onError?.(error)
    },
    onReconnect(attempts) {
      seen.reconnects.push(attempts)
      seen.order.push('reconnect')
      return options.onReconnect?.(attempts)
    },
  })
  assertNoCanary(inspect(connection, { depth: 8, showHidden: true }), 'the connection')
  return Object.assign(seen, { connection })
}

/** Lets everything happen that needs no time. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A socket without a network: a test says what happens to it. */
export class FakeSocket {
  readyState: number | undefined = 0
  binaryType = 'blob'
  sent: unknown[] = []
  closed: unknown[][] = []
  #listeners: Record<string, ((event: any) => void)[]> = {}
  constructor(
    readonly url: string,
    readonly args: unknown[] = [],
  ) {}
  addEventListener(type: string, listener: (event: any) => void): void {
    this.#listeners[type] = [...(this.#listeners[type] ?? []), listener]
  }
  emit(type: string, event: object = {}): void {
    for (const listener of this.#listeners[type] ?? []) listener({ type, ...event })
  }
  open(): void {
    this.readyState = 1
    this.emit('open')
  }
  send(data: unknown): void {
    this.sent.push(data)
  }
  close(...args: unknown[]): void {
    this.closed.push(args)
    this.readyState = 2
  }
  /** The end, as the other side or the network makes it. */
  end(event: object = {}): void {
    this.readyState = 3
    this.emit('close', { code: 1006, reason: '', wasClean: false, ...event })
  }
}

export interface FakeClass extends WebSocketClass {
  made: FakeSocket[]
}

/** A WebSocket class whose sockets do nothing of their own; `check` may throw, as a constructor. */
export function fakeClass(check?: (url: string, ...rest: any[]) => void): FakeClass {
  const made: FakeSocket[] = []
  class Fake extends FakeSocket {
    static made = made
    constructor(url: string, ...rest: unknown[]) {
      check?.(url, ...rest)
      super(url, rest)
      made.push(this)
    }
  }
  return Fake
}

/** Throws as browsers and workerd do for what is neither a protocol nor an array of them. */
export function browserCheck(url: string, protocols: unknown = []): void {
  if (typeof protocols !== 'string' && !Array.isArray(protocols)) {
    throw new SyntaxError(
      `Failed to construct 'WebSocket' (${url}): The subprotocol '[object Object]' is invalid.`,
    )
  }
}

/** Sets globals for the time of `run`. */
export async function withGlobals<T>(globals: Record<string, unknown>, run: () => Promise<T>): Promise<T> {
  const before = Object.keys(globals).map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  )
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  try {
    return await run()
  } finally {
    for (const [name, descriptor] of before) {
      delete (globalThis as any)[name]
      if (descriptor) Object.defineProperty(globalThis, name, descriptor)
    }
  }
}
