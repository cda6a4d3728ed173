import type { Client, HeadersSource, Logger } from '../types.ts'
import { resolveHeaders } from './headers.ts'
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

/**
 * A client like `client`, with `headers` over its own, whose requests are sent once. `failed` is called with the log line
 * of each that fails, to be written once it is known whether the failure is final.
 */
export function pollClient(
  client: Client,
  headers: HeadersSource | undefined,
  failed: (log: (level: 'warn' | 'error') => void) => void,
): Client {
  const secrets = reveal(client)
  const { logger } = secrets
  const own: Pick<Logger, 'debug' | 'error'> | undefined = logger && {
    debug: (...line) => logger.debug(...line),
    error: (...line) =>
      failed(async (level) => {
        try {
          await logger[level](...line)
        } catch {}
      }),
  }
  return hide(
    { ...client, maxRetries: 0 },
    {
      ...secrets,
      logger: own as Logger | undefined,
      isPolling: true,
      headers: () => resolveHeaders({ headers: guard(secrets.headers)! }, guard(headers)),
    },
  )
}
