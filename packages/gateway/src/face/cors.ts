/** The answer to a browser's preflight, or `null` for any other request. */
export function preflight(request: Request): Response | null {
  if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return null
  const headers = new Headers({
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-max-age': '600',
    vary: 'Access-Control-Request-Headers',
  })
  // Echoed, since `*` does not cover Authorization.
  const asked = request.headers.get('access-control-request-headers')
  if (asked) headers.set('access-control-allow-headers', asked)
  return new Response(null, { status: 204, headers })
}

export function allowOrigins(headers: Headers): void {
  headers.set('access-control-allow-origin', '*')
  headers.set('access-control-expose-headers', 'x-request-id, retry-after')
}
