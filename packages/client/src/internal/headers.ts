import { ArgumentError } from '../errors.ts'
import type { HeadersSource } from '../types.ts'
import { check, isRecord, type Rule } from './options.ts'
import type { Secrets } from './secrets.ts'
import { asText, isObject } from './values.ts'

export const keyHeader = 'x-api-key'

/** Whether `fetch` sends the value unchanged. For any other value, the error of `fetch` could show the value. */
export function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && /^(?!\s)[\t -~\x80-\xff]*[!-~\x80-\xff]$/.test(value)
}

/** The message shows no value: it may be the key, in the wrong option. */
export const isHeaderText: Rule = (value) => isHeaderValue(value) || 'a non-empty header value, trimmed'

/** Checks `headers` and adds them to `target` with names in lower case. */
export function addHeaders(
  target: Record<string, string>,
  headers: Readonly<Record<string, string>>,
  apiKey: string | undefined,
): Record<string, string> {
  check('headers', headers, isRecord)
  for (const given in headers) {
    const name = given.toLowerCase()
    const value = headers[given]
    if (name === 'content-type' || (apiKey && name === keyHeader)) {
      throw new ArgumentError(`headers: ${given} is set by the client`)
    }
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !isHeaderValue(value)) {
      throw new ArgumentError(`headers: ${given} is empty or illegal`)
    }
    target[name] = value
  }
  return target
}

/**
 * The headers of a request: the key and the client's headers. `more` replaces headers of the same name. `call` calls the
 * functions of the caller.
 */
export async function resolveHeaders(
  { apiKey, headers: own }: Secrets,
  more?: HeadersSource,
  call = <T>(source: () => T): T | Promise<Awaited<T>> => source(),
): Promise<Record<string, string>> {
  // The key comes first: `redact` replaces it before other headers, which may hold a part of it.
  const headers: Record<string, string> = apiKey ? { [keyHeader]: apiKey } : {}
  if (typeof own === 'function') addHeaders(headers, await call(own), apiKey)
  // These headers were checked when the client was made.
  else Object.assign(headers, own)
  if (more) addHeaders(headers, typeof more === 'function' ? await call(more) : more, apiKey)
  return headers
}

/**
 * A copy of a parsed answer in which the key and the words of other headers are replaced. A server may repeat the headers of
 * a request, in strings, numbers and names of fields.
 */
export function redact<T>(value: T, headers: Readonly<Record<string, string>>): T {
  const clean = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(clean)
    if (isObject(item)) return Object.fromEntries(Object.entries(item).map(clean) as [string, unknown][])
    const before = asText(item)
    let after = before
    for (const name in headers) {
      // A short word is no secret, and its replacement would spoil other texts.
      for (const secret of headers[name]!.match(name === keyHeader ? /.+/ : /\S{8,}/g) ?? []) {
        after = after.replaceAll(secret, '[redacted]')
      }
    }
    return after === before ? item : after
  }
  return clean(value) as T
}

/** A text without the logins, queries and fragments of its URLs, because those may give access. */
export const hideAccess = (text: string): string => text.replace(/(\/\/)[^/?#\s]*@|[?#]\S*[^\s):]/g, '$1')
