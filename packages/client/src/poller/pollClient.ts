import { resolveHeaders } from '../internal/headers.ts'
import { hide, reveal } from '../internal/secrets.ts'
import type { Client, HeadersSource } from '../types.ts'

/** Wraps an error of the caller's `headers()`. That error ends a wait, and the caller gets it unchanged. */
export class HeadersError extends Error {}

/** Calls a function of the caller, and wraps its error. */
const guard = async <T>(source: () => T): Promise<Awaited<T>> => {
  try {
    return await source()
  } catch (cause) {
    throw new HeadersError('', { cause })
  }
}

/**
 * A copy of the client for polls, with `headers` added. It retries no request, because the next poll follows anyway. It logs
 * a failure as a warning if the next poll may succeed.
 */
export function pollClient(client: Client, headers?: HeadersSource): Client {
  const secrets = reveal(client)
  const { headers: given } = secrets
  return hide(
    { ...client, maxRetries: 0 },
    {
      ...secrets,
      // Another poll can't change a 4xx, except for 404, 408, 425 and 429.
      isPolling: (status) => (/^4(?!0[48]|2[59])/.test(`${status}`) ? 'error' : 'warn'),
      headers: () => resolveHeaders({ headers: given }, headers, guard),
    },
  )
}
