/**
 * Whether a request comes from a page of another site that is not in `origins`. Such a page sends the cookies of its visitor,
 * who must not pay for its runs.
 */
export function isForeign({ headers, url }: Request, origins: readonly string[]): boolean {
  const origin = headers.get('origin')
  if (origin && origins.includes(origin)) return false
  const site = headers.get('sec-fetch-site')
  if (site) return site !== 'same-origin' && site !== 'none'
  // Older browsers, and all browsers on plain HTTP, send only `Origin`. Its host is compared without the scheme, because a
  // server in front may end the TLS. `Host` counts, too, because some servers put their own name into `url`, and because no
  // page can set `Host`.
  const hosts = [new URL(url).host, headers.get('host')]
  return origin !== null && !(URL.canParse(origin) && hosts.includes(new URL(origin).host))
}

/** The answer to the preflight of a page that may call, or `undefined` for any other request. */
export function preflight({ headers, method }: Request, origins: readonly string[]): Response | undefined {
  if (method !== 'OPTIONS' || !headers.has('access-control-request-method')) return undefined
  if (!origins.includes(headers.get('origin') ?? '')) return undefined
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': headers.get('access-control-request-headers') ?? '',
      'access-control-max-age': '600',
    },
  })
}

/** An answer with the headers that let a page of `origins` read it. */
export function share(request: Request, response: Response, origins: readonly string[]): Response {
  if (!origins.length) return response
  const headers = new Headers(response.headers)
  headers.append('vary', 'Origin')
  const origin = request.headers.get('origin') ?? ''
  if (origins.includes(origin)) {
    headers.set('access-control-allow-origin', origin)
    headers.set('access-control-allow-credentials', 'true')
    headers.set('access-control-expose-headers', 'retry-after, x-request-id, x-idempotency')
  }
  const { status, statusText } = response
  return new Response(response.body, { status, statusText, headers })
}
