import type { Client, HeadersSource, Logger } from '../types.ts'
import { addHeaders, resolveHeaders } from './headers.ts'
import { hide, reveal } from './secrets.ts'

/** What the caller's own `headers()` threw: it ends a wait, and comes back as it is. */
export class HeadersError extends Error {}

/** The headers of `source`, whose own error can be told from ours. */
const guard = (source: HeadersSource | undefined): HeadersSource | undefined =>
  typeof source !== 'function'
    ? source
    : async () => {
        try {
          return await source()
        } catch (cause) {
          throw new HeadersError('', { cause })
        }
      }

/** A refusal that no further poll can change: not a 404, 408, 425 or 429. */
const isRefused = (status: unknown): boolean => /^4(?!0[48]|2[59])/.test(`${status}`)

/**
 * A client like `client`, with `headers` over its own, whose requests are sent once: for polls, which follow each other. A
 * failure that the next poll may mend is logged as a warning.
 */
export function pollClient(client: Client, headers?: HeadersSource): Client {
  const secrets = reveal(client)
  const { headers: given, logger } = secrets
  const own: Pick<Logger, 'debug' | 'error'> | undefined = logger && {
    debug: (...line) => logger.debug(...line),
    error: (message, fields) => logger[isRefused(fields?.status) ? 'error' : 'warn'](message, fields),
  }
  return hide(
    { ...client, maxRetries: 0 },
    {
      ...secrets,
      logger: own as Logger | undefined,
      isPolling: true,
      headers:
        typeof given === 'function' || typeof headers === 'function'
          ? () => resolveHeaders({ headers: guard(given)! }, guard(headers))
          : addHeaders({ ...given }, headers ?? {}, secrets.apiKey),
    },
  )
}
