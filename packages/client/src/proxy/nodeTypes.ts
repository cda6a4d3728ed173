/** The part of a Node request that {@link toNodeHandler} needs: an `IncomingMessage`, also of HTTP/2 and Express. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express removes the mount path from `url`. */
  readonly originalUrl?: string | undefined
  /** Express follows its setting `trust proxy` here. */
  readonly protocol?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly readableDidRead: boolean
  readonly socket: object
  // biome-ignore lint/suspicious/noExplicitAny: as the types of Node have it
  on(event: string, listener: (piece: any) => void): unknown
  pause(): unknown
  resume(): unknown
}

/** The part of a Node response that {@link toNodeHandler} needs: a `ServerResponse`, also of HTTP/2. */
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
