import { ArgumentError, isFlowScaleError } from '../errors.ts'
import { check, checkOptions, isId } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import type { Client } from '../types.ts'
import { isForeign, preflight, share } from './cors.ts'
import { forward } from './forward.ts'
import { isOfGroup } from './isOfGroup.ts'
import { proxyRules } from './proxyRules.ts'
import { type Call, readCall } from './readCall.ts'
import { own, refuse } from './refuse.ts'
import type { ProxyOptions } from './types.ts'

/**
 * Makes a handler that stands between pages and a pod, so that the key stays on the server: for a Worker, a route of
 * Next.js, Hono, Deno or Bun. It passes the calls of the API and nothing else, streams what it can, and answers in the
 * API's form what it refuses. A page uses it by `createClient({ baseUrl: basePath })`, without a key.
 *
 * @returns `(request) => Promise<Response>`. It rejects with what `authorize` or the client's own `headers` throw,
 * and with the abort of a caller that has left.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) for a wrong option, or none for `authorize`.
 *
 * @example
 * ```ts
 * const handler = createProxyHandler(client, {
 *   basePath: '/api/flowscale',
 *   authorize: (request) => {
 *     const user = sessions.get(request.headers.get('authorization'))
 *     return user ? { groupId: user.id } : new Response('Sign in first', { status: 401 })
 *   },
 * })
 * export default { fetch: handler }
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
    if (operations && !operations.includes(call.operation))
      return refuse(403, `${call.operation} is not allowed`)
    const { operation, query } = call
    if (operation === 'executeWorkflow' && workflowIds && !workflowIds.includes(query.workflow_id!)) {
      return refuse(403, 'This workflow is not allowed')
    }
    const foreign = groupId === undefined ? undefined : await pin(request, call, groupId)
    return foreign ?? forward(client, call, request, maxBodyBytes)
  }

  /** Keeps a call within a group; gives the answer to one that is about others. */
  const pin = async (request: Request, call: Call, groupId: string): Promise<Response | undefined> => {
    const { operation, query } = call
    if (operation === 'executeWorkflow' || operation === 'getRuns') {
      // One that asks for another group learns nothing of it.
      if (operation === 'getRuns' && query.group_id && query.group_id !== groupId)
        return refuse(404, 'Not Found')
      query.group_id = groupId
      return undefined
    }
    if (!['getRun', 'cancelRun', 'getOutput'].includes(operation)) return undefined
    try {
      const isOwn = await isOfGroup(client, groupId, call, request.signal)
      if (isOwn) return undefined
      return isOwn === undefined
        ? new Response(null, { status: 204, headers: own })
        : refuse(404, 'Not Found')
    } catch (error) {
      if (!isFlowScaleError(error) || error instanceof ArgumentError) throw error
      return refuse(502, 'The pod could not be asked')
    }
  }

  return async (request) => preflight(request, origins) ?? share(request, await answer(request), origins)
}
