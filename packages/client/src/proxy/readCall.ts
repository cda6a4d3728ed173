import { isId } from '../internal/options.ts'
import { refuse } from './refuse.ts'
import { routes } from './routes.ts'
import type { ProxyOperation } from './types.ts'

/** What a request asks for; nothing else of it gets to the pod. */
export interface Call {
  operation: ProxyOperation
  method: 'GET' | 'POST'
  /** Of `cancelRun` and `getRun`. */
  runId: string
  /** By the names of the wire. */
  query: Record<string, string>
}

/** Reads a request, or gives the answer to one that is none of the API's. */
export function readCall(request: Request, basePath: string): Call | Response {
  const { pathname, searchParams } = new URL(request.url)
  const prefix = `${basePath}/api/v1/`
  const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : ''
  const fitting = Object.entries(routes).filter(([, route]) => route.path.test(path))
  if (!fitting.length) return refuse(404, 'Not Found')
  const found = fitting.find(([, route]) => route.method === request.method)
  if (!found) {
    const allow = fitting.map(([, { method }]) => method).join(', ')
    return refuse(405, 'Method Not Allowed', { allow })
  }
  const [operation, route] = found
  // `getOutput` stands before `getRun`, for which `output` would be an id like any other.
  const runId = decode(route.path.exec(path)?.[1] ?? 'none')
  if (isId(runId) !== true || /[/\\?#\p{Cc}]/u.test(runId)) return refuse(404, 'Not Found')

  const query: Record<string, string> = {}
  for (const name of route.query) {
    const values = searchParams.getAll(name)
    if (values.length > 1) return refuse(400, `${name} is given twice`)
    if (values[0]) query[name] = values[0]
  }
  for (const name of ['workflow_id', 'filename']) {
    if (route.query.includes(name) && isId(query[name]) !== true) return refuse(422, `${name} is required`)
  }
  return { operation: operation as ProxyOperation, method: route.method, runId, query }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
