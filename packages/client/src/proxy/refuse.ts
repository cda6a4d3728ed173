/** An answer of the proxy's own, in the API's form. */
export function refuse(status: number, error: string, headers?: Record<string, string>): Response {
  return Response.json({ status: 'error', errors: [error] }, { status, headers: { ...own, ...headers } })
}

/** Of every answer: it is one caller's, and it is never a page, whatever the pod sent. */
export const own = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
