import { ArgumentError } from '../errors.ts'
import type { Client, Fetch, HeadersSource, Logger } from '../types.ts'

/** What a client keeps out of sight. */
export interface Secrets {
  readonly apiKey?: string | undefined
  readonly headers: HeadersSource
  readonly fetch?: Fetch | undefined
  readonly logger?: Logger | undefined
  /** Nobody else listens to the signals that calls are given, so that none need be derived from them. */
  readonly ownSignals?: boolean | undefined
}

// A registered symbol, so that a client of one copy of the package works with the functions of another.
const key: symbol = /* @__PURE__ */ Symbol.for('flowscale.client')

/** Puts the secrets behind a function: no property, enumerable or not, shows them. Freezes the client. */
export function hide(client: object, secrets: Secrets): Client {
  return Object.freeze(Object.defineProperty(client, key, { value: () => secrets })) as Client
}

export function reveal(client: Client): Secrets {
  const secrets = (client as unknown as Record<symbol, unknown> | undefined)?.[key]
  if (typeof secrets !== 'function') {
    throw new ArgumentError('client must come from createClient, not a copy')
  }
  return secrets()
}
