import { keyHeader } from '../internal/headers.ts'
import { hide, reveal } from '../internal/secrets.ts'
import type { Client, HeadersSource, LogFields, Logger } from '../types.ts'

/** A client to poll by, and what came to light while it was used. */
export interface Observed {
  readonly client: Client
  /** Instead of the given ones. */
  readonly headers: HeadersSource
  /** The headers that were sent, to be kept out of errors. */
  readonly sent: Readonly<Record<string, string>>
  /** What functions of the caller threw; it is not ours, even where it looks so. */
  readonly foreign: ReadonlySet<unknown>
  /** The log line of the failure that just happened, held back until it is known whether it is final. */
  takeLine(): (level: 'warn' | 'error') => unknown
}

type Line = [message: string, fields?: LogFields]

/** Makes a client like `client`, and `headers` like `headers`, that can be observed. */
export function observe(client: Client, headers: HeadersSource = {}): Observed {
  const secrets = reveal(client)
  const { apiKey, logger } = secrets
  const sent: Record<string, string> = apiKey ? { [keyHeader]: apiKey } : {}
  const foreign = new Set<unknown>()
  let held: Line | undefined

  const watched = (source: HeadersSource) => async () => {
    try {
      const given = typeof source === 'function' ? await source() : source
      // Whether they are legal is checked by the request.
      for (const [name, value] of Object.entries(Object(given))) sent[name.toLowerCase()] = String(value)
      return given
    } catch (error) {
      foreign.add(error)
      throw error
    }
  }

  // Requests that are not repeated have no other lines.
  const holding: Pick<Logger, 'debug' | 'error'> = {
    debug: (...line: Line) => logger?.debug(...line),
    error: (...line: Line) => {
      held = line
    },
  }

  return {
    client: hide({ ...client }, { ...secrets, headers: watched(secrets.headers), logger: holding as Logger }),
    headers: watched(headers),
    sent,
    foreign,
    takeLine() {
      const line = held
      held = undefined
      return async (level) => {
        // A logger that throws must not lose a run.
        try {
          if (line) await logger?.[level](...line)
        } catch {}
      }
    },
  }
}
