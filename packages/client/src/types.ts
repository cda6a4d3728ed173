/** Custom headers: a record, or a function called for each request (for tokens that rotate). */
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

/** What a log line is about. Never a key, a header or an input. */
export interface LogFields {
  method?: string
  path?: string
  /** HTTP status; left out when no answer came. */
  status?: number | undefined
  /** From 1. */
  attempt?: number
  durationMs?: number
  [field: string]: unknown
}

/** The part of the global `fetch` that the client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Options of {@link createClient}. */
export interface ClientOptions {
  /**
   * Such as `https://<pod>.pod.flowscale.ai`, without `/api/v1`. For pages also a path (`/api/flowscale`), which each request
   * takes against the page's origin.
   */
  baseUrl: string | URL
  /** Sent as `X-API-KEY`, to `baseUrl` only. Leave it out where a proxy adds it. */
  apiKey?: string | undefined
  /** Must be `true` to use an `apiKey` in a browser, where every visitor can read it. Default `false`. */
  allowDangerouslyExposeApiKey?: boolean | undefined
  /** Sent with every request to `baseUrl`. */
  headers?: HeadersSource | undefined
  /** Limit of one attempt, headers and body, in ms. Default 60000. */
  timeoutMs?: number | undefined
  /** How often a request that is safe to repeat is tried again. Default 3; 0 switches it off. */
  maxRetries?: number | undefined
  /** Base of the exponential back-off with full jitter, in ms. Default 1000. */
  retryDelayMs?: number | undefined
  /** Used instead of the global `fetch`. */
  fetch?: Fetch | undefined
  /** Default: none. */
  logger?: Logger | undefined
}

declare const internals: unique symbol

/**
 * Made by {@link createClient}; frozen. Logs and JSON show neither its key nor its headers. Code that means to can still
 * get them: what runs in your process has your key.
 */
export interface Client {
  /** Without a trailing slash; a path, where one was given. */
  readonly baseUrl: string
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly retryDelayMs: number
  /** @internal */
  readonly [internals]: true
}

/** Options that every operation takes. */
export interface RequestOptions {
  /** Aborts the request and every pause between attempts; its reason comes back as it is. */
  signal?: AbortSignal | undefined
  /** Limit of one attempt, in ms. Default: the client's. */
  timeoutMs?: number | undefined
  /** Default: the client's. */
  maxRetries?: number | undefined
  /** Merged over the client's. */
  headers?: HeadersSource | undefined
}

/** How FlowScale wraps every answer. */
export interface Envelope<T> {
  status: string
  data: T
  /** As the server sends it; so are `meta`, and fields without a name here. */
  errors?: string | string[] | null
  meta?: Record<string, unknown> | null
  [field: string]: unknown
}

/** The known words of a container's status; a server may use others. */
export type ContainerStatus = 'idle' | 'running' | 'stopped' | (string & {})

/** One container of the pod. */
export interface ContainerHealth {
  container: string
  status: ContainerStatus
  /** As some servers name it; `container` has it on all. */
  url?: string | null
  [field: string]: unknown
}

/** A place in the queue. */
export type QueueEntry = [number: number, runId: string, ...rest: unknown[]]

/** What one container works on. */
export interface ContainerQueue {
  container: string
  /** As some servers name it; `container` has it on all. */
  comfy_uri?: string | null
  queue: { queue_running: QueueEntry[]; queue_pending: QueueEntry[]; [field: string]: unknown }
  [field: string]: unknown
}

/** A deployed workflow. {@link parseWorkflow} reads its inputs and outputs in every form. */
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

/** What an input or output is. */
export type WorkflowKind = 'string' | 'number' | 'boolean' | 'image' | 'video' | 'audio' | 'file' | 'unknown'

/** A submitted run. */
export interface Execution {
  run_id: string
  /** Empty where the server names them later. */
  output_names: string[]
  /** ComfyUI's complaints by node id; empty where there are none. */
  node_errors: Record<string, unknown>
  /** Place in the queue; `null` where the server does not say. */
  number: number | null
  workflow_id?: string | null
  /** The other runs, where the server started several by this one call. Waits follow the first run only. */
  others?: Execution[]
  [field: string]: unknown
}

/** An output file, ready to fetch. */
export interface Output {
  /** Signed and expiring. `null`: the server says it is done, and gives no address. */
  download_url: string | null
  generation_status: RunStatus
  [field: string]: unknown
}

/**
 * The known words of a run's status; a server may use others. Done are `completed` and `success`; failed are `failed`,
 * `error`, `cancelled`, `canceled` and `timed_out`; any other word is a run that goes on.
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

/** A run as the server tells it. */
export interface Run {
  _id: string
  status: RunStatus
  inputs: { path?: string; value?: unknown; [field: string]: unknown }[]
  outputs: RunOutput[]
  output_names?: string[]
  /** From 0 to 1, in whichever form the server tells it; left out where it does not. */
  progress?: number
  /** Place in the queue, from 0 or 1 as the server counts; left out where it does not tell it. */
  position?: number
  workflow_id?: string | null
  group_id?: string | null
  /** As the server writes times, mostly ISO 8601; so are the next two. */
  created_at?: string | null
  /** `null`: it waits. */
  started_at?: string | null
  /** `null`: it has not ended. */
  completed_at?: string | null
  /** Why it failed. */
  error?: string | null
  [field: string]: unknown
}

