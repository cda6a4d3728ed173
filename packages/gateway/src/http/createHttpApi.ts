// The HTTP API of an engine: keys, routes, CORS and errors.
import { type Caller, EngineError, maySee, type Run } from '../engine.ts'
import { createKeys, isFromElsewhere, keyOf, sameText } from './access.ts'
import { answerError, brokenBy, failure, json, refuseKey } from './answers.ts'
import { getDocument } from './document.ts'
import { createPreviewLinks, getPreview, serveFile } from './links.ts'
import { createOpenai, openaiRoute, toOpenaiForm } from './openai/openai.ts'
import {
  type GatewayOperation,
  OPERATIONS,
  type Operation,
  type OperationRow,
  operations,
  operationsOf,
} from './operations.ts'
import { readQuery } from './readQuery.ts'
import * as admin from './routes/admin.ts'
import * as comfy from './routes/comfy.ts'
import { connectEvents } from './routes/events.ts'
import * as operator from './routes/operator.ts'
import * as runs from './routes/runs.ts'
import { serveWorker } from './routes/worker.ts'
import { runUpdate } from './runJson.ts'
import type { ApiRequest, HttpApi, HttpApiOptions, PlainRequest, Route, RunningApi, Where } from './types.ts'

const EXPOSED = 'x-request-id, retry-after, x-idempotency, preference-applied'
const OPENAI_EXPOSED = `${EXPOSED}, x-flowscale-run, x-flowscale-ignored`
const NO_KEY = 'Without a key, only this machine can use the API'

/** Puts the API in front of an engine. `close` ends the streams of events; the engine has a `close` of its own. */
export function createHttpApi(options: HttpApiOptions): HttpApi & { close(): void } {
  const { engine, dialect, apiKey } = options
  const keys = createKeys(apiKey, options.keys)
  const ends = new Set<() => void>()
  let isClosed = false
  const streams: RunningApi['streams'] = {
    isOver: (caller) => isClosed || !keys.isValid(caller),
    join(caller, end) {
      ends.add(end)
      const leave = keys.whileValid(caller, end)
      return () => {
        ends.delete(end)
        leave()
      }
    },
    awaited: new Map(),
  }
  const previewOf = createPreviewLinks(options.sign)
  const api: RunningApi = { ...options, callerOf: keys.callerOf, streams, previewOf }
  const routes = routesOf(options)
  const openai = options.openai === false ? undefined : createOpenai()
  const keepsOut: NonNullable<HttpApi['keepsOut']> = (request) => apiKey === null && isFromElsewhere(request)
  return {
    apiKey,
    callerOf: keys.callerOf,
    whileValid: keys.whileValid,
    keepsOut,
    async handle(request, where) {
      // Without CORS headers: pages of other sites can't read the refusal.
      if (keepsOut(request)) return json(403, { detail: NO_KEY })
      const call = openCall(api, request, where)
      const isOpenai = openai !== undefined && call.url.pathname.startsWith('/v1/')
      const given = preflight(request) ?? (await answer(call, routes, openai))
      const hasRoute = openaiRoute(openai, request.method, call.url.pathname) !== undefined
      const response = isOpenai ? await toOpenaiForm(given, engine.findKey !== undefined, hasRoute) : given
      response.headers.set('x-request-id', call.requestId)
      response.headers.set('access-control-allow-origin', '*')
      response.headers.set('access-control-expose-headers', isOpenai ? OPENAI_EXPOSED : EXPOSED)
      return response
    },
    watch(listener) {
      /** The state of each run whose link is being signed. A newer state takes its place. */
      const unsigned = new Map<string, Run>()
      const tell = (run: Run, preview?: string): void => {
        unsigned.delete(run.id)
        listener(runUpdate(dialect, run, preview), run.owner)
      }
      const unwatch = engine.watch?.((run) => {
        const preview = previewOf(run)
        if (!(preview instanceof Promise)) return tell(run, preview)
        unsigned.set(run.id, run)
        void preview.then((link) => unsigned.get(run.id) === run && tell(run, link))
      })
      return unwatch ?? (() => {})
    },
    async stateOf(runId, caller = { isAdmin: true }) {
      const run = await engine.getRun(runId)
      return run && maySee(caller, run.owner) ? runUpdate(dialect, run, await previewOf(run)) : null
    },
    follow: engine.follow && ((runId) => engine.follow!(runId)),
    close() {
      isClosed = true
      keys.close()
      for (const end of ends) end()
    },
  }
}

function openCall(api: RunningApi, request: PlainRequest, where: Where): ApiRequest {
  const url = new URL(request.url)
  const limits = [api.maxBodyBytes, where.maxBodyBytes].map((limit) => limit ?? Number.POSITIVE_INFINITY)
  return {
    ...where,
    api,
    request,
    url,
    query: url.searchParams,
    caller: {},
    id: '',
    filesUrl: (api.publicUrl ?? where.filesUrl).replace(/(?<!\/)\/+$/, ''),
    maxBodyBytes: Math.min(...limits),
    requestId: api.makeRequestId(),
  }
}

/** Answers a browser's preflight. */
function preflight(request: PlainRequest): Response | undefined {
  if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return undefined
  const headers = new Headers({
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-max-age': '600',
    vary: 'Access-Control-Request-Headers',
  })
  // Echoed, since `*` does not cover Authorization.
  const wanted = request.headers.get('access-control-request-headers')
  if (wanted) headers.set('access-control-allow-headers', wanted)
  return new Response(null, { status: 204, headers })
}

