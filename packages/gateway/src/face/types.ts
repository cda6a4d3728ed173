import type { Engine } from '../engine.ts'

/** The forms of the API: that of the published README, of its OpenAPI document, and of the Python SDK. */
export type Dialect = 'readme' | 'openapi' | 'python'

/** Where a request came in; a server says so. */
export interface Where {
  /** Download links in the answer start with it. */
  filesUrl: string
  /** The request came in on the files origin. */
  files?: boolean | undefined
  /** Where the API is, if this is the files origin: named where a caller mistakes one for the other. */
  apiUrl?: string | undefined
  /** A larger body is answered with 413. Default: no limit */
  maxUploadBytes?: number | undefined
}

/** How a run stands, under the names of the wire. */
export interface RunUpdate {
  readonly run_id: string
  readonly status: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled'
  /** From 0 to 1. */
  readonly progress: number
  /** While it is queued: how many runs go before it. */
  readonly position?: number | undefined
  /** While it is running: the title of the node at work. */
  readonly node?: string | undefined
  /** As the run shows them in the dialect that is spoken. */
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

export interface FaceOptions {
  readonly engine: Engine
  readonly dialect: Dialect
  /** The key that requests must carry; `null`: none. */
  readonly apiKey: string | null
  /** Signs download links. */
  sign(text: string): string | Promise<string>
  readonly urlTtlMs: number
  /** Files are served beside the API; without it, only on an origin of their own. */
  readonly oneOrigin?: boolean | undefined
  /**
   * The most runs that a list without pages has; lists have pages in every dialect then. Default: no limit, and pages in
   * `python` only.
   */
  readonly longestList?: number | undefined
  makeRequestId(): string
  /** What it calls itself in errors. */
  readonly name: string
  /** Stands between an operation and its answer. An error of `breakOff` is passed on to the server. */
  around?(
    operation: Operation,
    target: string,
    call: { readonly request: Request; readonly filesUrl: string; perform(): Promise<Response> },
  ): Promise<Response>
}

/** The API in front of an engine: what a server needs. */
export interface Face {
  readonly apiKey: string | null
  handle(request: Request, where: Where): Promise<Response>
  /** Whether `handle` refuses a request by its headers alone, so that a handshake must not get around it. */
  keepsOut?(request: { readonly headers: Headers }): boolean
  /** Calls the listener at each change of a run, until the function that it gives is called. */
  watch(listener: (update: RunUpdate) => void): () => void
  /** How a run stands now, or `null` where there is none of that id. */
  stateOf(runId: string): RunUpdate | null | Promise<RunUpdate | null>
  /** Asks for each change of this run, until the function that it gives is called. */
  follow?: ((runId: string) => () => void) | undefined
}

/** A face at work, with its streams of events. */
export interface OpenFace extends FaceOptions {
  readonly streams: {
    /** What ends each of those that are open. */
    readonly ends: Set<() => void>
    /** Those that come later end after their first event. */
    closed: boolean
  }
}

/** A request of an operation. */
export interface Call {
  readonly face: OpenFace
  readonly request: Request
  readonly query: URLSearchParams
  /** The decoded path parameter, where the route has one. */
  readonly id: string
  readonly filesUrl: string
  readonly maxBodyBytes: number
  readonly requestId: string
}
