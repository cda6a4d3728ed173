/** The operations that a caller may use through the proxy, with the names of the client's functions. */
export type ProxyOperation =
  | 'checkHealth'
  | 'getQueue'
  | 'getWorkflows'
  | 'executeWorkflow'
  | 'getOutput'
  | 'cancelRun'
  | 'getRun'
  | 'getRuns'
  | 'connectEvents'

interface Route {
  method: 'GET' | 'POST'
  /** Below `/api/v1/`. Its group is the id of a run: nothing that would have to be encoded, or could be decoded. */
  path: RegExp
  /** The parameters that pass. */
  query: readonly string[]
}

/** All that passes. The first path and method that fit count. */
export const routes: Readonly<Record<ProxyOperation, Route>> = {
  checkHealth: { method: 'GET', path: /^comfy\/health$/, query: [] },
  getQueue: { method: 'GET', path: /^comfy\/queue$/, query: [] },
  getWorkflows: { method: 'GET', path: /^comfy\/workflows$/, query: [] },
  executeWorkflow: { method: 'POST', path: /^runs$/, query: ['workflow_id', 'group_id'] },
  getRuns: {
    method: 'GET',
    path: /^runs$/,
    query: ['group_id', 'sort_by', 'sort_order', 'page', 'page_size'],
  },
  getOutput: { method: 'GET', path: /^runs\/output$/, query: ['filename'] },
  cancelRun: { method: 'POST', path: /^runs\/([\w.~-]+)\/cancel$/, query: [] },
  // `output` is no run.
  connectEvents: { method: 'GET', path: /^runs\/(?!output\/)([\w.~-]+)\/events$/, query: [] },
  getRun: { method: 'GET', path: /^runs\/([\w.~-]+)$/, query: [] },
}

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

/** A value, or an answer instead. The class does not distinguish them, because some servers replace `Response`. */
export type OrRefusal<T> = { value: T; refusal?: undefined } | { value?: undefined; refusal: Response }

/** The proxy's own answer, in the API's form. */
export function refuse(status: number, error: string, headers?: Record<string, string>): Response {
  return Response.json(
    { status: 'error', errors: [error] },
    { status, headers: { ...safeHeaders, ...headers } },
  )
}

/** The headers of every answer: it is for one caller, and never a page, whatever the pod sent. */
export const safeHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
