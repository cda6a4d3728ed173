import type { RunUpdate } from '../../http/types.ts'

/** A WebSocket connection as it is. */
export interface Wire {
  /** `sent` is called when the text has left. */
  send(text: string, sent?: () => void): void
  pong(data: Uint8Array): void
  close(code: number, reason: string): void
  /** Destroys the TCP socket. */
  destroy(): void
}

/** What goes out on a connection. */
export interface Messages {
  deliver(update: RunUpdate): void
  pong(data: Uint8Array): void
  /** Called once, when the connection is over. */
  end(): void
}

/** What may stand between the WebSocket and its wire. */
export interface SocketHooks {
  /** The HTTP status that refuses each handshake, if any. */
  refuse?(): number | undefined
  /** For a handshake that is taken; gives nothing where it has ended the connection. */
  connect?(url: string, headers: Headers, wire: Wire): Messages | undefined
}
