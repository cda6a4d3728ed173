import { ArgumentError } from '../errors.ts'
import type { Client } from '../types.ts'

/** The address of `path` at the base URL. One that is a path is at the page's origin, whatever `<base href>` says. */
export function addressOf({ baseUrl }: Client, path: string): string {
  const base = baseUrl.startsWith('http') ? baseUrl : globalThis.location?.origin + baseUrl
  if (!base.startsWith('http')) {
    throw new ArgumentError('baseUrl is a path: outside a page pass an http(s) URL')
  }
  return base + path
}
