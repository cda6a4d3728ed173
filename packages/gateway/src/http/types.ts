// The options and requests of the HTTP API.
import type { Caller, Engine, Run, Status } from '../engine.ts'
import type { Keys, WatchedKeys } from './access.ts'
import type { Dialect, Operation, OperationRow } from './operations.ts'

/** How long a download link lives by default. */
export const URL_TTL_MS = 900_000

/** The parts of a `Request` that the API reads. A server spends more time on a whole `Request` than on some answers. */
export type PlainRequest = Pick<Request, 'method' | 'url' | 'headers' | 'body' | 'signal'>

/** The facts about a request that its server knows. */
export interface Where {
  /** The start of download links in the answer, unless the API has a `publicUrl`. */
  filesUrl: string
  /** The request came in on the files origin. */
  files?: boolean | undefined
  /** The address of the API, for the error of an API request on the files origin. */
  apiUrl?: string | undefined
  /** A larger body is answered with 413. The API may have a limit, too; the smaller one counts. Default: no limit */
  maxBodyBytes?: number | undefined
  /** Aborts when the server closes: answers that wait for a run end. */
  closing?: AbortSignal | undefined
  /** Called with the sender of the request, once its key is known to be right. */
  onCaller?: ((caller: Caller) => void) | undefined
}

/** The state of a run, under the names of the API. */
export interface RunUpdate {
  readonly run_id: string
  readonly status: Status
  /** From 0 to 1. */
  readonly progress: number
  /** While the run is queued: how many runs are ahead. */
  readonly position?: number | undefined
  /** While the run is running: the title of the node at work. */
  readonly node?: string | undefined
  /** While the run is running: the path of its latest picture, for the base URL. It changes with each picture. */
  readonly preview?: string | undefined
  /** The names of the outputs in the dialect. */
  readonly output_names: readonly string[]
}

export interface HttpApiOptions {
  readonly engine: Engine
  readonly dialect: Dialect
  /** The key of an admin without a name; `null`: requests need no key. Default: only `keys` open the API */
  readonly apiKey?: string | null | undefined
  /** Keys with names. Default: none */
  readonly keys?: Omit<WatchedKeys, 'close'> | undefined
  /** The key of workers that dial in to the engine. Default: none can */
  readonly workerKey?: string | undefined
  /** Signs download links. */
  sign(text: string): string | Promise<string>
  readonly urlTtlMs: number
  /** The start of download links. Default: `filesUrl` of each request */
  readonly publicUrl?: string | undefined
  /** A larger body is answered with 413. Default: no limit */
  readonly maxBodyBytes?: number | undefined
  /** Serves files on the origin of the API. Default: only on an origin of their own */
  readonly oneOrigin?: boolean | undefined
  /**
   * The most runs in a list without pages. With a limit, lists have pages in every dialect. Default: no limit, and pages
   * in `python` only.
   */
  readonly longestList?: number | undefined
  /** Checks and sends the webhooks of runs. Default: there are no webhooks */
  readonly webhooks?: Webhooks | undefined
  /** Whether the API also speaks OpenAI's image API. Default: true */
  readonly openai?: boolean | undefined
  makeRequestId(): string
  /** The name of the server in errors. */
  readonly name: string
  /** Gives an operator's routes their facts. Default: the API has no such routes */
  readonly operator?: Operator | undefined
  /** Wraps each operation that every server has. An error of `breakOff` goes on to the server. */
  around?(
    operation: Operation,
    target: string,
    call: { readonly request: PlainRequest; readonly filesUrl: string; perform(): Promise<Response> },
  ): Promise<Response>
}

/** The facts for an operator's routes. */
export interface Operator {
  /** Why no run should be sent here. Empty: the gateway is ready. */
  reasons(): Promise<readonly string[]>
  /** The figures in Prometheus' text format. */
  metrics(): Promise<string>
  /** Hears of a submission that was answered with an error. `owner`: the name of its key */
  refused(status: number, owner: string | undefined): void
}

/** The webhooks of runs. */
export interface Webhooks {
  /** Throws an error of 422 if webhooks may not go to this address. */
  check(address: string): void
  /** Sends the webhook of an ended run again. False: the run has no webhook, or has not ended */
  resend(runId: string): Promise<boolean>
}

/** The API in front of an engine: what a server needs. */
export interface HttpApi extends Partial<Pick<Keys, 'callerOf' | 'whileValid'>> {
  /** The key of an admin without a name; `null`: requests need no key; `undefined`: only keys with names open the API. */
  readonly apiKey: string | null | undefined
  handle(request: PlainRequest, where: Where): Promise<Response>
  /** Called by a server once it listens, with the start of download links. */
  listens?(filesUrl: string): void
  /** Whether `handle` refuses a request because of its headers. A server also checks handshakes with it. */
  keepsOut?(request: { readonly headers: Headers }): boolean
  /** Calls the listener at each change of a run, with the owner of the run. The returned function stops the calls. */
  watch(listener: (update: RunUpdate, owner?: string) => void): () => void
  /** The state of a run, or `null` if this caller has no run with this id. Default: an admin */
  stateOf(runId: string, caller?: Caller): RunUpdate | null | Promise<RunUpdate | null>
  /** Requests an update at each change of this run, until the returned function is called. */
  follow?: ((runId: string) => () => void) | undefined
}

/** A run that callers wait for. One watch, and one look at the run, are for all of them. */
export interface AwaitedRun {
  /** The latest known state. */
  readonly run: Run | undefined
  /** Resolves once the run was looked at. */
  readonly seen: Promise<void>
  /** Calls `end` when the wait is over, unless the returned function was called before. */
  join(end: () => void): () => void
}

/** An API at work, with its streams of events. */
export interface RunningApi extends HttpApiOptions, Pick<Keys, 'callerOf'> {
  /** The signed path of a run's latest picture, if it has one. */
  previewOf(run: Run): string | undefined | Promise<string | undefined>
  readonly streams: {
    /** Whether a new stream of this caller ends after its first event. */
    isOver(caller: Caller): boolean
    /** Calls `end` when the API closes or the caller's key is removed. The returned function stops that. */
    join(caller: Caller, end: () => void): () => void
    /** The runs that callers wait for, by their ids. */
    readonly awaited: Map<string, AwaitedRun>
  }
}

/** What an answer needs to make links, and its dialect. */
export interface LinkContext {
  readonly api: Pick<HttpApiOptions, 'dialect' | 'sign' | 'urlTtlMs'> & Partial<Pick<RunningApi, 'previewOf'>>
  readonly filesUrl: string
}

/** A request of the API: what its handler gets. */
export interface ApiRequest extends Readonly<Where> {
  readonly api: RunningApi
  readonly request: PlainRequest
  readonly url: URL
  /** The parameters of the operation, checked, with their defaults. Of a file: all that were sent. */
  readonly query: URLSearchParams
  /** Who sends the request. A route without a key has no caller. */
  readonly caller: Caller
  /** The decoded path parameter; empty if the route has none. */
  readonly id: string
  readonly maxBodyBytes: number
  readonly requestId: string
}

/** A route of the API, which answers its requests. */
export interface Route extends Pick<OperationRow, 'isOpen' | 'isForAdmins' | 'hasForm'> {
  /** Without an operation, `around` does not wrap the route. */
  readonly operation?: Operation | undefined
  answer(call: ApiRequest): Response | Promise<Response>
}