/** An output as a run lists it. */
export interface RunOutput {
  filename?: string
  url?: string | null
  [field: string]: unknown
}

/** An output file of a result. */
export interface ResultOutput extends Output {
  filename: string
}

/** The outputs of a run that has none, or several. */
export interface ResultList extends Array<ResultOutput> {
  /** Use `outputs`: a list has no address of its own. It is declared so that `data.download_url` compiles for either. */
  readonly download_url?: undefined
  /** Use `outputs`. */
  readonly generation_status?: undefined
}

/** The result of a run. */
export interface RunResult {
  status: 'success'
  /** Use `outputs`. This is as published: the output itself where there is one only, else a list, without or with several. */
  data: Pick<Output, 'download_url' | 'generation_status'> | ResultList
  runId: string
  /** All output files, always as a list, each with its name. */
  outputs: ResultOutput[]
}

/** What a wait gives: that of a result, of a run, and of an output. */
export type Resumed = RunResult | Run | Envelope<Output>

/** How long runs took, made by {@link createPollHistory}. */
export interface PollHistory {
  /** @internal Begins a wait: gives the pause after each state of its run, in ms; `null` when it was just submitted. */
  begin(): (run?: Partial<Run> | null) => number
}

/** What may be changed when a wait is resumed: the options of that wait, but for those of a submission. */
export interface ResumeOptions {
  pollIntervalMs?: number | PollHistory | undefined
  /** Limit of the whole wait from now, in ms. Default: as before. */
  timeoutMs?: number | undefined
  maxPolls?: number | undefined
  signal?: AbortSignal | undefined
  headers?: HeadersSource | undefined
  cancelOn?: 'abort' | 'timeout' | 'both' | 'never' | undefined
  push?: PushConnection | undefined
  onUpdate?: ((run: Run) => unknown) | undefined
  onProgress?: ((progress: RunProgress) => unknown) | undefined
}

/** An update of a run by a push connection. Its state is a hint: only the answer to a poll counts. */
export interface RunUpdate {
  readonly status?: RunStatus | undefined
  /** From 0 to 1. */
  readonly progress?: number | undefined
  /** Place in the queue. */
  readonly position?: number | undefined
}

/** How far a run is, for `onProgress`. */
export interface RunProgress {
  status: RunStatus
  /** From 0 to 1, never going back; left out where the server does not tell it. */
  progress?: number
  /** Place in the queue, while the run waits there and where the server tells it. */
  position?: number
}

/** What a wait needs of a connection, such as that of `connectWebSocket` or `connectEvents`. */
export interface PushConnection {
  readonly connected: boolean
  /**
   * Subscribes to a run. `listener` is called with each update; with `isNews` it is a reason to ask the server: for a new
   * state, and when the connection is lost or closed.
   */
  watch(runId: string, listener: (update: RunUpdate, isNews: boolean) => void): RunWatch
}

/** A subscription to a run. */
export interface RunWatch {
  /** Whether updates of this run come now. Default: as the connection. */
  readonly connected?: boolean
  /** The pause until the next poll, where it is `ms` without a connection. */
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

/** A `Blob`, as far as types need it, so that no type library has to be there. */
export interface BlobLike {
  readonly size: number
  readonly type: string
  arrayBuffer(): Promise<ArrayBuffer>
  slice(start?: number, end?: number, type?: string): BlobLike
}

/** A Blob with a name, as `File` and {@link toFile} give. */
export interface NamedBlob extends BlobLike {
  readonly name: string
}

/**
 * A file as an input, or a URL that the server fetches. The path of a file is none: `fileInput` of
 * `@flowscale/client/node` reads it.
 */
export type FileInput =
  | BlobLike
  | ArrayBuffer
  | ArrayBufferView
  | `http://${string}`
  | `https://${string}`
  | `data:${string}`

/** An input that is sent as one form part. */
export type InputItem =
  | string
  | number
  | bigint
  | boolean
  | Date
  | BlobLike
  | ArrayBuffer
  | ArrayBufferView
  | { readonly [key: string]: unknown }

/** Inputs by name. `undefined` is left out. */
export type Inputs = Readonly<Record<string, InputItem | readonly (InputItem | undefined)[] | undefined>>

/** The names of what is a function: streams, promises, Maps and most other objects of a class have some. */
type Methods<V> = {
  [K in keyof V]-?: unknown extends V[K] ? never : V[K] extends (...args: never[]) => unknown ? K : never
}[keyof V]
type Item<V> = V extends InputItem | undefined
  ? V
  : V extends readonly unknown[] | ((...args: never[]) => unknown) | symbol | null
    ? InputItem
    : [Methods<V>] extends [never]
      ? V
      : InputItem
type Value<V> = unknown extends V ? V : V extends readonly (infer I)[] ? readonly Item<I>[] : Item<V>

/**
 * `T` where all of it can be sent. Unlike {@link Inputs} it takes an interface, which has no index signature, and
 * leaves open what is `unknown`.
 */
export type InputsOf<T> =
  | Inputs
  | (T extends readonly unknown[] ? never : { readonly [K in keyof T]: Value<T[K]> })
