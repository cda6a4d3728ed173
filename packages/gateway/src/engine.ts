// An engine makes the runs. This is its contract with the HTTP API.
import type { WorkerPort } from './workerPort.ts'

/** The kind of an input or output. */
export type Kind = (typeof KINDS)[number]

export const KINDS = ['string', 'number', 'boolean', 'image', 'video', 'audio', 'file'] as const

/** The kinds whose values are files. */
export const FILE_KINDS: readonly Kind[] = KINDS.slice(3)

export const isFileKind = (kind: Kind): boolean => FILE_KINDS.includes(kind)

export type Scalar = string | number | boolean

/** The purpose of an input, for callers that know no workflow. */
export type InputRole = (typeof INPUT_ROLES)[number]

export const INPUT_ROLES = ['prompt', 'negative_prompt', 'seed', 'image', 'mask', 'width', 'height'] as const

/** An input of a workflow. */
export interface Input {
  readonly kind: Kind
  readonly required: boolean
  /** Takes several values. */
  readonly array: boolean
  /** The value if a caller sends none. */
  readonly default?: Scalar | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly integer?: boolean | undefined
  readonly options?: readonly Scalar[] | undefined
  readonly description?: string | undefined
  /** Its purpose, if it is known. */
  readonly role?: InputRole | undefined
  /** Earlier names, which a caller may still send. No list shows them. */
  readonly aliases?: readonly string[] | undefined
}

/** A seed in the range of its input. `random` gives a number from 0 up to 1. */
export function drawSeed(
  { min = 0, max = Number.MAX_SAFE_INTEGER }: Pick<Input, 'min' | 'max'>,
  random: () => number,
): number {
  const low = Math.ceil(Math.max(min, Math.min(0, max)))
  return Math.min(low + Math.floor(random() * (Math.floor(max) - low + 1)), max)
}

/** A workflow as callers see it. */
export interface Workflow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly inputs: ReadonlyMap<string, Input>
  readonly outputs: ReadonlyMap<string, Kind>
  /** The name of each file starts with the name of its output and `_`. Default: false */
  readonly namesFiles?: boolean | undefined
  /** Why no run of it can be submitted. The API does not list such a workflow, but gives the reason beside the list. */
  readonly problem?: string | undefined
}

export type Status = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled'

/** Whether a status never changes again. */
export const isEnded = (status: string): boolean => /^(completed|failed|cancelled)$/.test(status)

/** A run at one moment. An engine never changes an object that it has returned. */
export interface Run {
  readonly id: string
  readonly workflowId: string
  readonly groupId: string | null
  /** The name of the key that submitted it. Default: the key without a name */
  readonly owner?: string | undefined
  readonly status: Status
  /** From 0 to 1. */
  readonly progress: number
  /** While the run is queued: how many runs are ahead. */
  readonly position?: number | undefined
  /** While the run is running, or next: when it should end, as earlier runs of its workflow say. */
  readonly endsAt?: number | undefined
  /** While the run is running: the title of the node at work. */
  readonly node?: string | undefined
  /** While the run is running: the number of its latest picture, if it has one. It grows with each picture. */
  readonly preview?: number | undefined
  /** The inputs as callers see them: of a file, only the name. */
  readonly inputs: readonly { readonly path: string; readonly value: Scalar | readonly Scalar[] }[]
  /** The names of the promised outputs, without extension: known when the run is submitted. */
  readonly outputNames: readonly string[]
  /** The names of the files that exist, with extension, in the order of `outputNames`. */
  readonly files: readonly string[]
  /** By name, the content of `files` that are texts, and no files of the engine. */
  readonly texts?: Readonly<Record<string, string>> | undefined
  readonly error: string | null
  /** Why no server can take the run, or which server does not answer that has it. */
  readonly waitsFor?: string | undefined
  /** The state of the webhook, once a run with a webhook has ended. */
  readonly webhook?: WebhookState | undefined
  readonly createdAt: number
  readonly startedAt: number | null
  readonly completedAt: number | null
}

/** The picture of a run at work: JPEG, PNG or WebP, of at most 204,800 bytes. */
export interface Preview {
  readonly type: string
  readonly data: Uint8Array
}

/** A larger picture is no preview. */
export const MOST_PREVIEW_BYTES = 204_800

/** The state of a webhook. `lastStatus`, of the last answer, is `null` if there was no answer. */
export interface WebhookState {
  readonly status: 'pending' | 'delivered' | 'failed'
  readonly attempts: number
  readonly lastStatus: number | null
}

/** The name of an output that names the run, too. */
export const outputName = (output: string, runId: string): string => `${output}_${runId}`

/** The name of a file of an output. From the second file on, the name has a number. */
export const fileName = (output: string, index: number, ending: string): string =>
  `${output}${index > 0 ? `_${index + 1}` : ''}.${ending}`

