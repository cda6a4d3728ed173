import { refuse } from './refuse.ts'
import { routes } from './routes.ts'
import type { ProxyOperation } from './types.ts'

/** What a request asks for; nothing else of it gets to the pod. */
export interface Call {
  operation: ProxyOperation
  method: 'GET' | 'POST'
  /** Below the base URL of the pod. */
  path: string
  /** Of `cancelRun` and `getRun`. */
  runId?: string | undefined
  /** By the names of the wire. */
  query: Record<string, string>
}

/** Reads a request, or gives the answer to one that is none of the API's. */
export function readCall(request: Request, basePath: string): Call | Response {
  // Without dot segments by now, in whichever form they came.
  const { pathname, searchParams } = new URL(request.url)
  const prefix = `${basePath}/api/v1/`
  const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : ''
  const fitting = Object.entries(routes).filter(([, route]) => route.path.test(path))
  if (!fitting.length) return refuse(404, 'Not Found')
  // `getOutput` stands before `getRun`, for which `output` would be an id like any other.
  const found = fitting.find(([, { method }]) => method === request.method)
  if (!found) {
    const allow = fitting.map(([, { method }]) => method)
    return refuse(405, 'Method Not Allowed', { allow: [...new Set(allow)].join(', ') })
  }
  const [operation, route] = found

  const query: Record<string, string> = {}
  for (const name of route.query) {
    const values = searchParams.getAll(name)
    if (values.length > 1) return refuse(400, `${name} is given twice`)
    if (values[0]) query[name] = values[0]
    else if (/^(workflow_id|filename)$/.test(name)) return refuse(422, `${name} is required`)
  }
  // A server may look for it on its disk, and may decode it once more.
  if (/^\/|(^|\/)\.\.?(\/|$)|[\\%\p{Cc}]/u.test(query.filename ?? '')) return refuse(404, 'Not Found')
  return {
    operation: operation as ProxyOperation,
    method: route.method,
    path: `/api/v1/${path}`,
    runId: route.path.exec(path)![1],
    query,
  }
}
