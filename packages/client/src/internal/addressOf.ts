import { ArgumentError } from '../errors.ts'
import type { Client } from '../types.ts'

/** The address of `path` at the base URL. One that is a path is at the page's origin, whatever `<base href>` says. */
export function addressOf({ baseUrl }: Client, path: string): string {
  const url = (/^h/.test(baseUrl) ? '' : globalThis.location?.origin) + baseUrl + path
  if (!/^http/.test(url)) throw new ArgumentError('baseUrl must be an http(s) URL outside a page')
  return url
}