/** Who sends a request: the name of a key, and what the key may do. */
export interface Caller {
  /** The name of the key, which owns the runs that it submits. Default: none */
  readonly owner?: string | undefined
  /** Sees and cancels the runs of all owners, and has the routes of operators. Default: false */
  readonly isAdmin?: boolean | undefined
  /** The ids of the workflows that it sees and runs. Default: all */
  readonly workflows?: readonly string[] | undefined
  /** The most runs of the owner that have not ended. Default: no limit */
  readonly maxUnfinished?: number | undefined
  /** From 0 to 9; nine of ten turns go to the highest priority that waits. Default: 0 */
  readonly priority?: number | undefined
}

/** Whether a caller may know of the runs of this owner. */
export const maySee = (caller: Caller, owner: string | undefined): boolean =>
  caller.isAdmin === true || (caller.owner !== undefined && caller.owner === owner)

/** Whether a caller may know of a workflow, and run it. */
export const mayRun = ({ workflows }: Caller, id: string): boolean => workflows?.includes(id) ?? true

/** A file of a caller, as it comes in. */
export interface IncomingFile {
  readonly name: string
  /** The media type that the sender gives. */
  readonly type: string
  readonly body: ReadableStream<Uint8Array>
}

/** A file that an engine has taken. Only the engine reads this object. */
export type StoredFile = object

export interface Submission {
  /** The value of each input that was sent, checked against its kind, range and choices. */
  readonly values: Readonly<Record<string, Scalar | StoredFile | readonly (Scalar | StoredFile)[]>>
  /** The same values as {@link Run.inputs} shows them. */
  readonly inputs: Run['inputs']
  readonly groupId: string | null
  readonly requestId: string
  /** Only for an engine with {@link Engine.findKey}. */
  readonly once?: Once | undefined
  /** The address for the webhook of the run, which was checked. Only for an engine with a queue */
  readonly webhookUrl?: string | undefined
  /** Whether the run is to have pictures while it is made. Default: false */
  readonly previews?: boolean | undefined
}

/** The caller's `Idempotency-Key`, and a hash of what was sent under it: the workflow, the group and the inputs. */
export interface Once {
  readonly key: string
  readonly hash: string
}

/** The answer to an earlier submission, and the hash of what was sent. */
export interface KnownRun {
  readonly run: Run
  readonly number: number
  readonly hash: string
}

/** Throws if something else was sent under the key of a known run. */
export function checkSame(known: Pick<KnownRun, 'hash'>, { hash }: Once): void {
  const message = 'This Idempotency-Key was sent before with other inputs, or another workflow or group'
  if (known.hash !== hash) throw new EngineError(422, message)
}

/** A run before it is submitted. */
export interface Draft {
  readonly workflow: Workflow
  /** Takes a file, and reads its body to the end or cancels it. */
  putFile(input: string, file: IncomingFile): Promise<StoredFile>
  /** Takes the address of a file. Throws an {@link InputError} if the engine does not read files from there. */
  putUrl(input: string, url: string): Promise<StoredFile>
  /**
   * Starts the run, once. After an `EngineError` of 429 clients submit again; after a 5xx it may have been started. With
   * `once`, a known key starts nothing, and gives its run or a 422. Two with one key at one moment are one run.
   */
  submit(submission: Submission): Promise<{ readonly run: Run; readonly number: number }>
  /** Removes the files of a draft that is not submitted. Default: the engine can't */
  discard?(): void
}

export interface Container {
  readonly name: string
  readonly url: string
  readonly status: 'idle' | 'running' | 'stalled' | 'stopped'
  readonly running: readonly QueueEntry[]
  /** The first ones, if there are many. */
  readonly pending: readonly QueueEntry[]
  /** How many there are in all. Default: as many as `pending` has */
  readonly waiting?: number | undefined
  /** Why it gets no runs, though it answers. */
  readonly reason?: string | undefined
  /** Whether it is no server, but the queue that all servers take from. */
  readonly isQueue?: boolean | undefined
}

/** A run in a queue. A caller that may not know of the owner's runs gets no id. */
export type QueueEntry = readonly [number: number, runId: string, owner?: string | undefined]

export interface RunsQuery {
  readonly groupId: string | null
  /** The owner of the runs. Default: all runs, or with a group, the runs of the group that have no owner */
  readonly owner?: string | undefined
  readonly sortBy: 'created_at' | 'started_at' | 'completed_at'
  readonly sortOrder: 'asc' | 'desc'
  readonly offset: number
  readonly limit: number
}

/** The day in UTC, such as `2026-12-01`. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** The first and the last day, both counted. */
export interface UsageQuery {
  readonly from: string
  readonly to: string
  /** Only the runs of this owner. Default: all runs */
  readonly owner?: string | undefined
  readonly offset: number
  readonly limit: number
}

