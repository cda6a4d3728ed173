import { ArgumentError } from '../errors.ts'
import type { HeadersSource } from '../types.ts'
import { check, isRecord } from './options.ts'
import type { Secrets } from './secrets.ts'

export const keyHeader = 'x-api-key'

/** Whether fetch would send the value unchanged. Otherwise its error could show the value. */
export function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && /^(?!\s)[\t -~\x80-\xff]*[!-~\x80-\xff]$/.test(value)
}

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

/** The headers of a request: the client's, `more` over them, and the key. `call` calls the caller's functions. */
export async function resolveHeaders(
  { apiKey, headers: own }: Secrets,
  more?: HeadersSource,
  call = <T>(source: () => T): T | Promise<Awaited<T>> => source(),
): Promise<Record<string, string>> {
  // The key comes first: `redact` replaces it before other headers, which may hold a part of it.
  const headers: Record<string, string> = apiKey ? { [keyHeader]: apiKey } : {}
  if (typeof own === 'function') addHeaders(headers, await call(own), apiKey)
  // Those were checked with the client.
  else Object.assign(headers, own)
  if (more) addHeaders(headers, typeof more === 'function' ? await call(more) : more, apiKey)
  return headers
}
