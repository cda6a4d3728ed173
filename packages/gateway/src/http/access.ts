// Keys of requests, and where requests may come from.
import { failure } from './answers.ts'
import type { ApiRequest } from './types.ts'

/** Whether a text can be a key: a header carries visible ASCII characters unchanged. */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
}

/** Whether the key of a request or a handshake opens the API. */
export function hasKey({ apiKey }: { readonly apiKey: string | null }, sent: string | null): boolean {
  return apiKey === null || (sent ? sameText(sent, apiKey) : false)
}

/** The key that a request carries. */
export function keyOf({ headers }: { readonly headers: Headers }): string | null {
  const bearer = /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  // An empty header counts as not sent.
  return headers.get('x-api-key') || bearer || null
}

export function refuseKey({ api, request }: ApiRequest): Response | undefined {
  const key = keyOf(request)
  if (hasKey(api, key)) return undefined
  return key
    ? failure(api.dialect, 403, 'Invalid API key')
    : failure(api.dialect, 401, 'Missing API key: send it in the X-API-KEY header')
}

/** Compares a text with a secret, in the same time wherever they differ. */
export function sameText(sent: string, secret: string): boolean {
  let difference = sent.length ^ secret.length
  for (let i = 0; i < sent.length; i++) {
    difference |= sent.charCodeAt(i) ^ secret.charCodeAt(i % Math.max(1, secret.length))
  }
  return difference === 0
}

/** Tested as text: a URL parser finds this machine in `evil@127.0.0.1` and in `127.0.0.1#.evil.test`. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/**
 * Whether a request may come from a page of another site: its `Origin` is another site, or its `Host` is not this machine.
 * The `Origin` alone is not enough: a site can make its own name lead to this machine.
 */
export function isFromElsewhere({ headers }: { readonly headers: Headers }): boolean {
  const host = headers.get('host')
  const origin = headers.get('origin')
  if (host !== null && !LOOPBACK.test(host)) return true
  const isSameSite = host !== null && (origin === `http://${host}` || origin === `https://${host}`)
  return origin !== null && !isSameSite
}
