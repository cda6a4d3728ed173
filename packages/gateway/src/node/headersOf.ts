import type { IncomingMessage } from 'node:http'

/** Without a `Host` it is empty: only a request that came over no wire has none. */
export function headersOf({ rawHeaders, headers: { host } }: IncomingMessage): Headers {
  const headers = new Headers(host === undefined ? { host: '' } : {})
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
  return headers
}
