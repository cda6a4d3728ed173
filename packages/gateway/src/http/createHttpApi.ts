import { sameText } from './access.ts'
import { answerError, brokenBy, failure } from './answers.ts'
import { serveFile } from './links.ts'
import { checkHealth, getQueue, getWorkflows } from './routes/comfy.ts'
import { connectEvents } from './routes/events.ts'
import { cancelRun, executeWorkflow, getOutput, getRun, getRuns } from './routes/runs.ts'
import { runUpdate } from './runJson.ts'
import type {
  ApiOperation,
  ApiRequest,
  Dialect,
  HttpApi,
  HttpApiOptions,
  Operation,
  RunningApi,
  Where,
} from './types.ts'

/** Puts the API in front of an engine. `close` ends the streams of events; the engine has a `close` of its own. */
export function createHttpApi(options: HttpApiOptions): HttpApi & { close(): void } {
  const { engine, dialect, apiKey } = options
  const streams: RunningApi['streams'] = { ends: new Set(), closed: false }
  return {
    apiKey,
    handle: createHandler({ ...options, streams }),
    watch: (listener) => engine.watch?.((run) => listener(runUpdate(dialect, run))) ?? (() => {}),
    async stateOf(runId) {
      const run = await engine.getRun(runId)
      return run ? runUpdate(dialect, run) : null
    },
    follow: engine.follow && ((runId) => engine.follow!(runId)),
    close() {
      streams.closed = true
      for (const end of streams.ends) end()
    },
  }
}

function createHandler(api: RunningApi): HttpApi['handle'] {
  const routes = routesOf(api.dialect)
  return async (request, where) => {
    const requestId = api.makeRequestId()
    const response = preflight(request) ?? (await answer(api, routes, request, where, requestId))
    response.headers.set('x-request-id', requestId)
    allowOrigins(response.headers)
    return response
  }
}

async function answer(
  api: RunningApi,
  routes: readonly Route[],
  request: Request,
  where: Where,
  requestId: string,
): Promise<Response> {
  function failed(error: unknown): Response {
    // Nobody waits for the answer to an aborted request; for a caller of handle it is the reason that counts.
    if (request.signal.aborted) throw request.signal.reason
    if (brokenBy(error)) throw error
    return answerError(api, error)
  }

  const { pathname, search, searchParams } = new URL(request.url)
  const filesUrl = where.filesUrl.replace(/\/+$/, '')
  const isFile = where.files || (api.oneOrigin && pathname.startsWith('/generations/'))
  const fitting = isFile ? [] : routes.filter(({ path }) => path.test(pathname))
  const route = fitting.find(({ method }) => method === request.method)

  async function serveApi(): Promise<Response> {
    if (fitting.length === 0) return failure(api.dialect, 404, 'Not Found')
    if (!route) {
      const refusal = failure(api.dialect, 405, 'Method Not Allowed')
      refusal.headers.set('allow', [...new Set(fitting.map(({ method }) => method))].join(', '))
      return refusal
    }
    const key = request.headers.get('x-api-key')
    if (api.apiKey !== null) {
      if (!key) return failure(api.dialect, 401, 'Missing API key: send it in the X-API-KEY header')
      if (!sameText(key, api.apiKey)) return failure(api.dialect, 403, 'Invalid API key')
    }
    const id = decode(route.path.exec(pathname)?.[1] ?? '')
    if (id === null) return failure(api.dialect, 404, 'Not Found')
    const maxBodyBytes = where.maxBodyBytes ?? Number.POSITIVE_INFINITY
    return await route.answer({
      api,
      request,
      query: searchParams,
      id,
      filesUrl,
      maxBodyBytes,
      requestId,
    })
  }

  const perform = (): Promise<Response> =>
    (isFile ? serveFile(api, request, where) : serveApi()).catch(failed)
  const operation: Operation | undefined = isFile ? 'downloadOutput' : route?.operation
  if (!operation || !api.around) return await perform()
  const target = isFile ? pathname : pathname + search
  return await api.around(operation, target, { request, filesUrl, perform }).catch(failed)
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  /** Nothing stands around a route without one. */
  readonly operation?: ApiOperation
  answer(call: ApiRequest): Response | Promise<Response>
}

/** The first route that fits is taken. */
function routesOf(dialect: Dialect): readonly Route[] {
  const all: Route[] = [
    { method: 'GET', path: /^\/api\/v1\/comfy\/health$/, operation: 'checkHealth', answer: checkHealth },
    { method: 'GET', path: /^\/api\/v1\/comfy\/queue$/, operation: 'getQueue', answer: getQueue },
    { method: 'POST', path: /^\/api\/v1\/runs$/, operation: 'executeWorkflow', answer: executeWorkflow },
    { method: 'GET', path: /^\/api\/v1\/runs$/, operation: 'getRuns', answer: getRuns },
    { method: 'GET', path: /^\/api\/v1\/runs\/output$/, operation: 'getOutput', answer: getOutput },
    { method: 'GET', path: /^\/api\/v1\/runs\/([^/]+)$/, operation: 'getRun', answer: getRun },
    { method: 'GET', path: /^\/api\/v1\/ws$/, answer: upgradeRequired },
  ]
  if (dialect === 'openapi') return all
  return [
    ...all,
    { method: 'GET', path: /^\/api\/v1\/comfy\/workflows$/, operation: 'getWorkflows', answer: getWorkflows },
    { method: 'POST', path: /^\/api\/v1\/runs\/([^/]+)\/cancel$/, operation: 'cancelRun', answer: cancelRun },
    {
      method: 'GET',
      path: /^\/api\/v1\/runs\/([^/]+)\/events$/,
      operation: 'connectEvents',
      answer: connectEvents,
    },
  ]
}

/** The answer to a browser's preflight, or `null` for any other request. */
export function preflight(request: Request): Response | null {
  if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return null
  const headers = new Headers({
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-max-age': '600',
    vary: 'Access-Control-Request-Headers',
  })
  // Echoed, since `*` does not cover Authorization.
  const asked = request.headers.get('access-control-request-headers')
  if (asked) headers.set('access-control-allow-headers', asked)
  return new Response(null, { status: 204, headers })
}

function allowOrigins(headers: Headers): void {
  headers.set('access-control-allow-origin', '*')
  headers.set('access-control-expose-headers', 'x-request-id, retry-after')
}

/** Answers a request to the WebSocket's address that is no handshake. The server answers the handshakes. */
function upgradeRequired({ api }: ApiRequest): Response {
  const answer = failure(api.dialect, 426, 'Upgrade Required: this address speaks WebSocket')
  answer.headers.set('upgrade', 'websocket')
  return answer
}
