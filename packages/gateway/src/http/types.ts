// The options and requests of the HTTP API.
import type { Engine, Run, Status } from '../engine.ts'
import type { Dialect, Operation } from './operations.ts'

/** How long a download link lives by default. */
export const URL_TTL_MS = 900_000

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
  /** The names of the outputs in the dialect. */
  readonly output_names: readonly string[]
}

export interface HttpApiOptions {
  readonly engine: Engine
  readonly dialect: Dialect
  /** The key that requests must carry; `null`: none. */
  readonly apiKey: string | null
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
  makeRequestId(): string
  /** The name of the server in errors. */
  readonly name: string
  /** Wraps each operation. An error of `breakOff` goes on to the server. */
  around?(
    operation: Operation,
    target: string,
    call: { readonly request: Request; readonly filesUrl: string; perform(): Promise<Response> },
  ): Promise<Response>
}

/** The API in front of an engine: what a server needs. */
export interface HttpApi {
  readonly apiKey: string | null
  handle(request: Request, where: Where): Promise<Response>
  /** Whether `handle` refuses a request because of its headers. A server also checks handshakes with it. */
  keepsOut?(request: { readonly headers: Headers }): boolean
  /** Calls the listener at each change of a run. The returned function stops the calls. */
  watch(listener: (update: RunUpdate) => void): () => void
  /** The state of a run, or `null` if no run has this id. */
  stateOf(runId: string): RunUpdate | null | Promise<RunUpdate | null>
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
export interface RunningApi extends HttpApiOptions {
  readonly streams: {
    /** Functions that end the open streams. */
    readonly ends: Set<() => void>
    /** Once true, a new stream ends after its first event. */
    closed: boolean
    /** The runs that callers wait for, by their ids. */
    readonly awaited: Map<string, AwaitedRun>
  }
}

/** A request of the API: what its handler gets. */
export interface ApiRequest extends Readonly<Where> {
  readonly api: RunningApi
  readonly request: Request
  readonly url: URL
  /** The parameters of the operation, checked, with their defaults. Of a file: all that were sent. */
  readonly query: URLSearchParams
  /** The decoded path parameter; empty if the route has none. */
  readonly id: string
  readonly maxBodyBytes: number
  readonly requestId: string
}
