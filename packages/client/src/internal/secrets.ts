import { ArgumentError } from '../errors.ts'
import type { Client, Envelope, Fetch, HeadersSource, Logger, Output, Run, RunUpdate } from '../types.ts'

/** A wait that joins a batch. */
export interface Member {
  readonly runId: string | undefined
  /** The caller's signal. `abort` is called with its reason. */
  readonly signal: AbortSignal | undefined
  readonly abort: (reason: unknown) => void
  /** Called with each pushed update of the run. */
  readonly hear: (update: RunUpdate, isNews: boolean) => void
  /** Whether the wait needs each state of the run, or only its end. */
  readonly isEager: boolean
}

/** Answers many waits with few requests. */
export interface Batch {
  /** Returns the function that ends the membership. */
  join(member: Member): () => void
  /** Resolves in a round, with an error if the round failed and a later one may succeed. */
  getRun(runId: string, signal: AbortSignal): Promise<Envelope<Run> | Error>
  getOutput(filename: string, signal: AbortSignal): Promise<Envelope<Output> | null>
}

/** The parts of a client that nobody should see. */
export interface Secrets {
  readonly apiKey?: string | undefined
  readonly headers: HeadersSource
  readonly fetch?: Fetch | undefined
  readonly logger?: Logger | undefined
  /**
   * A wait sends the requests: the options were checked before, and the wait alone listens to the signal. Gives the level of
   * the log for a failure with this `status`.
   */
  readonly isPolling?: ((status: number) => 'warn' | 'error') | undefined
  /** Answers the waits instead of their own requests. */
  readonly batch?: Batch | undefined
}

// A registered symbol: a client works with the functions of another copy of the package.
const key: symbol = /* @__PURE__ */ Symbol.for('flowscale.client')

/** Hides the secrets in a function, so that no property shows them, enumerable or not. Freezes the client. */
export function hide(client: object, secrets: Secrets): Client {
  return Object.freeze(Object.defineProperty(client, key, { value: () => secrets })) as Client
}

export function reveal(client: Client): Secrets {
  const secrets = (client as unknown as Record<symbol, unknown> | undefined)?.[key]
  if (typeof secrets !== 'function') {
    throw new ArgumentError('client must be what createClient gave, not a copy')
  }
  return secrets()
}
