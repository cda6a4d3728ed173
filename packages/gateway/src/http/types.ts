import type { Engine, Status } from '../engine.ts'

/** The forms of the API, from three sources: the published README, the OpenAPI document and the Python SDK. */
export type Dialect = 'readme' | 'openapi' | 'python'

export const DIALECTS: readonly Dialect[] = ['readme', 'openapi', 'python']

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

export type ApiOperation =
  | 'checkHealth'
  | 'getQueue'
  | 'getWorkflows'
  | 'executeWorkflow'
  | 'getOutput'
  | 'cancelRun'
  | 'getRun'
  | 'connectEvents'
  | 'getRuns'

export type Operation = ApiOperation | 'downloadOutput'

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

/** An API at work, with its streams of events. */
export interface RunningApi extends HttpApiOptions {
  readonly streams: {
    /** Functions that end the open streams. */
    readonly ends: Set<() => void>
    /** Once true, a new stream ends after its first event. */
    closed: boolean
  }
}

/** A request of the API: what its handler gets. */
export interface ApiRequest extends Readonly<Where> {
  readonly api: RunningApi
  readonly request: Request
  readonly url: URL
  readonly query: URLSearchParams
  /** The decoded path parameter; empty if the route has none. */
  readonly id: string
  readonly maxBodyBytes: number
  readonly requestId: string
}
