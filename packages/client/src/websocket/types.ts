import type { PushConnection } from '../types.ts'

/** A WebSocket class: the global one, that of `ws`, or any like them. */
// biome-ignore lint/suspicious/noExplicitAny: runtimes differ in what they take after the URL
export type WebSocketClass = new (url: string, ...rest: any[]) => WebSocketLike

/** The part of a WebSocket that is used. */
export interface WebSocketLike {
  readonly readyState?: number | undefined
  binaryType?: string
  // biome-ignore lint/suspicious/noExplicitAny: strings and binary; each runtime has types of its own
  send(data: any): void
  close(code?: number, reason?: string): void
  // biome-ignore lint/suspicious/noExplicitAny: runtimes differ in their events
  addEventListener(type: string, listener: (event: any) => void): void
}

/** What came of one attempt to open a socket. */
export interface Opening {
  socket?: WebSocketLike
  /** Whether it is open already. */
  isOpen?: boolean
  /** Instead of a socket. An `ArgumentError` says that no further attempt can do better. */
  error?: Error
  /** The HTTP status of a refusal. */
  status?: number
}

/** Why a socket closed. */
export interface CloseInfo {
  /** 1006 without a close of the other side; the HTTP status of a refused handshake, where the runtime shows it. */
  code: number
  reason: string
  wasClean: boolean
  /** Whether that was the end: no further attempt is made. */
  final: boolean
}

/** Options of {@link connectWebSocket}. */
export interface WebSocketOptions {
  /**
   * Default: `/api/v1/ws` at the base URL. A function is called for each attempt (for short-lived tokens). It and
   * the handshake may take the client's `timeoutMs`.
   */
  url?: string | URL | (() => string | URL | Promise<string | URL>) | undefined
  protocols?: string | readonly string[] | undefined
  /**
   * How the key is sent. `'auto'`: in a header; in browsers, whose WebSocket can't set one, in the query; not to another
   * host than that of the base URL. A `WebSocket` that takes no headers is an error outside of browsers, unless this is
   * `'query'`. Default `'auto'`.
   */
  auth?: 'auto' | 'header' | 'query' | 'none' | undefined
  /** Default: the global one, else `isomorphic-ws`, which has to be installed with `ws`. */
  WebSocket?: WebSocketClass | undefined
  /** Called at each open, the first one and those after a reconnect. */
  onOpen?: (() => unknown) | undefined
  /** JSON is parsed; other text comes as a string, binary as an ArrayBuffer. */
  // biome-ignore lint/suspicious/noExplicitAny: what the server sends
  onMessage?: ((message: any) => unknown) | undefined
  /** Called for every close, your own too. */
  onClose?: ((info: CloseInfo) => unknown) | undefined
  /** Called for every failure, and with what another listener throws. */
  onError?: ((error: unknown) => unknown) | undefined
  /** Called after an open that was not the first, with the number of attempts that it took. */
  onReconnect?: ((attempts: number) => unknown) | undefined
  /** Default `true`. */
  reconnect?: boolean | undefined
  /** Pause before the first attempt to reconnect, in ms; it grows, with jitter, to about 30 s or this. Default 5000. */
  reconnectInterval?: number | undefined
  /** Counted anew after each open; `Infinity` for no limit. Default 5. */
  maxReconnectAttempts?: number | undefined
  /** A connection that was silent for so long, in ms, is dropped and made anew. Default 300000. */
  idleTimeoutMs?: number | undefined
  /** Sent, as by `send`, when half of `idleTimeoutMs` was silent, for servers that answer one. Default: none. */
  ping?: unknown
  /** Closes the connection; its reason is what `opened` rejects with and what iteration throws. */
  signal?: AbortSignal | undefined
}

/** A connection that looks after itself. Iterate over it for its messages. */
// biome-ignore lint/suspicious/noExplicitAny: what the server sends
export interface Connection extends AsyncIterable<any>, PushConnection {
  /** Calls `listener` with each message, and without one at the end. Gives the function that stops that. */
  listen(listener: (message?: unknown) => void): () => void
  /** Sends strings and binary as they are, all else as JSON. `false`, never an error, while it is not open. */
  send(message: unknown): boolean
  /**
   * Ends it for good, at the latest after 2 s. Codes are 1000 (also sent for an illegal one) and 3000 to 4999; a
   * reason of more than 123 bytes is left out.
   */
  close(code?: number, reason?: string): void
  /** Resolves at the first open, rejects if there is none to come; it never makes an unhandled rejection. */
  readonly opened: Promise<void>
}