async function answer(
  call: ApiRequest,
  routes: readonly ApiRoute[],
  openai?: Readonly<Record<string, Route>>,
): Promise<Response> {
  const { api, request, filesUrl } = call
  const { pathname, search } = call.url
  const key = keyOf(request)
  const [, toWorkers] = /^\/api\/v1\/worker\/(.*)$/.exec(pathname) ?? []
  if (toWorkers !== undefined && !call.files && api.workerKey !== undefined && api.engine.dialIn) {
    const isWorker = sameText(key ?? '', api.workerKey)
    // This key opens nothing else, and no other key opens this.
    return await guard(call, () =>
      isWorker ? serveWorker(api.engine, toWorkers, request) : refuseKey(api.dialect, key),
    )
  }
  const isFile = call.files || (api.oneOrigin && pathname.startsWith('/generations/'))
  const isHead = request.method === 'HEAD'
  const method = isHead ? 'GET' : request.method
  const route = isFile ? FILES : (openaiRoute(openai, method, pathname) ?? findRoute(call, method, routes))
  if (route instanceof Response) return route
  let owner: string | undefined
  const perform = (): Promise<Response> => {
    const answered = guard(call, () => {
      if (route.isOpen) return route.answer(call)
      const caller = api.callerOf(key)
      // The key of an admin is known at once.
      return caller instanceof Promise ? caller.then(answerFor) : answerFor(caller)
    })
    return isHead ? withoutBody(answered) : answered
  }
  const answerFor = (caller: Caller | undefined): Response | Promise<Response> => {
    if (!caller) return refuseKey(api.dialect, key)
    owner = caller.owner
    call.onCaller?.(caller)
    if (route.isForAdmins && !caller.isAdmin)
      return failure(api.dialect, 403, 'Only the key of an admin may do this')
    return route.answer({ ...call, caller })
  }
  const { operation } = route
  if (!operation || !api.around) {
    const response = await perform()
    const hasRun = response.headers.has('x-flowscale-run')
    if (route.hasForm && response.status >= 400 && !hasRun) api.operator?.refused(response.status, owner)
    return response
  }
  const target = isFile ? pathname : pathname + search
  return await guard(call, () => api.around!(operation, target, { request, filesUrl, perform }))
}

/** Answers errors. The error of a broken connection or an aborted request goes on to the server. */
async function guard(
  { api, request }: ApiRequest,
  work: () => Response | Promise<Response>,
): Promise<Response> {
  try {
    return await work()
  } catch (error) {
    // Nobody waits for this answer, and a caller of `handle` wants the reason of the abort.
    if (request.signal.aborted) throw request.signal.reason
    if (brokenBy(error)) throw error
    return answerError(api, error)
  }
}

const FILES: Route = { operation: 'downloadOutput', isOpen: true, answer: serveFile }

/** Each handler has the name of its operation. */
const handlers: Readonly<Record<Operation | GatewayOperation, Route['answer']>> = {
  ...admin,
  ...comfy,
  ...operator,
  ...runs,
  connectEvents,
  connectWebSocket,
  downloadOutput: serveFile,
  getDocument,
  getPreview,
}

interface ApiRoute extends OperationRow {
  readonly operation: Operation | GatewayOperation
  readonly pattern: RegExp
}

/** The operations of an API, but the one of files, which has an origin of its own. */
const routesOf = ({ dialect, operator }: HttpApiOptions): readonly ApiRoute[] =>
  operationsOf(dialect, operator)
    .filter((operation) => operation !== 'downloadOutput')
    .map((operation) => {
      const row = operations[operation]
      const path = row.path.replaceAll('.', '\\.').replace('{id}', '([^/]+)')
      return { ...row, operation, pattern: new RegExp(`^${path}$`) }
    })

/** The first route that fits, or else a refusal. */
function findRoute({ api, url }: ApiRequest, method: string, routes: readonly ApiRoute[]): Route | Response {
  const fitting = routes.filter(({ pattern }) => pattern.test(url.pathname))
  const route = fitting.find((one) => one.method === method)
  if (route) {
    const { operation, pattern, query: parameters = {} } = route
    const [, part = ''] = pattern.exec(url.pathname)!
    return {
      ...route,
      operation: OPERATIONS.find((one) => one === operation),
      answer(call) {
        const query = readQuery(url.searchParams, parameters, api)
        return handlers[operation]({ ...call, id: decode(part), query })
      },
    }
  }
  if (fitting.length === 0) return failure(api.dialect, 404, 'Not Found')
  const allow = [...new Set(fitting.map(({ method }) => (method === 'GET' ? 'GET, HEAD' : method)))].join(
    ', ',
  )
  return failure(api.dialect, 405, 'Method Not Allowed', { allow })
}

async function withoutBody(answered: Response | Promise<Response>): Promise<Response> {
  const { body, status, headers } = await answered
  await body?.cancel()
  return new Response(null, { status, headers })
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new EngineError(404, 'Not Found')
  }
}

/** Answers a request to the WebSocket's address that is no handshake. The server answers the handshakes. */
function connectWebSocket({ api }: ApiRequest): Response {
  return failure(api.dialect, 426, 'Upgrade Required: this address speaks WebSocket', {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
  })
}
