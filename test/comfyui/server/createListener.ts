import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { getFeatures, getSystemStats, postFree, postInterrupt } from './control.ts'
import { getView, postUpload } from './files.ts'
import { getHistory, getHistoryEntry, getJob, getJobs, postHistory } from './history.ts'
import {
  type Context,
  empty,
  isForbidden,
  isLockedOut,
  json,
  noFile,
  type Reply,
  readBody,
  TooBig,
  text,
  trouble,
} from './http.ts'
import { getClass, getObjectInfo } from './nodes/classes.ts'
import { getPrompt, postPrompt } from './prompt.ts'
import { readJson } from './python.ts'
import { getQueue, postCancel, postQueue } from './queue.ts'
import type { Fault, Life } from './types.ts'
import * as userdata from './userdata.ts'

export interface Seen {
  method: string
  /** With its query. */
  path: string
  /** The header `x-cause`: why a test's gateway sent it. */
  cause: string | undefined
}

/** What answers every request that is no handshake of a socket. */
export function createListener(
  life: Life,
  faults: Fault[],
  seen: Seen[],
): RequestListener<typeof IncomingMessage, typeof ServerResponse> {
  return (request, response) => {
    void respond(request, response).catch(() => response.destroy())
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '' } = request
    seen.push({ method, path: target, cause: request.headers['x-cause']?.toString() })
    const url = new URL(target, 'http://localhost')
    const fault = takeFault(faults, method, url.pathname)
    if (isLockedOut(life, request)) return void response.writeHead(401).end('401 Authorization Required')
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
    const { handler, params } = findRoute(life, method, url.pathname)
    const port = request.socket.localPort ?? 0
    return await handler({
      ...{ life, request, url, port, params, readText },
      readJson: async () => readJson(await readText()),
    })
  } catch (error) {
    return error instanceof TooBig ? error.reply : trouble
  }
}

type Handler = (context: Context) => Reply | Promise<Reply>

const routes: readonly (readonly [method: string, path: string, handler: Handler])[] = [
  ['GET', '/prompt', getPrompt],
  ['POST', '/prompt', postPrompt],
  ['GET', '/queue', getQueue],
  ['POST', '/queue', postQueue],
  ['GET', '/history', getHistory],
  ['GET', '/history/*', getHistoryEntry],
  ['POST', '/history', postHistory],
  ['POST', '/interrupt', postInterrupt],
  ['POST', '/free', postFree],
  ['GET', '/object_info', getObjectInfo],
  ['GET', '/object_info/*', getClass],
  ['GET', '/system_stats', getSystemStats],
  ['GET', '/features', getFeatures],
  ['POST', '/upload/image', postUpload],
  ['GET', '/view', getView],
  ['GET', '/userdata', userdata.listUserdata],
  ['GET', '/userdata/*', userdata.getUserdata],
  ['POST', '/userdata/*', userdata.postUserdata],
  ['DELETE', '/userdata/*', userdata.deleteUserdata],
  ['GET', '/v2/userdata', userdata.listUserdataV2],
  ['GET', '/users', userdata.getUsers],
]

const jobRoutes: typeof routes = [
  ['GET', '/api/jobs', getJobs],
  ['GET', '/api/jobs/*', getJob],
]

const newerRoutes = (life: Life): typeof routes => [
  ...(life.version.jobs ? jobRoutes : []),
  ...(life.cancelRoute ? [['POST', '/api/jobs/*/cancel', postCancel] as const] : []),
  ...(Object.keys(life.replacements).length > 0
    ? [['GET', '/node_replacements', () => json(life.replacements)] as const]
    : []),
]

/** The open parts of a path, or `undefined` where it is another one. */
function match(pattern: string, path: string): string[] | undefined {
  const wanted = pattern.split('/')
  const parts = path.split('/')
  if (wanted.length !== parts.length) return undefined
  const open: string[] = []
  for (const [at, part] of wanted.entries()) {
    if (part !== '*' && part !== parts[at]) return undefined
    if (part !== '*') continue
    if (!parts[at]) return undefined
    open.push(decodeURIComponent(parts[at]))
  }
  return open
}

/** What answers a request. Each route is there a second time below `/api`; files of the front end come last. */
function findRoute(
  life: Life,
  method: string,
  path: string,
): { handler: Handler; params: readonly string[] } {
  const paths = path.startsWith('/api/') ? [path, path.slice('/api'.length)] : [path]
  const methods = new Set(['GET', 'HEAD'])
  for (const [held, pattern, handler] of [...routes, ...newerRoutes(life)]) {
    const params = paths.map((candidate) => match(pattern, candidate)).find(Boolean)
    if (!params) continue
    if (held === (method === 'HEAD' ? 'GET' : method)) return { handler, params }
    methods.add(held)
  }
  if (method === 'GET' || method === 'HEAD') return { handler: () => noFile, params: [] }
  const refusal = text(405, '405: Method Not Allowed')
  refusal.headers.Allow = [...methods].sort().join(',')
  return { handler: () => refusal, params: [] }
}

/** Takes the first fault that a request is for. */
function takeFault(faults: Fault[], method: string, path: string): Fault | undefined {
  const target = `${method} ${path.replace(/^\/api(?=\/)/, '')}`
  const fault = faults.find(({ on, times }) => target.startsWith(on) && times !== 0)
  if (fault?.times) fault.times--
  return fault
}

/** Before the request is done: whether it is over with that. */
async function spoilBefore(
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  switch (fault?.do) {
    case 'reset-before':
      request.socket.resetAndDestroy()
      return true
    case 'hang-before':
      return true
    case 'slow':
      await wait(fault.ms ?? 1000)
      return false
    case 'status':
      request.resume()
      response.writeHead(fault.status ?? 500, { 'Content-Type': 'text/plain; charset=utf-8' })
      response.end(`${fault.status ?? 500}: refused`)
      return true
    case 'html':
      request.resume()
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Sign in</title>')
      return true
    case 'nonsense':
      request.resume()
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"prompt_id": ')
      return true
    default:
      return false
  }
}

/** After it is done, instead of the answer: whether it is over with that. */
function spoilAfter(fault: Fault | undefined, request: IncomingMessage): boolean {
  if (fault?.do === 'reset-after') request.socket.resetAndDestroy()
  return fault?.do === 'reset-after' || fault?.do === 'hang-after'
}
