import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readJson } from '../python/readJson.ts'
import type { Fault, Life } from '../types.ts'
import { spoilAfter, spoilBefore, takeFault } from './applyFault.ts'
import { isForbidden } from './isForbidden.ts'
import { readBody, TooBig } from './readBody.ts'
import { empty, type Reply, trouble } from './replies.ts'
import { findRoute } from './routes.ts'

export interface Seen {
  method: string
  /** With its query. */
  path: string
  /** The header `x-cause`: why a test's gateway sent it. */
  cause: string | undefined
}

/** What answers every request that is no handshake of a socket. */
export function createListener(
  getLife: () => Life,
  faults: Fault[],
  seen: Seen[],
): RequestListener<typeof IncomingMessage, typeof ServerResponse> {
  return (request, response) => {
    void respond(getLife(), request, response).catch(() => response.destroy())
  }

  async function respond(life: Life, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '' } = request
    seen.push({ method, path: target, cause: request.headers['x-cause']?.toString() })
    const url = new URL(target, 'http://localhost')
    const fault = takeFault(faults, method, url.pathname)
    if (await spoilBefore(fault, request, response)) return
    const reply = await replyTo(life, request, url)
    if (life.end.signal.aborted || spoilAfter(fault, request)) return
    response.writeHead(reply.status, {
      ...life.version.headers,
      ...corsOf(life),
      ...lengthOf(reply),
      ...reply.headers,
    })
    if (reply.body instanceof Readable && method !== 'HEAD') await pipeline(reply.body, response)
    else if (reply.body instanceof Readable) response.end()
    else response.end(reply.body)
  }
}

const lengthOf = ({ status, headers, body }: Reply): Record<string, string> =>
  body instanceof Readable || status === 204 || status === 304 || 'Transfer-Encoding' in headers
    ? {}
    : { 'Content-Length': String(body === undefined ? 0 : Buffer.byteLength(body)) }

function corsOf({ corsOrigin, version }: Life): Record<string, string> {
  if (corsOrigin === undefined) return {}
  return {
    'Access-Control-Allow-Origin': corsOrigin,
    'Access-Control-Allow-Methods': version.corsMethods,
    'Access-Control-Allow-Headers': 'Content-Type, Authorization',
    'Access-Control-Allow-Credentials': 'true',
  }
}

async function replyTo(life: Life, request: IncomingMessage, url: URL): Promise<Reply> {
  const { method = '' } = request
  if (life.corsOrigin === undefined && isForbidden(request)) return empty(403)
  if (method === 'OPTIONS') return empty()
  let read: Promise<Buffer> | undefined
  const readText = async (): Promise<string> => {
    read ??= readBody(request, life.maxUploadBytes)
    return (await read).toString()
  }
  try {
    const { handler, params } = findRoute(life.version, method, url.pathname)
    const port = request.socket.localPort ?? 0
    return await handler({
      ...{ life, request, url, port, params, readText },
      readJson: async () => readJson(await readText()),
    })
  } catch (error) {
    return error instanceof TooBig ? error.reply : trouble
  }
}
