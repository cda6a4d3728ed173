/** Tested as text: in `evil@127.0.0.1` and `127.0.0.1#.evil.test`, a URL parser finds this machine. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/**
 * Whether a request may come from a page of another site: its `Origin` is another site, or its host name is not this
 * machine's own. With such a host name, a page gets around the `Origin`.
 */
export function isFromElsewhere({ headers }: { readonly headers: Headers }): boolean {
  const host = headers.get('host')
  const origin = headers.get('origin')
  if (host !== null && !LOOPBACK.test(host)) return true
  const isOwn = host !== null && (origin === `http://${host}` || origin === `https://${host}`)
  return origin !== null && !isOwn
}

/** Compares a text with a secret, in the same time wherever they differ. */
export function sameText(sent: string, secret: string): boolean {
  let difference = sent.length ^ secret.length
  for (let i = 0; i < sent.length; i++) {
    difference |= sent.charCodeAt(i) ^ secret.charCodeAt(i % Math.max(1, secret.length))
  }
  return difference === 0
}

/** Whether a text can be a key: a header holds it as it is. */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
}
