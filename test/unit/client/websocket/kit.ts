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
import type { Clock } from '@sinonjs/fake-timers'
import { WebSocket as NodeWebSocket, type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { assert, suite, type Test } from '#test'
import { assertNoCanary } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeClock, type LogLine, recorder } from '../../../support/fakes.ts'
import { restoreGlobals } from '../../../support/setGlobals.ts'
import { until } from '../../../support/until.ts'

export { NodeWebSocket }

/** What the end of a case ends. */
const begun = { seen: [] as Seen[], servers: [] as Server[], sockets: [] as FakeSocket[] }
let clock: Clock | undefined

/** A suite whose connections, servers, globals and clock end with each case, and leave no timer. */
export function socketSuite(name: string): Test<object> {
  const { random } = Math
  const test = suite<object>(name)
  test.after.each(async () => {
    try {
      for (const { connection } of begun.seen) {
        connection.close()
        assert.equal([connection.connected, connection.send('x')], [false, false])
      }
      for (const socket of begun.sockets) if (socket.readyState !== 3) socket.end()
      await Promise.all(begun.seen.map((seen) => seen.final()))
      assert.is(clock?.countTimers() ?? 0, 0, 'no timer is left')
    } finally {
      clock = void clock?.uninstall()
      Math.random = random
      await Promise.all(begun.servers.map((server) => server.close()))
      for (const list of Object.values(begun)) list.length = 0
      restoreGlobals()
    }
  })
  return test
}

/** A clock that stands still until the case ends. */
export const stopClock = (): Clock => (clock ??= fakeClock())

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
  begun.servers.push(server)
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
  const all = Object.assign(seen, { connection })
  begun.seen.push(all)
  return all
}

export type Fake = Seen & { made: FakeSocket[]; lines: LogLine[]; clock: Clock }

/** A connection by sockets that a case moves, with a clock that stands still. */
export function fake(options: WebSocketOptions = {}, client: Partial<ClientOptions> = {}): Fake {
  const clock = stopClock()
  const logger = recorder()
  const WebSocket = fakeClass()
  const seen = connect(clientFor('http://pod.test', { logger, ...client }), { WebSocket, ...options })
  return Object.assign(seen, { made: WebSocket.made, lines: logger.lines, clock })
}

/** As `fake`, with a first socket that is open. */
export async function opened(options?: WebSocketOptions): Promise<Fake & { socket: FakeSocket }> {
  const seen = fake(options)
  await settle()
  const [socket] = seen.made as [FakeSocket]
  socket.open()
  return Object.assign(seen, { socket })
}

/** An open connection to a server of its own; `socket` is the server's. */
export async function real(
  options?: WebSocketOptions,
): Promise<Seen & { server: Server; socket: ServerSocket }> {
  const server = await serve()
  const seen = connect(clientFor(server.url), options)
  await seen.connection.opened
  await until(() => server.sockets[0]?.readyState === 1)
  return Object.assign(seen, { server, socket: server.sockets[0]! })
}

/** Lets everything happen that needs no time. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A socket without a network: a test says what happens to it. */
export class FakeSocket {
  /** The newest one. */
  static last?: FakeSocket
  readyState: number | undefined = 0
  binaryType = 'blob'
  sent: unknown[] = []
  closed: unknown[][] = []
  #listeners: Record<string, ((event: any) => void)[]> = {}
  constructor(
    readonly url: string,
    readonly args: unknown[] = [],
  ) {
    begun.sockets.push(this)
    FakeSocket.last = this
  }
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
