import { ArgumentError, NetworkError } from '../errors.ts'
import { addHeaders, keyHeader } from '../internal/headers.ts'
import { addressOf } from '../internal/request.ts'
import { isBrowser, isWorkerd } from '../internal/runtime.ts'
import { reveal } from '../internal/secrets.ts'
import type { Client } from '../types.ts'
import type { Opening, WebSocketClass, WebSocketLike, WebSocketOptions } from './types.ts'

/** Starts one attempt. Throws the errors of the caller's functions and of the runtime's WebSocket. */
export async function openSocket(
  client: Client,
  options: WebSocketOptions,
  signal: AbortSignal,
): Promise<Opening> {
  const { auth = 'auto', protocols } = options
  const { apiKey, headers: own } = reveal(client)
  const { url: given = addressOf(client, '/api/v1/ws') } = options
  // `await` also for a fixed address, so that a caller who closes at once opens no socket.
  const url = readUrl(client, await (typeof given === 'function' ? given() : given))
  const headers: Record<string, string> = {}
  // With 'auto' the key goes to the origin of the base URL only, so never in plain text if the base URL is encrypted.
  const isOurs = url.origin.replace('ws', 'http') === new URL(addressOf(client, '')).origin
  const key = auth !== 'none' && (isOurs || auth !== 'auto') ? apiKey : undefined
  if (auth === 'header' || (isOurs && auth !== 'none')) {
    addHeaders(headers, typeof own === 'function' ? await own() : own, apiKey)
  }
  if (key && auth !== 'query') headers[keyHeader] = key
  const { WebSocket = globalThis.WebSocket ?? (await loadWebSocket()) } = options
  if (!WebSocket) {
    return {
      error: new ArgumentError(
        'This runtime has no WebSocket: npm install isomorphic-ws ws, or pass the option WebSocket',
      ),
    }
  }
  // The caller may have closed the connection meanwhile.
  signal.throwIfAborted()

  const hasHeaders = Object.keys(headers).length > 0
  if (auth === 'query' && key) url.searchParams.set('api_key', key)
  if (hasHeaders && isWorkerd() && !options.WebSocket) {
    return upgrade(client, url, headers, protocols, signal)
  }
  const make = (...rest: unknown[]) => ({ socket: new (WebSocket as WebSocketClass)(url.href, ...rest) })
  if (hasHeaders && (!isBrowser() || options.WebSocket)) {
    try {
      // `ws` takes the headers as third argument, and Node, Deno and Bun as second. Other classes throw and send nothing.
      return 'on' in Object(WebSocket.prototype)
        ? make(protocols ?? [], { headers })
        : make({ headers, ...(protocols && { protocols }) })
    } catch {}
  }
  // The key is put into the URL only in a browser, which allows no other way, or if the caller wants that.
  if ((hasHeaders && auth === 'header') || (headers[keyHeader] && !isBrowser())) {
    return { error: new ArgumentError("auth: this WebSocket can't set headers") }
  }
  if (key) url.searchParams.set('api_key', key)
  try {
    return protocols ? make(protocols) : make()
  } catch (error) {
    throw socketError('could not be made', error)
  }
}

/** Opens a socket on Cloudflare Workers, where only the upgrade of a `fetch` can set headers. */
async function upgrade(
  client: Client,
  url: URL,
  headers: Record<string, string>,
  protocols: WebSocketOptions['protocols'],
  signal: AbortSignal,
): Promise<Opening> {
  const { fetch = globalThis.fetch } = reveal(client)
  let response: Response & { webSocket?: WebSocketLike & { accept(): void } }
  try {
    response = await fetch(url.href.replace('ws', 'http'), {
      method: 'GET',
      redirect: 'manual',
      signal,
      headers: {
        ...headers,
        Upgrade: 'websocket',
        ...(protocols && { 'Sec-WebSocket-Protocol': `${protocols}` }),
      },
    })
  } catch (error) {
    throw socketError('did not open', error)
  }
  const { webSocket: socket, status } = response
  if (socket) {
    socket.accept()
    return { socket, isOpen: true }
  }
  response.body?.cancel().catch(() => {})
  return { error: socketError('did not open', `status ${status}`), status }
}

/** Loads the optional peers. Bundlers would look for them, so the name is one that no minifier can work out. */
async function loadWebSocket(): Promise<WebSocketClass | undefined> {
  const name = `${globalThis.WebSocket ?? 'isomorphic-ws'}`
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)).default
  } catch {
    return undefined
  }
}

/** The address as a URL of a WebSocket. Errors don't show it, because it may hold a key. */
export function readUrl(client: Client, given: unknown): URL {
  try {
    if (typeof given === 'string' || given instanceof URL) {
      const url = new URL(given, addressOf(client, ''))
      url.protocol = url.protocol.replace('http', 'ws')
      // A WebSocket throws for an address with a fragment.
      url.hash = ''
      if (given !== '' && /^wss?:$/.test(url.protocol)) return url
    }
  } catch {}
  throw new ArgumentError('url must be a ws(s) or http(s) URL, or a function that returns one')
}

/** An error with the runtime's reason, unless the reason may show the URL, which may hold a key or a token. */
export function socketError(what: string, why?: unknown): NetworkError {
  const shown = why && !/:\/\/|api_key/.test(`${why}`)
  return new NetworkError(`The WebSocket ${what}${shown ? `: ${why}` : ''}`)
}
