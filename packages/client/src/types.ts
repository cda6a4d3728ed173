/** Custom headers: an object, or a function that is called for each request, for tokens that change. */
export type HeadersSource =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)

/** Any logger with these four methods, such as `console`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** The fields of a log line. They never hold a key, a header or an input. */
export interface LogFields {
  method?: string
  path?: string
  /** The HTTP status. Missing if no answer came. 429 also stands for a submission whose connection was refused. */
  status?: number | undefined
  /** The number of the attempt, from 1. */
  attempt?: number
  durationMs?: number
  [field: string]: unknown
}

/** The part of the global `fetch` that the client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** The type of `idempotency` and `idempotencyWhereKept()`. */
export interface Idempotency {
  /**
   * The options that submissions have with `idempotency`, and their rules.
   * @internal
   */
  readonly rules: Readonly<Record<'idempotencyKey', (value: unknown) => string | true>>
  /**
   * Throws if the server keeps no keys.
   * @internal
   */
  demand(client: Client, options: RequestOptions): Promise<void>
  /**
   * Submits by `send` until there is a clear answer. A `key` may have been sent before, unless it is `new`. Then the server must
   * keep keys: it is asked, unless it was (`kept`).
   * @internal
   */
  submit(
    client: Client,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<Envelope<Execution>>,
    key?: string,
    about?: 'new' | 'kept',
  ): Promise<Envelope<Execution>>
}

/** Options of {@link createClient}. */
export interface ClientOptions {
  /**
   * The address of the server without `/api/v1`, such as `https://<pod>.pod.flowscale.ai`. In a page it can be a path,
   * such as `/api/flowscale`, at the page's origin.
   */
  baseUrl: string | URL
  /** Sent as `X-API-KEY`, to `baseUrl` only. Leave it out if a proxy adds it. */
  apiKey?: string | undefined
  /** `true` allows an `apiKey` in a browser, where every visitor can read it. Default `false`. */
  allowDangerouslyExposeApiKey?: boolean | undefined
  /** Sent with every request to `baseUrl`. */
  headers?: HeadersSource | undefined
  /**
   * `idempotency` or `idempotencyWhereKept()` of this package: each submission carries an `Idempotency-Key`, and can be sent
   * again after an unclear answer. It is no flag, so that only apps that use it hold its code. Default: no keys.
   */
  idempotency?: Idempotency | undefined
  /** The time limit of one attempt, headers and body, in ms. Default 60000. */
  timeoutMs?: number | undefined
  /** How many times a request is retried if that is safe. Default 3; 0 switches retries off. */
  maxRetries?: number | undefined
  /** The base of the pause before a retry, in ms: exponential back-off with full jitter. Default 1000. */
  retryDelayMs?: number | undefined
  /** Used instead of the global `fetch`. */
  fetch?: Fetch | undefined
  /** Default: none. */
  logger?: Logger | undefined
}

declare const internals: unique symbol

/**
 * A client, as {@link createClient} makes it. It is frozen. Logs and JSON don't show its key or headers, but other code in
 * your process can still get them.
 */
export interface Client {
  /** The address without a trailing slash, or the path. */
  readonly baseUrl: string
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly retryDelayMs: number
  /** @internal */
  readonly [internals]: true
}

/** Options that every operation takes. */
export interface RequestOptions {
  /** Aborts the request and the pauses between attempts. The function throws the signal's reason, unchanged. */
  signal?: AbortSignal | undefined
  /** The time limit of one attempt, in ms. Default: the client's. */
  timeoutMs?: number | undefined
  /** How many times a request is retried. Default: the client's. */
  maxRetries?: number | undefined
  /** Added to the client's headers. A header of the same name replaces the client's. */
  headers?: HeadersSource | undefined
}

/** The envelope of every answer of FlowScale. */
export interface Envelope<T> {
  status: string
  data: T
  /** As the server sends it, like `meta` and all other fields. */
  errors?: string | string[] | null
  meta?: Record<string, unknown> | null
  [field: string]: unknown
}

/** The status of a container. A server may use other words. */
export type ContainerStatus = 'idle' | 'running' | 'stopped' | (string & {})

/** One container of the pod. */
export interface ContainerHealth {
  container: string
  status: ContainerStatus
  /** The name of the container on some servers. `container` has the name on every server. */
  url?: string | null
  /** Why a server of your gateway gets no runs, such as `paused` or `does not answer`. */
  reason?: string
  [field: string]: unknown
}

/** A place in the queue. */
export type QueueEntry = [number: number, runId: string, ...rest: unknown[]]

/** The queue of one container. */
export interface ContainerQueue {
  container: string
  /** The name of the container on some servers. `container` has the name on every server. */
  comfy_uri?: string | null
  queue: {
    queue_running: QueueEntry[]
    /** A gateway with a queue sends the first 200. */
    queue_pending: QueueEntry[]
    /** How many wait in all, from a gateway with a queue. */
    queue_remaining?: number
    [field: string]: unknown
  }
  /** Why a server of your gateway gets no runs, such as `paused` or `does not answer`. */
  reason?: string
  [field: string]: unknown
}

/** A deployed workflow. {@link parseWorkflow} reads its inputs and outputs. */
export interface Workflow {
  id: string
  name: string
  description: string
  /** A JSON string on some servers, an object on others. */
  inputs: unknown
  /** A JSON string, an object or a list of names. */
  outputs: unknown
  [field: string]: unknown
}

