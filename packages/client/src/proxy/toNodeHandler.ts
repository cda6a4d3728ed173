import { ArgumentError } from '../errors.ts'
import { check, isFunction } from '../internal/options.ts'
import type { NodeRequest, NodeResponse } from './nodeTypes.ts'
import { refuse } from './refuse.ts'
import { toRequest } from './toRequest.ts'

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
      // Names the request to hold it: in Node, the signal of one that is collected is never aborted.
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
      // What was sent can't be taken back: the caller must see that it is not whole.
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
    // The first event may be long in coming.
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