/** The runs of a workflow and an owner that ended on one day, and their GPU time. */
export interface UsageRow {
  readonly day: string
  readonly owner: string | undefined
  readonly workflowId: string
  readonly completed: number
  readonly failed: number
  readonly cancelled: number
  readonly gpuMs: number
}

/** The counts of a page, the oldest day first, and how many there are in all. */
export interface UsagePage {
  readonly rows: readonly UsageRow[]
  readonly total: number
}

const TIMES = { created_at: 'createdAt', started_at: 'startedAt', completed_at: 'completedAt' } as const

/**
 * The order of a list, for `Array.sort`. Runs without the time in question come last in either order. `compareEqual`
 * decides between equal times.
 */
export function compareRuns<T extends Pick<Run, 'createdAt' | 'startedAt' | 'completedAt'>>(
  { sortBy, sortOrder }: Pick<RunsQuery, 'sortBy' | 'sortOrder'>,
  compareEqual: (a: T, b: T) => number,
): (a: T, b: T) => number {
  const direction = sortOrder === 'asc' ? 1 : -1
  return (a, b) => {
    const [first, second] = [a[TIMES[sortBy]], b[TIMES[sortBy]]]
    if ((first === null) !== (second === null)) return first === null ? 1 : -1
    return direction * ((first ?? 0) - (second ?? 0) || compareEqual(a, b))
  }
}

/** Makes the runs. Every method may throw an {@link EngineError}; anything else is a defect, answered with 500. */
export interface Engine {
  workflows(): Promise<readonly Workflow[]>
  /**
   * Begins a run of a workflow; `undefined` if no workflow has this id. `signal` aborts when the caller leaves. The caller
   * owns the run. Throws a 429 if the caller may have no more runs. Default: a caller without a name and limits
   */
  draft(workflowId: string, signal: AbortSignal, caller?: Caller): Promise<Draft | undefined>
  /**
   * The answer to the submission with this `Idempotency-Key` of this owner. It is called before a submission is read, so that no limit
   * and no full disk refuses a known key. Default: the engine keeps no keys, and the header gets a 400
   */
  findKey?(key: string, owner?: string): Promise<KnownRun | undefined>
  /** `undefined` only if surely no run has this id. */
  getRun(id: string): Promise<Run | undefined>
  /** A page of the runs, and how many runs there are in all. */
  getRuns(query: RunsQuery): Promise<{ readonly runs: readonly Run[]; readonly total: number }>
  /** Cancels the run unless it has ended, and returns its state after that; `undefined` as in `getRun`. */
  cancelRun(id: string): Promise<{ readonly run: Run; readonly hadEnded: boolean } | undefined>
  containers(): Promise<readonly Container[]>
  /** The run that has this name in `outputNames` or `files`, and the name of the file if it exists. */
  findOutput(filename: string): Promise<{ readonly run: Run; readonly file?: string | undefined } | undefined>
  /**
   * A file of a run: a status of 200, 206, 304 or 416, the type and length, and a body that is a stream. `headers` are
   * the caller's `range`, `if-none-match` and the like, and nothing else. Callers may be sent to the `location` of the
   * file, if it has one; then nobody reads the body.
   */
  readOutput(run: string, file: string, headers: Headers, signal: AbortSignal): Promise<Response | undefined>
  /**
   * Calls the listener at each change that the engine hears of, until the returned function is called. With `runId`, it
   * need not hear of other runs. Default: readers of events ask for their run again and again
   */
  watch?(listener: (run: Run) => void, runId?: string): () => void
  /** Makes the engine hear of each change of this run, until the returned function is called. */
  follow?(runId: string): () => void
  /** The latest picture of a run at work, if it has one. Default: no run has any */
  readPreview?(runId: string): Promise<Preview | undefined>
  /** When the run that has waited longest was submitted. Default: unknown */
  oldestAt?(): Promise<number | undefined>
  /** Writes to the store of the runs. It rejects if no run could be stored now. Default: nothing is written */
  probe?(): Promise<void>
  /** How many runs ended, and their GPU time. Default: the engine counts nothing */
  usage?(query: UsageQuery): Promise<UsagePage>
  /**
   * Lets a server take no other run, or take runs again; also after a restart, and at all gateways with the queue. False: no
   * server has this name. Default: no server can be paused
   */
  setPaused?(server: string, isPaused: boolean): Promise<boolean>
  /** Takes no more runs from the queue. Runs that servers have go on. `close` is called later */
  drain?(): void
  /** Reports the servers and workflows of the engine, with their problems. It never throws. */
  report?(): Promise<Report>
  /** A secret that the engine keeps with its records. Default: it keeps none */
  secret?(): Promise<string>
  /** Lets a worker dial in whose key was checked. Default: no worker can */
  dialIn?(name: string, session: string): Promise<WorkerPort>
  /** Stops timers and connections, once. Runs that are made elsewhere go on. The gateway waits for a promise. */
  close(): void | Promise<void>
}

