import { addHeaders, keyHeader } from '../internal/headers.ts'
import { hide, reveal } from '../internal/secrets.ts'
import type { Client, HeadersSource, Logger } from '../types.ts'

/** A client to poll by, which tries once only, and what came to light while it was used. */
export interface Observed {
  readonly client: Client
  /** The headers that were sent, to be kept out of errors. */
  readonly sent: Readonly<Record<string, string>>
  /** What functions of the caller threw; it is not ours, even where it looks so. */
  readonly foreign: ReadonlySet<unknown>
  /** Logs the failure that just happened, once it is known whether it is final. */
  log: ((level: 'warn' | 'error') => void) | undefined
}

/** Makes a client like `client`, with `headers` over its own, that can be observed. */
export function observe(client: Client, headers: HeadersSource = {}): Observed {
  const secrets = reveal(client)
  const { apiKey, logger } = secrets
  const sent: Record<string, string> = apiKey ? { [keyHeader]: apiKey } : {}
  const foreign = new Set<unknown>()

  /** The client's headers, and those of the wait over them. */
  const both = async () => {
    const now: Record<string, string> = {}
    for (const source of [secrets.headers, headers]) {
      let given: Readonly<Record<string, string>>
      try {
        given = typeof source === 'function' ? await source() : source
      } catch (error) {
        foreign.add(error)
        throw error
      }
      addHeaders(now, given, apiKey)
    }
    Object.assign(sent, now)
    return now
  }

  // Requests that are not repeated have no other lines. They wait for what these return, and mind if it fails.
  const holding: Pick<Logger, 'debug' | 'error'> = {
    debug: (message, fields) => logger?.debug(message, fields),
    error: async (message, fields) => {
      const level = await new Promise<'warn' | 'error'>((resolve) => {
        observed.log = resolve
      })
      await logger?.[level](message, fields)
    },
  }

  const observed: Observed = {
    client: hide(
      { ...client, maxRetries: 0 },
      { ...secrets, headers: both, logger: holding as Logger, ownSignals: true },
    ),
    sent,
    foreign,
    log: undefined,
  }
  return observed
}
