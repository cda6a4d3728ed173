import { ArgumentError } from '../errors.ts'
import { check, isFunction } from '../internal/options.ts'
import { refuse } from './routes.ts'

/** The part of a Node request that {@link toNodeHandler} needs: an `IncomingMessage`, also of HTTP/2 and Express. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** The whole path on Express, which removes the mount path from `url`. */
  readonly originalUrl?: string | undefined
  /** The protocol on Express, by its setting `trust proxy`. */
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
  // Node's types for HTTP/2 lack this method.
  flushHeaders?(): unknown
  write(piece: Uint8Array): boolean
  end(): unknown
  destroy(error?: Error): unknown
  on(event: string, listener: () => void): unknown
}

/**
 * Makes a handler for Express, Connect and `node:http` from a handler of a `Request`, such as {@link createProxyHandler}
 * makes it. Uploads and events stream, no faster than they are read. When the caller leaves, `request.signal` is aborted
 * and the body of the answer is cancelled.
 *
 * Mount it before `express.json()`, multer and other body parsers. Where Express mounts it at a path, `request.url` has
 * the whole path: give that path to `createProxyHandler` as `basePath`. The host comes from the header `Host`.
 *
 * @returns `(req, res, next?) => Promise<void>`, which never rejects. It hands to `next` what the handler throws, and an
 * {@link ArgumentError} if the body was read before. Without `next` it writes the error to the console, and answers with
 * 500. A request whose address or headers are malformed is answered with 400. An answer that breaks off ends the connection.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if `handler` is not a function.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 *
 * const authorize = (request: Request) =>
 *   request.headers.get('cookie') === 'session=of-ada' && { groupId: 'user-ada' }
 * const proxy = toNodeHandler(createProxyHandler(client, { basePath: '/api/flowscale', authorize }))
 * // In Express: app.use('/api/flowscale', proxy)
 * const server = createServer(proxy).listen(3000, '127.0.0.1')
 * ```
 */
export function toNodeHandler(
  handler: (request: Request) => Response | Promise<Response>,
): (req: NodeRequest, res: NodeResponse, next?: (error?: unknown) => void) => Promise<void> {
  check('handler', handler, isFunction)
  return async (req, res, next) => {
    if (res.destroyed) return
    const left = new AbortController()
    let request: Request | undefined
    res.on('close', () => {
      // The condition keeps the request alive. Node never aborts the signal of a request that was collected as garbage.
      if (request && !res.writableEnded) left.abort()
    })
    try {
      request = toRequest(req, res, left.signal)
      if (request?.body && req.readableDidRead) {
        throw new ArgumentError(
          'The body was read before the proxy: mount the proxy before express.json(), multer and other body parsers',
        )
      }
      await send(request ? await handler(request) : refuse(400, 'Bad Request'), req, res, left.signal)
    } catch (error) {
      if (left.signal.aborted) return
      // The beginning of the answer was sent, so only a broken connection can show that the rest is missing.
      if (res.headersSent) return void res.destroy(error as Error)
      if (next) return next(error)
      console.error(error)
      res.statusCode = 500
      res.end()
    }
  }
}

async function send(
  { body, headers, status }: Response,
  { method }: NodeRequest,
  res: NodeResponse,
  left: AbortSignal,
): Promise<void> {
  const reader = body?.getReader()
  let resume = () => {}
  const stop = () => {
    reader?.cancel().catch(() => {})
    resume()
  }
  left.addEventListener('abort', stop)
  res.on('drain', () => resume())
  try {
    if (left.aborted) return
    res.statusCode = status
    for (const [name, value] of headers) {
      if (name === 'set-cookie') res.appendHeader(name, value)
      else res.setHeader(name, value)
    }
    // The first event may come much later than the headers.
    res.flushHeaders?.()
    if (method === 'HEAD') stop()
    for (;;) {
      const piece = await reader?.read()
      if (left.aborted) return
      if (!piece || piece.done) break
      if (!res.write(piece.value)) {
        await new Promise<void>((resolve) => {
          resume = resolve
        })
      }
    }
    res.end()
  } finally {
    stop()
  }
}

/** A Node request as a `Request`. `undefined` if its address or headers are malformed. */
function toRequest(req: NodeRequest, res: NodeResponse, signal: AbortSignal): Request | undefined {
  const { method = 'GET', socket, protocol } = req
  const isSecure = protocol ? protocol === 'https' : 'encrypted' in socket && socket.encrypted
  const host = `${req.headers[':authority'] ?? req.headers.host ?? 'localhost'}`
  // Some proxies send a whole URL. The path `//other.example/` stays a path, and must not become a host.
  const path = `${req.originalUrl ?? req.url}`.replace(/^(https?:\/\/[^/?]*)?\/?/i, '')
  try {
    if (!/^[\w.:[\]-]+$/.test(host)) return undefined
    const headers = new Headers()
    for (const [name, values = []] of Object.entries(req.headers)) {
      // HTTP/2 has headers of its own, such as `:path`.
      if (!name.startsWith(':')) for (const value of [values].flat()) headers.append(name, value)
    }
    const init: RequestInit = { method, headers, signal }
    // `fetch` takes a stream only with `duplex`.
    const half = () => ({ ...init, body: bodyOf(req, res), duplex: 'half' }) as RequestInit
    return new Request(
      `http${isSecure ? 's' : ''}://${host}/${path}`,
      /^(GET|HEAD)$/.test(method) ? init : half(),
    )
  } catch {
    return undefined
  }
}

/** The body of a Node request, which is read no faster than the handler reads the body. */
function bodyOf(req: NodeRequest, res: NodeResponse): ReadableStream<Uint8Array> {
  let isOver = false
  const once = (end: () => void) => () => {
    if (!isOver) end()
    isOver = true
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        req.on('data', (piece: Uint8Array) => {
          if (isOver) return
          req.pause()
          controller.enqueue(piece)
        })
        req.on(
          'end',
          once(() => controller.close()),
        )
        const fail = once(() => controller.error(new Error('The caller left during the upload')))
        req.on('close', fail)
        // After the answer nobody needs the rest of the body. It must be read, because the next request on the connection follows it.
        res.on('finish', () => {
          fail()
          req.resume()
        })
      },
      pull: () => void req.resume(),
      cancel() {
        isOver = true
      },
    },
    { highWaterMark: 0 },
  )
}
