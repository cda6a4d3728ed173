import { check, checkOptions, isId } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import type { Client } from '../types.ts'
import { isForeign, preflight, share } from './cors.ts'
import { forward } from './forward.ts'
import { type Ask, keepToGroup } from './keepToGroup.ts'
import { proxyRules } from './proxyRules.ts'
import { type Call, readCall } from './readCall.ts'
import { refuse } from './refuse.ts'
import type { ProxyOptions } from './types.ts'

/**
 * Makes a handler that stands between pages and a pod, so that the key stays on the server: for a Worker, a route of
 * Next.js, Hono, Deno, Bun, or Node by an adapter. It passes the calls of the API and nothing else, streams uploads
 * and answers, and answers in the API's form what it refuses. A page uses it by `createClient({ baseUrl: basePath })`,
 * without a key.
 *
 * Of a request only the operation, the parameters that the API knows and the form of an execute get to the pod; of an
 * answer only the status, the body (without the key, should the pod echo it), `Retry-After` and `x-request-id` get to
 * the caller. Nothing is retried here: the caller's client does that. A caller that leaves ends the request to the
 * pod, but for an execute, which is seen through.
 *
 * Answers of its own: 400 (a parameter twice), 403 (`authorize`, `allow`, a page of another site), 404, 405, 413, 415,
 * 422, 502 (no answer, a redirect, a refused key), 504 (nothing within the client's `timeoutMs`).
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
  checkOptions(options, proxyRules)
  check('authorize', options.authorize, proxyRules.authorize)
  const { authorize, allow, maxBodyBytes = 104_857_600, basePath = '', cors = [] } = options
  const operations = allow?.operations && [...allow.operations]
  const workflowIds = allow?.workflowIds && [...allow.workflowIds]
  const origins = [...cors]

  const answer = async (request: Request): Promise<Response> => {
    const call = readCall(request, basePath)
    if (call instanceof Response) return call
    if (isForeign(request, origins)) return refuse(403, 'Not from this site')
    const permission = authorize === 'public' || (await authorize(request))
    if (permission instanceof Response) return permission
    const groupId = Object(permission).groupId
    if (permission !== true && groupId === undefined) return refuse(403, 'Forbidden')
    if (groupId !== undefined) check('the groupId of authorize', groupId, isId)
    const { operation, query } = call
    if (operations && !operations.includes(operation)) return refuse(403, `${operation} is not allowed`)
    if (operation === 'executeWorkflow' && workflowIds && !workflowIds.includes(query.workflow_id!)) {
      return refuse(403, 'This workflow is not allowed')
    }
    const send = (what: Call) => forward(client, what, request, maxBodyBytes)
    const ask: Ask = async (path, query) => {
      const told = await send({ operation: 'getRuns', method: 'GET', path, query })
      if (!told.ok) return told
      try {
        return Object(await told.json())
      } catch {
        return refuse(502, 'The pod could not be asked')
      }
    }
    return (groupId === undefined ? undefined : await keepToGroup(groupId, call, ask)) ?? send(call)
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
