import type { NodeRequest, NodeResponse } from './nodeTypes.ts'

/** Makes a `Request` of one of Node's; `undefined` if that can't be one. */
export function toRequest(req: NodeRequest, res: NodeResponse, signal: AbortSignal): Request | undefined {
  const { method = 'GET', socket, protocol } = req
  const isSecure = protocol ? protocol === 'https' : 'encrypted' in socket && socket.encrypted
  const host = `${req.headers[':authority'] ?? req.headers.host ?? 'localhost'}`
  // Some proxies send a whole URL. A path of `//other.example/` is a path, and names no other host.
  const path = `${req.originalUrl ?? req.url}`.replace(/^(https?:\/\/[^/?]*)?\/?/i, '')
  try {
    if (!/^[\w.:[\]-]+$/.test(host)) return undefined
    const headers = new Headers()
    for (const [name, values = []] of Object.entries(req.headers)) {
      // HTTP/2 has some of its own, such as `:path`.
      if (!name.startsWith(':')) for (const value of [values].flat()) headers.append(name, value)
    }
    const init: RequestInit = { method, headers, signal }
    // A stream can only be sent so.
    const half = () => ({ ...init, body: bodyOf(req, res), duplex: 'half' }) as RequestInit
    return new Request(
      `http${isSecure ? 's' : ''}://${host}/${path}`,
      /^(GET|HEAD)$/.test(method) ? init : half(),
    )
  } catch {
    return undefined
  }
}

/** The body of a request, which is read no faster than its reader wants. */
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
        // Nobody needs the rest, but the connection goes on after it.
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
