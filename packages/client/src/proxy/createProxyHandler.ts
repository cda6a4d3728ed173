import { check, checkOptions, isId, isMs, isPush, type Rule } from '../internal/options.ts'
import { addressOf } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import { isObject } from '../internal/values.ts'
import type { Client, PushConnection } from '../types.ts'
import { isForeign, preflight, share } from './cors.ts'
import { createEvents } from './createEvents.ts'
import { forward, readPod } from './forward.ts'
import { keepToGroup, type ReadPod } from './keepToGroup.ts'
import { type ProxyOperation, readRequest, refuse, routes } from './routes.ts'

/**
 * Whether a request may pass. `true` lets it pass. `{ groupId }` lets it pass and puts all runs of this caller into that
 * group. The caller sees only the runs and outputs of the group, and gets a 404 for all others. A `Response` of any class is
 * the answer to a request that must not pass (make a new one each time). For any other value the answer is a 403.
 *
 * In the queue of a gateway, callers take turns. The part of `groupId` before the first `/` names the caller: `user-ada` is
 * a caller, and `site/user-ada` shares the turns of `site`. Encode names that users choose by `encodeURIComponent`, so that
 * nobody uses the turns of another. After `true`, the request chooses its group, and so the caller.
 */
export type ProxyPermission = boolean | Response | { readonly groupId: string }

/** Options of {@link createProxyHandler}. */
export interface ProxyOptions {
  /**
   * Decides whether a request may pass. A caller who may pass can start runs that you pay for. The function is called for
   * each request of the API but a preview, before the body is read, and must not read the body. `'public'` lets everybody pass.
   */
  authorize: 'public' | ((request: Request) => ProxyPermission | Promise<ProxyPermission>)
  /** The operations and workflows that pass. For all others the answer is a 403. Default: all. */
  allow?:
    | {
        /** Default: all. `getQueue` shows the run ids of everybody, and `getWorkflows` every workflow. */
        readonly operations?: readonly ProxyOperation[] | undefined
        /** The workflows that callers may execute. Default: all. */
        readonly workflowIds?: readonly string[] | undefined
      }
    | undefined
  /** The longest form of a submission, in bytes. For a longer one the answer is a 413. Default 104857600 (100 MiB). */
  maxBodyBytes?: number | undefined
  /** The part of a request's path before `/api/v1/…`, such as `/api/flowscale`. Default: none. */
  basePath?: string | undefined
  /** Origins of other sites, such as `https://app.example.com`. Their pages may call, with cookies. Default: none. */
  cors?: readonly string[] | undefined
  /**
   * A connection of `connectWebSocket` or `connectEvents` to the pod, with which the events of runs need fewer requests.
   * Workers don't use it. Default: none, and the proxy polls each run that has readers once a second.
   */
  push?: PushConnection | undefined
  /** The longest stream of events, in ms. Then its reader connects again, and `authorize` is called. Default 300000. */
  maxDurationMs?: number | undefined
}

const isList = (value: unknown, fits: (item: string) => boolean): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && fits(item))

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

const proxyRules: Record<keyof ProxyOptions, Rule> = {
  authorize: (value) => value === 'public' || typeof value === 'function' || "a function, or 'public'",
  allow: (value) => {
    const known = Object.keys(routes).filter((name) => name !== 'getPreview')
    if (!isObject(value) || !Object.keys(value).every((name) => /^(operations|workflowIds)$/.test(name))) {
      return 'an object with operations and workflowIds'
    }
    const { operations = [], workflowIds = [] } = value
    if (!isList(operations, (name) => known.includes(name)))
      return `an object whose operations are of ${known}`
    return isList(workflowIds, (id) => id !== '') || 'an object whose workflowIds are non-empty strings'
  },
  maxBodyBytes: (value) => (typeof value === 'number' && value > 0) || 'a number above 0 (bytes)',
  basePath: (value) =>
    (typeof value === 'string' && /^(\/[\w.~-]*[\w~-])*$/.test(value)) ||
    "'' or a path such as '/api/flowscale'",
  cors: (value) => isList(value, isOrigin) || "an array of origins such as 'https://app.example.com'",
  push: isPush,
  maxDurationMs: isMs,
}

