import type { Client, HeadersSource } from '../types.ts'
import { resolveHeaders } from './headers.ts'
import { hide, reveal } from './secrets.ts'

/** An error of the caller's `headers()`. It ends a wait, and the caller gets it unchanged. */
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
 * A copy of the client for polls. It adds `headers` and retries no request, because the next poll follows anyway. A failure
 * that the next poll may fix is logged as a warning.
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