/** A submitted run. */
export interface Execution {
  run_id: string
  /** Empty if the server names them later. */
  output_names: string[]
  /** The errors of ComfyUI by node id, or an empty object. */
  node_errors: Record<string, unknown>
  /** The place in the queue; `null` if the server does not say. */
  number: number | null
  workflow_id?: string | null
  /** The other runs, if the server started several for one request. Waits follow the first run only. */
  others?: Execution[]
  [field: string]: unknown
}

/** An output file, ready to fetch. */
export interface Output {
  /** A signed link that expires. `null`: the output is done, but the server gives no link. */
  download_url: string | null
  generation_status: RunStatus
  /** The content of a text of at most 64 KiB, if the server sends it along. */
  text?: string
  [field: string]: unknown
}

/**
 * The status of a run. `completed` and `success` mean that the run is done; `failed`, `error`, `cancelled`, `canceled` and
 * `timed_out` mean that it failed. With any other word, also one that is not listed here, the run goes on.
 */
export type RunStatus =
  | 'queued'
  | 'pending'
  | 'running'
  | 'in_progress'
  | 'completed'
  | 'success'
  | 'failed'
  | 'error'
  | 'cancelled'
  | 'canceled'
  | 'timed_out'
  | (string & {})

/** A run. */
export interface Run {
  _id: string
  status: RunStatus
  inputs: { path?: string; value?: unknown; [field: string]: unknown }[]
  outputs: RunOutput[]
  output_names?: string[]
  /** From 0 to 1. Missing if the server reports none. */
  progress?: number
  /** The place in the queue, from 0 or 1, as the server counts. Missing if the server reports none. */
  position?: number
  /** Why no server can take the run for now, or which server has it and does not answer. The gateway's queue says so. */
  waits_for?: string
  /** With `previews`, while the run is at work: the URL of the picture so far, for an `img`. {@link getRuns} has none. */
  preview?: string
  workflow_id?: string | null
  group_id?: string | null
  /** The time as the server writes it, usually ISO 8601. */
  created_at?: string | null
  /** `null`: the run waits. */
  started_at?: string | null
  /** `null`: the run has not ended. */
  completed_at?: string | null
  /** Why the run failed. */
  error?: string | null
  [field: string]: unknown
}

/** An output in the list of a run. */
export interface RunOutput {
  filename?: string
  url?: string | null
  /** The content of a text of at most 64 KiB, if the server sends it along. */
  text?: string
  [field: string]: unknown
}

/** An output file of a result. */
export interface ResultOutput extends Output {
  filename: string
}

/** The outputs of a run that has none or several. */
export interface ResultList extends Array<ResultOutput> {
  /** Use `outputs`: a list has no link. Declared so that `data.download_url` compiles. */
  readonly download_url?: undefined
  /** Use `outputs`. */
  readonly generation_status?: undefined
}

/** The result of a run. */
export interface RunResult {
  status: 'success'
  /** Use `outputs` instead. `data` is the output itself if there is exactly one, and a list otherwise. */
  data: Pick<Output, 'download_url' | 'generation_status'> | ResultList
  runId: string
  /** All output files with their names. Always a list. */
  outputs: ResultOutput[]
  /** The other runs, if the server started several for one request. This is the result of the first run only. */
  others?: readonly Execution[]
}

/** The result of a wait: of `waitForResult`, of `waitForRun`, or of `waitForOutput`. */
export type Resumed = RunResult | Run | Envelope<Output>

/** The options that you can change when you resume a wait. */
export interface ResumeOptions {
  pollIntervalMs?: number | undefined
  /** The time limit of the resumed wait, in ms. Default: as before. */
  timeoutMs?: number | undefined
  maxPolls?: number | undefined
  signal?: AbortSignal | undefined
  headers?: HeadersSource | undefined
  cancelOn?: 'abort' | 'timeout' | 'both' | 'never' | undefined
  push?: PushConnection | undefined
  onUpdate?: ((run: Run) => unknown) | undefined
  onProgress?: ((progress: RunProgress) => unknown) | undefined
}

/** An update of a run from a push connection. Its status is a hint: only the answer to a poll counts. */
export interface RunUpdate {
  readonly status?: RunStatus | undefined
  /** From 0 to 1. */
  readonly progress?: number | undefined
  /** The place in the queue. */
  readonly position?: number | undefined
  /** The title of the node at work. */
  readonly node?: string | undefined
  /** The URL of the picture so far. Another picture has another URL. */
  readonly preview?: string | undefined
}

/** The progress of a run, for `onProgress`. */
export interface RunProgress {
  status: RunStatus
  /** From 0 to 1. It never goes back. Missing if the server reports none. */
  progress?: number
  /** The place in the queue while the run waits. Missing if the server reports none. */
  position?: number
  /** The title of the node at work, if the server sends it. */
  node?: string
  /** With `previews`: the URL of the picture so far, for an `img`. Another picture has another URL, which expires. */
  preview?: string
}

/** A push connection, such as the connections of `connectWebSocket` and `connectEvents`. */
export interface PushConnection {
  readonly connected: boolean
  /**
   * Subscribes to a run. `listener` is called with each update. `isNews` is a reason to poll: the run has a new state, or
   * the connection was lost or closed.
   */
  watch(runId: string, listener: (update: RunUpdate, isNews: boolean) => void): RunWatch
}

/** A subscription to a run. */
export interface RunWatch {
  /** Whether updates of this run come now. Default: whether the connection is up. */
  readonly connected?: boolean
  /** The pause until the next poll, if it would be `ms` without a connection. */
  pauseMs(ms: number): number
  stop(): void
}

/** A page of runs. */
export interface RunList {
  group_id: string | null
  count: number
  runs: Run[]
  [field: string]: unknown
}
