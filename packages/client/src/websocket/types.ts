import { isBoolean, isCount, isFunction, isMs, type Rule, requestRules } from '../internal/options.ts'
import type { PushConnection } from '../types.ts'

/** A WebSocket class: the global class, the class of `ws`, or a similar one. */
// biome-ignore lint/suspicious/noExplicitAny: runtimes differ in what they take after the URL
export type WebSocketClass = new (url: string, ...rest: any[]) => WebSocketLike

/** The part of a WebSocket that the client needs. */
export interface WebSocketLike {
  readonly readyState?: number | undefined
  binaryType?: string
  // biome-ignore lint/suspicious/noExplicitAny: strings and binary; each runtime has types of its own
  send(data: any): void
  close(code?: number, reason?: string): void
  // biome-ignore lint/suspicious/noExplicitAny: runtimes differ in their events
  addEventListener(type: string, listener: (event: any) => void): void
}

/** The result of an attempt to open a socket. */
export interface Opening {
  socket?: WebSocketLike
  /** Whether the socket is already open. */
  isOpen?: boolean
  /** Instead of a socket. After an `ArgumentError` no further attempt can succeed. */
  error?: Error
  /** The HTTP status of a refusal. */
  status?: number
}

/** Why a socket closed. */
export interface CloseInfo {
  /** 1006 if the server sent no close. The HTTP status if the handshake was refused and the runtime shows the status. */
  code: number
  reason: string
  wasClean: boolean
  /** `true`: the connection stays closed. */
  final: boolean
}

/** Options of {@link connectWebSocket}. */
export interface WebSocketOptions {
  /**
   * The address. A function is called for each attempt, for tokens that expire. The function and the handshake may take
   * the client's `timeoutMs`. Default: `/api/v1/ws` at the base URL.
   */
  url?: string | URL | (() => string | URL | Promise<string | URL>) | undefined
  protocols?: string | readonly string[] | undefined
  /**
   * How the key is sent. `'auto'`: in a header, and only to the host of the base URL. A WebSocket of a browser can't set
   * headers, so there the key is in the query. Elsewhere a `WebSocket` that can't set headers is an error, unless `auth` is
   * `'query'`. Default `'auto'`.
   */
  auth?: 'auto' | 'header' | 'query' | 'none' | undefined
  /** The WebSocket class. Default: the global one, or else `isomorphic-ws`, which you install with `ws`. */
  WebSocket?: WebSocketClass | undefined
  /** Called each time the connection opens, also after a reconnect. */
  onOpen?: (() => unknown) | undefined
  /** Called with each message: parsed JSON, a string for other texts, or an ArrayBuffer. */
  // biome-ignore lint/suspicious/noExplicitAny: what the server sends
  onMessage?: ((message: any) => unknown) | undefined
  /** Called for every close, also your own, and for every failed attempt. */
  onClose?: ((info: CloseInfo) => unknown) | undefined
  /** Called for every failure, and with the errors of the other listeners. */
  onError?: ((error: unknown) => unknown) | undefined
  /** Called after a reconnect, with the number of attempts. */
  onReconnect?: ((attempts: number) => unknown) | undefined
  /** Whether another attempt follows after a lost connection or a failed attempt. Default `true`. */
  reconnect?: boolean | undefined
  /** The pause before the first reconnect, in ms. Later pauses grow to about 30 s, unless the first is longer. Default 5000. */
  reconnectInterval?: number | undefined
  /** The limit of reconnects in a row. The count starts again after each open. `Infinity`: no limit. Default 5. */
  maxReconnectAttempts?: number | undefined
  /** A connection that is silent for this time, in ms, is dropped and opened again. Default 300000. */
  idleTimeoutMs?: number | undefined
  /** A message that is sent after half of `idleTimeoutMs` without messages. The server must answer it. Default: none. */
  ping?: unknown
  /** Closes the connection. `opened` rejects with its reason, and iteration throws it. */
  signal?: AbortSignal | undefined
}

/** A connection that reconnects by itself. Iterate over it for its messages. */
// biome-ignore lint/suspicious/noExplicitAny: what the server sends
export interface Connection extends AsyncIterable<any>, PushConnection {
  /** Calls `listener` with each message, and without a message at the end. Returns the function that stops it. */
  listen(listener: (message?: unknown) => void): () => void
  /** Sends strings and binary data unchanged, and other values as JSON. Returns `false` while the connection is not open. */
  send(message: unknown): boolean
  /**
   * Closes the connection for good, after 2 s at the latest. Legal codes are 1000 and 3000 to 4999; for any other code
   * 1000 is sent. A reason of more than 123 bytes is left out.
   */
  close(code?: number, reason?: string): void
  /** Resolves when the connection first opens. Rejects if it never will, without an unhandled rejection. */
  readonly opened: Promise<void>
}

const ways = ['auto', 'header', 'query', 'none']
/** Whether runtimes accept the name of a protocol. */
const isProtocol = (value: unknown) => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value)

export const socketRules: Record<keyof WebSocketOptions, Rule> = {
  url: (value) =>
    typeof value === 'string' || value instanceof URL || isFunction(value) === true || 'a URL or a function',
  protocols: (value) => [value].flat().every(isProtocol) || 'a legal name or an array of them',
  auth: (value) => ways.includes(value) || `one of ${ways}`,
  WebSocket: isFunction,
  onOpen: isFunction,
  onMessage: isFunction,
  onClose: isFunction,
  onError: isFunction,
  onReconnect: isFunction,
  reconnect: isBoolean,
  reconnectInterval: isMs,
  maxReconnectAttempts: (value) => value === Infinity || isCount(value),
  idleTimeoutMs: isMs,
  ping: () => true,
  signal: (value) => requestRules.signal(value),
}
