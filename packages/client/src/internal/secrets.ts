import { ArgumentError } from '../errors.ts'
import type {
  Client,
  Envelope,
  Fetch,
  HeadersSource,
  Logger,
  Output,
  Run,
  RunResult,
  RunUpdate,
} from '../types.ts'

/** A wait that joins a batch. */
export interface Member {
  readonly runId: string | undefined
  /** The caller's signal; `abort` is called with its reason. */
  readonly signal: AbortSignal | undefined
  readonly abort: (reason: unknown) => void
  /** Called with each update of the run by push. */
  readonly hear: (update: RunUpdate, isNews: boolean) => void
  /** Whether each state of the run counts, or the end only. */
  readonly isEager: boolean
}

/** Answers many waits with few requests. */
export interface Batch {
  /** Gives the function by which the wait leaves. */
  join(member: Member): () => void
  /** Resolves in a round; with an error where that failed in a way that may pass. */
  getRun(runId: string, signal: AbortSignal): Promise<Envelope<Run> | Error>
  getOutput(filename: string, signal: AbortSignal): Promise<Envelope<Output> | null>
}

/** What a client keeps out of sight. */
export interface Secrets {
  readonly apiKey?: string | undefined
  readonly headers: HeadersSource
  readonly fetch?: Fetch | undefined
  readonly logger?: Logger | undefined
  /** A wait sends the requests: the options were checked before, and nobody else listens to the signal. */
  readonly isPolling?: boolean | undefined
  /** Answers waits in place of requests of their own. */
  readonly batch?: Batch | undefined
  /** What `executeMany` gives as the value of an item; an error of it is the item's. Default: the result itself. */
  readonly toValue?: ((result: RunResult) => unknown) | undefined
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
    const what = Object(client).timeoutMs ? 'a copy' : 'missing'
    throw new ArgumentError(`client is ${what}: pass the one of createClient`)
  }
  return secrets()
}
