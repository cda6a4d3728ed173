import { ArgumentError } from '../errors.ts'
import type {
  Client,
  Envelope,
  Execution,
  Fetch,
  HeadersSource,
  Idempotency,
  Logger,
  Output,
  RequestOptions,
  Run,
  RunUpdate,
} from '../types.ts'
import type { upload } from './upload.ts'

/** A wait whose requests a batch makes. */
export interface Member {
  readonly runId: string | undefined
  /** The caller's signal. On its abort, `abort` is called with the reason. */
  readonly signal: AbortSignal | undefined
  readonly abort: (reason: unknown) => void
  /** Called with each pushed update of the run. */
  readonly onUpdate: (update: RunUpdate, isNews: boolean) => void
  /** Whether the wait needs each state of the run, or only its end. */
  readonly isEager: boolean
}

/** Answers many waits with few requests. */
export interface Batch {
  /** Adds a wait, and returns the function that removes it. */
  join(member: Member): () => void
  /** Resolves with the next answer about the run. An `Error` means that a request failed, and that the next may succeed. */
  getRun(runId: string, signal: AbortSignal): Promise<Envelope<Run> | Error>
  getOutput(filename: string, signal: AbortSignal): Promise<Envelope<Output> | null>
}

/** Sends one submission. `via` sends it in place of `upload`. */
export type Send = (options: RequestOptions, via?: typeof upload) => Promise<Envelope<Execution>>

/** How a client submits: with `idempotency`, with a webhook, or with both. */
export interface Submission extends Partial<Omit<Idempotency, 'submit'>> {
  submit(
    client: Client,
    options: RequestOptions,
    send: Send,
    ...key: [key?: string | undefined, about?: 'new' | 'kept']
  ): Promise<Envelope<Execution>>
}

/** The parts of a client that nobody should see. */
export interface Secrets {
  readonly apiKey?: string | undefined
  readonly headers: HeadersSource
  readonly fetch?: Fetch | undefined
  readonly idempotency?: Submission | undefined
  readonly logger?: Logger | undefined
  /**
   * Gives the log level of a failure with this `status`. Set for the requests of a wait: a wait has checked its options, and
   * no other code listens on its signal.
   */
  readonly isPolling?: ((status: number) => 'warn' | 'error') | undefined
  /** Makes the requests of the waits together. */
  readonly batch?: Batch | undefined
}

// The symbol is registered, so that a client works with the functions of another copy of the package.
const key: symbol = /* @__PURE__ */ Symbol.for('flowscale.client')

/** Freezes the client. Its secrets are in a function, so that no property shows them, enumerable or not. */
export function hide(client: object, secrets: Secrets): Client {
  return Object.freeze(Object.defineProperty(client, key, { value: () => secrets })) as Client
}

/** The secrets of a client. Throws for anything else, so each function of the API calls it first. */
export function reveal(client: Client): Secrets {
  const secrets = (client as unknown as Record<symbol, unknown> | undefined)?.[key]
  if (typeof secrets !== 'function') {
    throw new ArgumentError('client must be the client of createClient, not a copy')
  }
  return secrets()
}
