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