/** The state of servers and workflows, for the person who starts a gateway. */
export interface Report {
  readonly servers: readonly { readonly name: string; readonly answers: boolean; readonly about: string }[]
  readonly workflows: readonly {
    readonly id: string
    /** Empty, like `outputs`, if the workflow can't be read. */
    readonly inputs: Readonly<Record<string, Pick<Input, 'kind' | 'required'>>>
    readonly outputs: Readonly<Record<string, Kind>>
    /** Why the workflow can't run; `null` if it can. */
    readonly problem: string | null
  }[]
  /** More facts about the servers for this person, a sentence each. */
  readonly notes?: readonly string[] | undefined
}

/** The parts of a gateway that its engine gets from `createGateway`. */
export interface EngineContext {
  readonly workflows: WorkflowSource
  /** The place for records. Default: the engine has one of its own */
  readonly storage?: Storage | undefined
  /** The queue that several servers take from, which only the engine reads. Default: none */
  readonly queue?: object | undefined
  /** Whether workers may dial in: the gateway has a key for them. Default: false */
  readonly workers?: boolean | undefined
  /** For how many days an engine keeps its own records. Default: 30 */
  readonly keepDays?: number | undefined
  /** The hosts that files may be read from by URL. */
  readonly inputHosts: readonly string[]
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void
  /** Hears what an operator counts. Default: nobody does */
  readonly observer?: Observer | undefined
}

/** Hears what happens to runs and servers, for an operator. */
export interface Observer {
  /** This process has written the end of a run. */
  ended(run: RunEnd): void
  /** A server begins a run of another workflow than before. */
  modelLoaded(workflowId: string): void
  /** A server that could work had no run for so long. */
  idle(server: string, ms: number): void
  /** A request to the store of the runs has failed. */
  storeFailed(): void
}

/** The end of a run, for an operator. */
export interface RunEnd {
  readonly id: string
  readonly workflowId: string
  /** The name of the key that submitted it. Default: the key of `apiKey`, which has no name */
  readonly owner?: string | undefined
  readonly server?: string | undefined
  /** `lost`: its server was away for too long; `expired`: no server took it in time */
  readonly end: 'completed' | 'failed' | 'cancelled' | 'lost' | 'expired'
  /** From its submission to its start, or to its end if it never started. */
  readonly waitedMs: number
  /** From its start to its end. `undefined`: it never started */
  readonly ranMs: number | undefined
}

/** The workflows, or a function that gives them as they are now. A file that has not changed is the same object. */
export type WorkflowSource = readonly WorkflowFile[] | (() => Promise<readonly WorkflowFile[]>)

/** A workflow in the engine's own format, and its sidecar. */
export interface WorkflowFile {
  /** The file's name without ending. */
  readonly name: string
  /** For `comfyui()`: the API format, or the format of ComfyUI's editor. */
  readonly graph: unknown
  /** The format of the editor, where `graph` is the API format and a picture has both. */
  readonly workflow?: unknown
  readonly sidecar?: unknown
  /** The file's name, for messages. Default: the name with `.json` */
  readonly file?: string | undefined
  /** Why the file can't be used, if it has no graph. */
  readonly problem?: string | undefined
}

/** The methods of `unstorage` that records need. Values are text. */
export interface Storage {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: string): Promise<void>
  removeItem(key: string): Promise<void>
  getKeys(base?: string): Promise<string[]>
}

export type EngineMaker = (context: EngineContext) => Engine

// The errors of an engine, and how the HTTP API answers them.

/** A fault in the inputs of a request, in the form of FastAPI. */
export interface Problem {
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly type: string
}

/** Answered with 422; nothing was started. */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '))
    this.problems = problems
  }
}

/** Answered with its status and message. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly status: number
  /** For the header `Retry-After`. */
  readonly retryAfterS: number | undefined
  /** The run that may have been started, in spite of the error. */
  readonly runId: string | undefined

  constructor(
    status: number,
    message: string,
    { retryAfterS, runId, cause }: { retryAfterS?: number; runId?: string; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.status = status
    this.retryAfterS = retryAfterS
    this.runId = runId
  }
}

/**
 * Throws the error of a submission that surely started nothing. A 503 would leave that open, so it becomes a 429: clients
 * submit again.
 */
export function nothingStarted(error: unknown): never {
  if (!(error instanceof EngineError) || error.status !== 503) throw error
  throw new EngineError(429, error.message, { retryAfterS: error.retryAfterS ?? 5, cause: error })
}
