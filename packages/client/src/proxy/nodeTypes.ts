/** What {@link toNodeHandler} needs of a request of Node: an `IncomingMessage`, of HTTP/2 too, and what Express makes of it. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express takes the path that it is mounted at out of `url`. */
  readonly originalUrl?: string | undefined
  /** Express heeds its setting `trust proxy` here. */
  readonly protocol?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly readableDidRead: boolean
  readonly socket: object
  // biome-ignore lint/suspicious/noExplicitAny: as the types of Node have it
  on(event: string, listener: (piece: any) => void): unknown
  pause(): unknown
  resume(): unknown
}

/** What {@link toNodeHandler} needs of a response of Node: a `ServerResponse`, of HTTP/2 too. */
export interface NodeResponse {
  statusCode: number
  readonly destroyed: boolean
  readonly headersSent: boolean
  readonly writableEnded: boolean
  setHeader(name: string, value: string): unknown
  appendHeader(name: string, value: string): unknown
  // In HTTP/2, the types of Node lack it.
  flushHeaders?(): unknown
  write(piece: Uint8Array): boolean
  end(): unknown
  destroy(error?: Error): unknown
  on(event: string, listener: () => void): unknown
}
