import { check, checkOptions, isId } from '../internal/options.ts'
import { addressOf } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import type { Client } from '../types.ts'
import { isForeign, preflight, share } from './cors.ts'
import { createEvents } from './events/createEvents.ts'
import { forward } from './forward.ts'
import { type GetEnvelope, keepToGroup } from './keepToGroup.ts'
import { proxyRules } from './proxyRules.ts'
import { readRequest } from './readRequest.ts'
import { refuse } from './refuse.ts'
import type { ProxyOptions } from './types.ts'

/**
 * Makes a handler that stands between pages and a pod, so that the key stays on the server: for a Worker, a route of
 * Next.js, Hono, Deno, Bun, or Node by an adapter. It passes the requests of the API and nothing else, streams uploads,
 * and refuses in the API's form. A page uses it by `createClient({ baseUrl: basePath })`, without a key.
 *
 * Of a request only the operation, the parameters that the API knows and the form of an execute get to the pod; of an
 * answer only the status, the body (without an echo of the key; JSON up to 16 MiB), `Retry-After` and `x-request-id` get
 * to the caller. Nothing is retried here: the caller's client does that. A caller that leaves ends the request to the
 * pod, but for an execute, which is seen through.
 *
 * `GET …/runs/{id}/events` is made here: server-sent events of the states of a run, for those who may use `getRun` on it. All
 * readers of a run share the requests to the pod, which end with the last reader; on Workers each reader has its own.
 *
 * Answers of its own: 400 (a parameter twice), 403 (`authorize`, `allow`, a page of another site), 404, 405, 413, 415,
 * 422, 424 (the pod refuses the key), 502 (no answer, one that can't be read, a redirect), 504 (the client's `timeoutMs` is
 * over).
 *
 * @returns `(request) => Promise<Response>`. It rejects with what `authorize` or the client's own `headers` throw,
 * and with an {@link ArgumentError} for an illegal `groupId` of `authorize`, or when that has read the body.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) for a wrong option, or none for `authorize`.
 *
 * @example
 * ```ts
 * const client = createClient({ baseUrl: 'https://my-pod.pod.flowscale.ai', apiKey: process.env.FLOWSCALE_API_KEY })
 * const users = new Map([['Bearer token-of-ada', 'ada']])
 * const handler = createProxyHandler(client, {
 *   basePath: '/api/flowscale',
 *   authorize: (request) => {
 *     const user = users.get(request.headers.get('authorization') ?? '')
 *     return user ? { groupId: `user-${user}` } : new Response('Sign in first', { status: 401 })
 *   },
 * })
 * const response = await handler(new Request('https://app.example.com/api/flowscale/api/v1/comfy/health'))
 * console.log(response.status) // 401
 * ```
 */
export function createProxyHandler(
  client: Client,
  options: ProxyOptions,
): (request: Request) => Promise<Response> {
  reveal(client)
  // A base URL that is a path has no address on a server.
  addressOf(client, '')
  checkOptions(options, proxyRules)
  check('authorize', options.authorize, proxyRules.authorize)
  const { authorize, allow, maxBodyBytes = 104_857_600, basePath = '', cors = [] } = options
  const { push, maxDurationMs = 300_000 } = options
  const operations = allow?.operations && [...allow.operations]
  const workflowIds = allow?.workflowIds && [...allow.workflowIds]
  const origins = [...cors]
  const events = createEvents(client, push, maxDurationMs)

  const answer = async (request: Request): Promise<Response> => {
    const { refusal, value: proxyRequest } = readRequest(request, basePath)
    if (refusal) return refusal
    if (isForeign(request, origins)) return refuse(403, 'Not from this site')
    const permission = authorize === 'public' || (await authorize(request))
    if (isResponse(permission)) return permission
    const groupId = Object(permission).groupId
    if (permission !== true && groupId === undefined) return refuse(403, 'Forbidden')
    if (groupId !== undefined) check('the groupId of authorize', groupId, isId)
    const { operation, query } = proxyRequest
    if (operations && !operations.includes(operation)) return refuse(403, `${operation} is not allowed`)
    if (operation === 'executeWorkflow' && workflowIds && !workflowIds.includes(query.workflow_id!)) {
      return refuse(403, 'This workflow is not allowed')
    }
    // For all that is asked to find out whose a run or an output is.
    const end = Date.now() + client.timeoutMs
    const lookUp = async (signal: AbortSignal, ...[path, query]: Parameters<GetEnvelope>) => {
      const lookup = { operation: 'getRuns', method: 'GET', path, query } as const
      const ms = Math.max(1, end - Date.now())
      const response = await forward(client, lookup, { signal }, maxBodyBytes, { ms })
      if (!response.ok) return { refusal: response }
      try {
        return { value: Object(await response.json()) }
      } catch {
        return { refusal: refuse(502, 'The pod could not be asked') }
      }
    }
    const keep = async (getEnvelope: GetEnvelope) =>
      groupId === undefined ? undefined : keepToGroup(groupId, proxyRequest, getEnvelope)
    if (operation === 'connectEvents') {
      // The run itself was asked for already, by the first of its readers.
      return events(proxyRequest.runId!, request, groupId, (first, signal) =>
        keep(async (path, query) => (query.page ? lookUp(signal, path, query) : first)),
      )
    }
    return (
      (await keep((...what) => lookUp(request.signal, ...what))) ??
      forward(client, proxyRequest, request, maxBodyBytes)
    )
  }

  return async (request) => {
    try {
      return share(request, preflight(request, origins) ?? (await answer(request)), origins)
    } catch (error) {
      if (!request.signal.aborted) throw error
      // Nobody sees it, and to throw would only fill the log of the server around it.
      return new Response(null, { status: 499 })
    }
  }
}

/** Of any class: a server may replace the global one, and an app may have brought its own. */
const isResponse = (value: unknown): value is Response =>
  typeof Object(value).arrayBuffer === 'function' && typeof Object(value).status === 'number'
