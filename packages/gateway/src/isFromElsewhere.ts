const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/

/**
 * Whether a request may come from a page of another site: its `Origin` is another site, or its host name is not this
 * machine's own. With such a host name, a page gets around the `Origin`.
 */
export function isFromElsewhere({ headers }: { readonly headers: Headers }): boolean {
  const host = headers.get('host')
  const origin = headers.get('origin')
  return (host !== null && !isLoopback(`http://${host}`)) || (origin !== null && !isSame(origin, host))
}

function isLoopback(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.test(new URL(url).hostname)
}

function isSame(origin: string, host: string | null): boolean {
  return isLoopback(origin) && new URL(origin).host === host
}
