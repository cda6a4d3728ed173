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
  /** The path below `/api/v1/`. It captures the id of a run, with no character that a URL would encode or decode. */
  path: RegExp
  /** The parameters that pass, and whether a request must have them. The pod gets no others. */
  query: Readonly<Record<string, boolean>>
}

/** The requests that pass. The first route with this path and method counts. `getPreview` is allowed where a run may be read. */
export const routes: Readonly<Record<ProxyOperation | 'getPreview', Route>> = {
  checkHealth: { method: 'GET', path: /^comfy\/health$/, query: {} },
  getQueue: { method: 'GET', path: /^comfy\/queue$/, query: {} },
  getWorkflows: { method: 'GET', path: /^comfy\/workflows$/, query: {} },
  executeWorkflow: {
    method: 'POST',
    path: /^runs$/,
    query: { workflow_id: true, group_id: false, previews: false },
  },
  getRuns: {
    method: 'GET',
    path: /^runs$/,
    query: { group_id: false, sort_by: false, sort_order: false, page: false, page_size: false },
  },
  getOutput: { method: 'GET', path: /^runs\/output$/, query: { filename: true } },
  cancelRun: { method: 'POST', path: /^runs\/([\w.~-]+)\/cancel$/, query: {} },
  // `runs/output` is another endpoint, and no run.
  connectEvents: { method: 'GET', path: /^runs\/(?!output\/)([\w.~-]+)\/events$/, query: {} },
  getRun: { method: 'GET', path: /^runs\/([\w.~-]+)$/, query: {} },
  getPreview: {
    method: 'GET',
    path: /^runs\/(?!output\/)([\w.~-]+)\/preview$/,
    query: { number: true, expires: true, signature: true },
  },
}

/** A request of the API. The pod gets nothing else of the caller's request, except the form of a submission and a hash of its key. */
export interface ProxyRequest {
  operation: keyof typeof routes
  method: 'GET' | 'POST'
  /** The path below the base URL of the pod. */
  path: string
  /** Set for `cancelRun`, `getRun`, `getPreview` and `connectEvents`. */
  runId?: string | undefined
  /** The parameters by their names on the wire. */
  query: Record<string, string>
}

/** Reads a request of the API, and refuses any other. */
export function readRequest(request: Request, basePath: string): OrRefusal<ProxyRequest> {
  // `URL` has resolved the dot segments of the path, encoded ones, too.
  const { pathname, searchParams } = new URL(request.url)
  const prefix = `${basePath}/api/v1/`
  const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : ''
  const fitting = Object.entries(routes).filter(([, route]) => route.path.test(path))
  const notFound = () => ({ refusal: refuse(404, 'Not Found') })
  if (!fitting.length) return notFound()
  // `getOutput` comes before `getRun`, which would take `output` as an id.
  const found = fitting.find(([, { method }]) => method === request.method)
  if (!found) {
    const allow = fitting.map(([, { method }]) => method)
    return { refusal: refuse(405, 'Method Not Allowed', { allow: [...new Set(allow)].join(', ') }) }
  }
  const [operation, route] = found

  const query: Record<string, string> = {}
  for (const [name, isRequired] of Object.entries(route.query)) {
    const values = searchParams.getAll(name)
    if (values.length > 1) return { refusal: refuse(400, `${name} is given twice`) }
    if (values[0]) query[name] = values[0]
    else if (isRequired) return { refusal: refuse(422, `${name} is required`) }
  }
  // A server may decode the name once more, and look for it on its disk.
  if (/^\/|(^|\/)\.\.?(\/|$)|[\\%\p{Cc}]/u.test(query.filename ?? '')) return notFound()
  return {
    value: {
      operation: operation as ProxyRequest['operation'],
      method: route.method,
      path: `/api/v1/${path}`,
      runId: route.path.exec(path)![1],
      query,
    },
  }
}

/** A value, or a refusal. `instanceof Response` can't separate the two, because some servers replace the class. */
export type OrRefusal<T> = { value: T; refusal?: undefined } | { value?: undefined; refusal: Response }

/** An answer of the proxy itself, in the form of the API. */
export function refuse(status: number, error: string, headers?: Record<string, string>): Response {
  return Response.json(
    { status: 'error', errors: [error] },
    { status, headers: { ...safeHeaders, ...headers } },
  )
}

/** The headers of every answer. An answer is for one caller only, and no browser may take it for a page. */
export const safeHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
