// Serves the HTTP API on a port, with its WebSocket and the page to try it.
import { readFileSync } from 'node:fs'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, Server as TcpServer } from 'node:net'
import type { HttpApi } from '../http/types.ts'
import { checkOptions, optional, type Rules } from '../options.ts'
import * as rules from '../rules.ts'
import { sleep } from '../runtime.ts'
import { answer, headersOf } from './answer.ts'
import type { SocketHooks } from './createConnection.ts'
import { isHandshake, serveSockets } from './serveSockets.ts'

/** Options of {@link serve}. */
export interface ServeOptions {
  /** Default: 0, any free port */
  port?: number | undefined
  /** Default: `127.0.0.1` */
  hostname?: string | undefined
  /** Serves files only: no API, no WebSocket, no page. Default: false */
  files?: boolean | undefined
  /** The start of download links, by the host in the request. Default: this server */
  linksTo?: ((host: string) => string) | undefined
  /**
   * The most bytes in a request; a larger one is answered with 413. A gateway may have a limit of its own; the smaller
   * one counts. Default: no other limit
   */
  maxBodyBytes?: number | undefined
  /** Hooks between the WebSocket and its connection. Default: none */
  sockets?: SocketHooks | undefined
}

const OPTIONS: Rules<ServeOptions> = {
  port: optional(rules.port),
  hostname: optional(rules.filledText),
  files: optional(rules.flag),
  linksTo: optional(rules.callback),
  maxBodyBytes: optional(rules.positive),
  sockets: optional(rules.object),
}

/** How long a client may use an idle connection again. */
const IDLE_MS = 5_000
/** How long the head or the body of a request may stand still. */
const STILL_MS = 60_000

/** An API that is served. */
export interface Served {
  /** Such as `http://127.0.0.1:4188`. */
  readonly url: string
  /** The number of WebSocket connections. */
  readonly sockets: number
  /** Destroys the TCP sockets of all WebSocket connections at once, without a goodbye. */
  dropSockets(): void
  /**
   * Takes no new connections, and ends open ones. The API goes on; it has a `close` of its own. `graceMs`: the time for
   * answers that are under way. Idle connections stay for 5 s, as clients were told, and those that wait for news for a
   * second. Default: 0
   */
  close(graceMs?: number): Promise<void>
}

/**
 * Serves the HTTP API on a port of this machine: the API with its WebSocket, and a page to try it.
 *
 * @throws `TypeError` for an unknown or wrong option; an error with Node's `code` and the `port`, if the port can't
 * be used.
 */
export async function serve(api: HttpApi, options: ServeOptions = {}): Promise<Served> {
  checkOptions('serve', options, OPTIONS)
  const { port = 0, hostname = '127.0.0.1', files = false, linksTo, maxBodyBytes } = options
  const isEverywhere = isWildcard(hostname)
  const hostInUrl = isEverywhere ? '127.0.0.1' : hostname.includes(':') ? `[${hostname}]` : hostname

  // Set when the server listens, before the first request.
  let url = ''
  let closed: Promise<void> | undefined
  let isLast = false
  const open = new Map<ServerResponse, { request: IncomingMessage; closing: AbortController }>()
  const listener = await listen(
    (request, response) => {
      const closing = new AbortController()
      open.set(response, { request, closing })
      response.on('close', () => open.delete(response))
      endStillBody(request, response, listener.server.timeout)
      if (isLast) {
        response.setHeader('connection', 'close')
        closing.abort()
      }
      if (!files && servePage(request, response, api)) return
      // On all interfaces, links must lead to the host in the request.
      const host = (isEverywhere && hostOf(request)) || hostInUrl
      void answer(api.handle, request, response, url, {
        filesUrl: linksTo?.(host) ?? url,
        files,
        maxBodyBytes,
        closing: closing.signal,
      })
    },
    port,
    hostname,
    files ? () => false : isHandshake,
  )
  url = `http://${hostInUrl}:${listener.port}`
  if (!files) api.listens?.(linksTo?.(hostInUrl) ?? url)
  const sockets = files ? undefined : serveSockets(listener.server, api, options.sockets ?? {})

  async function stop(server: Server, graceMs: number): Promise<void> {
    const start = Date.now()
    if (graceMs > 0) await acceptWaiting(server, start + graceMs / 2)
    isLast = true
    sockets?.close()
    let hasEnded = false
    // Not the `close` of `http`, which ends idle connections: a request may be on its way in one.
    const ended = new Promise<void>((resolve) => {
      if (graceMs > 0 && server instanceof TcpServer) TcpServer.prototype.close.call(server, () => resolve())
      else server.close(() => resolve())
    }).then(() => {
      hasEnded = true
    })
    for (const [response, { closing }] of open) {
      if (!response.headersSent) response.setHeader('connection', 'close')
      closing.abort()
    }
    // Requests that wait for a run are answered within a turn.
    if (open.size > 0) await turn()
    const since = Date.now()
    for (
      let now = since, workedAt = since;
      !hasEnded && now < Math.min(start + graceMs, workedAt + IDLE_MS);
    ) {
      await sleep(50)
      now = Date.now()
      for (const { request } of open.values()) {
        if (hasWork(request)) workedAt = now
        else if (now >= since + 1_000) request.socket.destroy()
      }
    }
    server.closeAllConnections()
    await ended
  }

  return {
    url,
    get sockets() {
      return sockets?.count() ?? 0
    },
    dropSockets: () => sockets?.drop(),
    close: (graceMs = 0) => (closed ??= stop(listener.server, graceMs)),
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/**
 * Accepts the connections that wait, which the kernel would reset at the close. Node accepts one in each turn of its loop, so
 * under load they wait for seconds.
 */
async function acceptWaiting(server: Server, end: number): Promise<void> {
  let isQuiet = false
  server.on('connection', () => {
    isQuiet = false
  })
  await turn()
  while (!isQuiet && Date.now() < end) {
    isQuiet = true
    await turn()
  }
}

/** Whether a server with this address listens on all interfaces. */
export const isWildcard = (hostname: string): boolean => hostname === '0.0.0.0' || hostname === '::'

function hostOf({ headers: { host = '' } }: IncomingMessage): string | undefined {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : undefined
}

/** The error of a port that can't be used, with Node's `code`. */
export interface ListenError extends Error {
  code?: string
  port?: number
}

function listen(
  listener: RequestListener,
  port: number,
  hostname: string,
  upgrades: (request: IncomingMessage) => boolean,
): Promise<{ server: Server; port: number }> {
  // Node from 24.9 on calls this function. Earlier versions upgrade each request that wants it.
  const options: ServerOptions & { shouldUpgradeCallback: typeof upgrades } = {
    shouldUpgradeCallback: upgrades,
    keepAliveTimeout: IDLE_MS,
    // A body may take hours, but not stand still: `endStillBody`.
    requestTimeout: 0,
    headersTimeout: STILL_MS,
  }
  const server = createServer(options, listener)
  server.timeout = STILL_MS
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE'
      const message = isTaken
        ? `Port ${port} on ${hostname} is already in use`
        : `Can't listen on ${hostname}:${port}: ${cause.message}`
      reject(Object.assign(new Error(message, { cause }), { code: cause.code, port }))
    })
    server.listen(port, hostname, () => resolve({ server, port: (server.address() as AddressInfo).port }))
  })
}