/**
 * Makes a handler between pages and a pod, so that the key stays on the server. It runs in a Worker, a route of Next.js,
 * Hono, Deno and Bun, and on Node with {@link toNodeHandler}. It passes only requests of the API, streams uploads, and
 * refuses in the API's form. A page uses it with `createClient({ baseUrl: basePath })`, without a key.
 *
 * The pod gets only the operation, the parameters of the API, the form of a submission, and a hash of its `Idempotency-Key`
 * and group. The caller gets only the status, the body, `Retry-After`, `x-request-id` and `x-idempotency`. An echo of the key in the body is replaced; JSON may have 16 MiB.
 * The proxy retries nothing: the caller's client does that. If the caller leaves, the request to the pod ends, except
 * a submission.
 *
 * The proxy itself serves `GET …/runs/{id}/events`: server-sent events with the states of a run, for callers who may read
 * the run. All readers of a run share the requests to the pod. On Workers each reader has its own requests.
 *
 * The preview of a run, `GET …/runs/{id}/preview`, passes by its signature, which the pod checks: without `authorize`, since an
 * `img` sends no header, and without the key. It must be a JPEG, PNG or WebP of at most 200 KB.
 *
 * The proxy's own answers are 400 (a parameter twice), 403 (`authorize`, `allow`, a page of another site), 404, 405, 413,
 * 415 and 422. A 424 means that the pod refuses the key. A 502 means no answer, an unreadable answer, or a redirect. A 504 means
 * that the client's `timeoutMs` ended.
 *
 * @returns `(request) => Promise<Response>`. It rejects with the errors of `authorize` and of the client's `headers`.
 * It rejects with an {@link ArgumentError} if `authorize` returns an illegal `groupId` or has read the body.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if an option is wrong, or `authorize` is missing.
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
  // This throws for a base URL that is a path, which works only in a page.
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
    const { operation, query } = proxyRequest
    if (operation === 'getPreview') {
      // Its signature is the permission: an `img` sends no header, and one of another site not even `Origin`.
      if (operations && !operations.some((name) => /^(getRun|connectEvents)$/.test(name)))
        return refuse(403, 'getRun is not allowed')
      return forward(client, proxyRequest, request, maxBodyBytes)
    }
    if (isForeign(request, origins)) return refuse(403, 'Not from this site')
    const permission = authorize === 'public' || (await authorize(request))
    if (isResponse(permission)) return permission
    const groupId = Object(permission).groupId
    if (permission !== true && groupId === undefined) return refuse(403, 'Forbidden')
    if (groupId !== undefined) check('the groupId of authorize', groupId, isId)
    if (operations && !operations.includes(operation)) return refuse(403, `${operation} is not allowed`)
    if (operation === 'executeWorkflow' && workflowIds && !workflowIds.includes(query.workflow_id!)) {
      return refuse(403, 'This workflow is not allowed')
    }
    // All reads that look up the group of a run or an output share one time limit.
    const end = Date.now() + client.timeoutMs
    const readWith =
      (signal: AbortSignal): ReadPod =>
      (path, query) =>
        readPod(client, path, query, signal, Math.max(1, end - Date.now()))
    if (operation === 'connectEvents') return events(proxyRequest, request, groupId, readWith)
    const kept =
      groupId === undefined
        ? { value: proxyRequest }
        : await keepToGroup(groupId, proxyRequest, readWith(request.signal))
    return kept.refusal ?? forward(client, kept.value, request, maxBodyBytes)
  }

  return async (request) => {
    try {
      return share(request, preflight(request, origins) ?? (await answer(request)), origins)
    } catch (error) {
      if (!request.signal.aborted) throw error
      // Nobody sees this answer, and an error would only fill the log of the server.
      return new Response(null, { status: 499 })
    }
  }
}

/** Whether a value is a `Response` of any class: a server may replace the global class, and an app may bring its own. */
const isResponse = (value: unknown): value is Response =>
  typeof Object(value).arrayBuffer === 'function' && typeof Object(value).status === 'number'
