import type { Dialect, Kind, RunUpdate, Scalar, Where } from '@flowscale/gateway/face'
import type { FaultKind, FaultOptions } from './faults/types.ts'

/** An input of a workflow. */
export interface InputDefinition {
  kind: Kind
  /** Default: true, and false with `default` or `seed` */
  required?: boolean | undefined
  /** Takes several values: the same key repeated, or `name_0`, `name_1`. Default: false */
  array?: boolean | undefined
  /** The value of an input that is not sent. Not for files and arrays */
  default?: Scalar | undefined
  /** The least number allowed. */
  min?: number | undefined
  /** The largest number allowed. */
  max?: number | undefined
  /** Takes whole numbers only. Default: false */
  integer?: boolean | undefined
  /** The allowed values. */
  options?: readonly Scalar[] | undefined
  /** For people who read the list of workflows. */
  description?: string | undefined
  /** A random whole number if none is sent; the inputs of the run show it. Default: false */
  seed?: boolean | undefined
}

/** A file that was uploaded. */
export interface InputFile {
  name: string
  type: string
  data: Uint8Array
}

/** An input as a workflow gets it. */
export type InputValue = string | number | boolean | InputFile

/** Optional inputs that were not sent are absent. Inputs with `array: true` are arrays. */
export type WorkflowInputs = Record<string, InputValue | InputValue[] | undefined>

/** A file that a workflow makes; `type` is its MIME type. */
export interface OutputFile {
  data: Uint8Array
  type: string
}

/** A file by the name of each output, or several as a list. */
export type WorkflowOutputs = Record<string, OutputFile | readonly OutputFile[]>

/** The second argument of a workflow's `run`. */
export interface RunContext {
  readonly runId: string
  /** A number from 0 up to 1, seeded for each run. */
  random(): number
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal
  /** Waits `ms` divided by the emulator's speed; rejects when the run is cancelled. */
  sleep(ms: number): Promise<void>
  /** Reports the progress of the run, from 0 to 1. */
  progress(fraction: number): void
}

/** A workflow of your own. */
export interface WorkflowDefinition {
  id: string
  name: string
  description: string
  /** A kind alone means a required input with one value. */
  inputs: Record<string, Kind | InputDefinition>
  outputs: Record<string, Kind>
  /** The name of each file begins with the name of its output, as with the gateway. Default: false */
  namesFiles?: boolean | undefined
  /** Makes the outputs. If it throws, the run fails with the error's message. */
  run(inputs: WorkflowInputs, context: RunContext): Promise<WorkflowOutputs> | WorkflowOutputs
}

/** Options of {@link createEmulator}. */
export interface EmulatorOptions {
  /** The key that requests must carry. Default: `fsk_local_demo_key` */
  apiKey?: string | undefined
  /** Seeds ids, names, signatures and randomness. Default: 1 */
  seed?: number | undefined
  /** How many runs go at the same time. Default: 2 */
  containers?: number | undefined
  /** Every duration is divided by it; Infinity waits for nothing. Default: 1 */
  speed?: number | undefined
  /** The form of the API, of the three known ones. Default: `readme` */
  dialect?: Dialect | undefined
  /** Your own workflows, added to the built-in ones. One with the id of a built-in workflow replaces it. */
  workflows?: WorkflowDefinition[] | undefined
  /** How many finished runs are kept; the oldest goes first, with its files. Default: 1000 */
  maxRuns?: number | undefined
  /** How long a download link lives. Default: 900000 */
  urlTtlMs?: number | undefined
  /** Faults, at random or by a plan. The object is read at each use, so you can change it later. Default: none */
  faults?: FaultOptions | undefined
}

/** Counts for assertions. */
export interface EmulatorStats {
  /** All requests, on both origins. */
  readonly requests: number
  /** Runs that execute requests created. */
  readonly runsStarted: number
  /** Requests to the files origin that were refused because they carried a key. */
  readonly keysRefusedAtFiles: number
}

/** The real events. Plain data, which grows as long as the emulator is used. */
export interface Ledger {
  /** Every run that was started, in that order, and the request that started it. */
  readonly runs: readonly {
    readonly runId: string
    readonly workflowId: string
    readonly groupId: string | null
    /** The header `x-request-id` of the answer, even if the answer was lost. */
    readonly requestId: string
  }[]
  /** How often each kind of fault happened. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** How often whole files of a run were sent, by the id of the run. */
  readonly results: Readonly<Record<string, number>>
  /** The places of the key in requests. */
  readonly keys: {
    /** In `X-API-KEY` to the API, where it belongs. */
    readonly header: number
    /** Anywhere else in a URL or in headers: how often, by place. */
    readonly elsewhere: Readonly<Record<string, number>>
  }
}

/** A FlowScale of your own, made by {@link createEmulator}. */
export interface Emulator {
  /** Replaces the global `fetch`; it reaches `url` and `filesUrl`, and nothing else. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** The address of the API, for `fetch` only: nothing listens there. */
  readonly url: string
  /** The address of the files, for `fetch` only. */
  readonly filesUrl: string
  /** The key that requests must carry. */
  readonly apiKey: string
  /** Answers a request. A server calls it; `fetch` calls it, too. */
  handle(request: Request, where: Where): Promise<Response>
  /**
   * Calls the listener at each change of a run's status or progress. If somebody reads the events of a run, also at each
   * new place of the run in the queue. The returned function stops the calls. An error of a listener is an unhandled
   * rejection; the run and the other listeners go on.
   */
  watch(listener: (update: RunUpdate) => void): () => void
  /** The state of a run, or `null` if no run has this id. */
  stateOf(runId: string): RunUpdate | null
  /** The real events, live. */
  readonly ledger: Ledger
  /** For a server with WebSockets: chooses their faults, which the ledger counts. */
  readonly sockets: {
    /** For an accepted handshake; notes the key, too. */
    connect(url: string, headers: Iterable<readonly [name: string, value: string]>): FaultKind | undefined
    /** For each message. */
    message(update: RunUpdate): FaultKind | undefined
  }
  /** Live numbers. */
  readonly stats: EmulatorStats
  /** Cancels every run and clears the timers. Results can still be read; new runs get 503. */
  close(): void
}
