import { type OrRefusal, refuse } from './refuse.ts'
import { routes } from './routes.ts'
import type { ProxyOperation } from './types.ts'

/** A request of the API. Nothing else of the caller's request gets to the pod. */
export interface ProxyRequest {
  operation: ProxyOperation
  method: 'GET' | 'POST'
  /** Below the base URL of the pod. */
  path: string
  /** Of `cancelRun`, `getRun` and `connectEvents`. */
  runId?: string | undefined
  /** By the names of the wire. */
  query: Record<string, string>
}

/** Reads a request, or refuses one that is none of the API's. */
export function readRequest(request: Request, basePath: string): OrRefusal<ProxyRequest> {
  // Without dot segments by now, in whichever form they came.
  const { pathname, searchParams } = new URL(request.url)
  const prefix = `${basePath}/api/v1/`
  const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : ''
  const fitting = Object.entries(routes).filter(([, route]) => route.path.test(path))
  const notFound = () => ({ refusal: refuse(404, 'Not Found') })
  if (!fitting.length) return notFound()
  // `getOutput` stands before `getRun`, for which `output` would be an id like any other.
  const found = fitting.find(([, { method }]) => method === request.method)
  if (!found) {
    const allow = fitting.map(([, { method }]) => method)
    return { refusal: refuse(405, 'Method Not Allowed', { allow: [...new Set(allow)].join(', ') }) }
  }
  const [operation, route] = found

  const query: Record<string, string> = {}
  for (const name of route.query) {
    const values = searchParams.getAll(name)
    if (values.length > 1) return { refusal: refuse(400, `${name} is given twice`) }
    if (values[0]) query[name] = values[0]
    else if (/^(workflow_id|filename)$/.test(name)) return { refusal: refuse(422, `${name} is required`) }
  }
  // A server may look for it on its disk, and may decode it once more.
  if (/^\/|(^|\/)\.\.?(\/|$)|[\\%\p{Cc}]/u.test(query.filename ?? '')) return notFound()
  return {
    value: {
      operation: operation as ProxyOperation,
      method: route.method,
      path: `/api/v1/${path}`,
      runId: route.path.exec(path)![1],
      query,
    },
  }
}
