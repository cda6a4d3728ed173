/** A value, or the answer in its place. Not told apart by class, as some servers replace `Response`. */
export type OrRefusal<T> = { value: T; refusal?: undefined } | { value?: undefined; refusal: Response }

/** An answer of the proxy's own, in the API's form. */
export function refuse(status: number, error: string, headers?: Record<string, string>): Response {
  return Response.json(
    { status: 'error', errors: [error] },
    { status, headers: { ...safeHeaders, ...headers } },
  )
}

/** Of every answer: it is one caller's, and it is never a page, whatever the pod sent. */
export const safeHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