/** Ends a request whose body stands still. An answer may, as one does that waits for a run. */
function endStillBody(request: IncomingMessage, response: ServerResponse, stillMs: number): void {
  const { socket } = request
  response.on('timeout', () => {})
  // Node calls this only as long as the body is not whole.
  request.on('timeout', () => {
    // The reader of the body is slow, not the sender.
    if (request.isPaused() && !response.writableEnded) return void socket.setTimeout(stillMs)
    if (!response.headersSent) socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    socket.destroySoon()
  })
}

/** Whether a request must be answered. One that waits for news can be cut off. */
const hasWork = ({ url = '' }: IncomingMessage): boolean => !/\/(worker\/poll|events)(\?|$)/.test(url)

// The build makes this folder of packages/playground.
const folder = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/playground/' : './playground/',
  import.meta.url,
)

const pageFiles: Record<string, { name: string; type: string }> = {
  '/': { name: 'index.html', type: 'text/html' },
  '/main.js': { name: 'main.js', type: 'text/javascript' },
  '/main.css': { name: 'main.css', type: 'text/css' },
  '/LICENSES.txt': { name: 'LICENSES.txt', type: 'text/plain' },
}

const PAGE_HEADERS = {
  // Otherwise a browser would show the page of an earlier version.
  'cache-control': 'no-cache',
  // A site that frames the page could make its visitors start runs by a click.
  'x-frame-options': 'DENY',
  'content-security-policy': "frame-ancestors 'none'",
}

/** The key that the page tries by itself. */
const demoKey = 'fsk_local_demo_key'

/** Answers a request for the playground at `/`, or for its files. Gives false for any other request. */
function servePage(
  request: IncomingMessage,
  response: ServerResponse,
  { apiKey, keepsOut }: HttpApi,
): boolean {
  const { method, url = '' } = request
  const [path = ''] = url.split('?')
  const file = Object.hasOwn(pageFiles, path) ? pageFiles[path] : undefined
  if (!file || (method !== 'GET' && method !== 'HEAD')) return false
  // The API refuses it.
  if (keepsOut?.({ headers: headersOf(request) })) return false
  let text: string
  try {
    text = readFileSync(new URL(file.name, folder), 'utf8')
  } catch {
    return false
  }
  // By this mark the page asks the user for the key before its first request.
  const needsKey = path === '/' && apiKey !== null && apiKey !== demoKey
  if (needsKey) text = text.replace('<html ', '<html data-needs-key ')
  response.writeHead(200, { 'content-type': `${file.type}; charset=utf-8`, ...PAGE_HEADERS })
  response.end(method === 'GET' ? text : undefined)
  return true
}
