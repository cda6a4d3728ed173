import type { Dialect, Kind, RunUpdate, Scalar, Where } from '@flowscale/gateway/face'
import type { FaultKind, FaultOptions } from './faults/types.ts'

/** An input of a workflow. */
export interface InputDefinition {
  kind: Kind
  /** Default: true, and false with `default` or `seed` */
  required?: boolean | undefined
  /** Takes several values: the same key repeated, or `name_0`, `name_1`. Default: false */
  array?: boolean | undefined
  /** What the workflow gets where nothing is sent. Not for files and arrays */
  default?: Scalar | undefined
  /** The least number that is taken. */
  min?: number | undefined
  /** The largest number that is taken. */
  max?: number | undefined
  /** Takes whole numbers only. Default: false */
  integer?: boolean | undefined
  /** The choices there are; any other value is refused. */
  options?: readonly Scalar[] | undefined
  /** For people who read the list of workflows. */
  description?: string | undefined
  /** A whole number that is drawn where none is sent, and shown in the run's inputs. Default: false */
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

/** What a workflow is given besides its inputs. */
export interface RunContext {
  readonly runId: string
  /** A number from 0 up to 1, seeded for each run. */
  random(): number
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal
  /** Waits `ms` divided by the emulator's speed; rejects when the run is cancelled. */
  sleep(ms: number): Promise<void>
  /** Says how far the run is, from 0 to 1. */
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
  /** The name of each file begins with that of its output, as with the gateway. Default: false */
  namesFiles?: boolean | undefined
  /** Makes the outputs; what it throws is why the run failed. */
  run(inputs: WorkflowInputs, context: RunContext): Promise<WorkflowOutputs> | WorkflowOutputs
}

/** Options of {@link createEmulator}. */
export interface EmulatorOptions {
  /** The key that requests must carry. Default: `fsk_local_demo_key` */
  apiKey?: string | undefined
  /** Seeds ids, names, signatures and randomness. Default: 1 */
  seed?: number | undefined
  /** How many runs can go at the same time. Default: 2 */
  containers?: number | undefined
  /** Every duration is divided by it; Infinity waits for nothing. Default: 1 */
  speed?: number | undefined
  /** Which of the three known forms of the API to speak. Default: `readme` */
  dialect?: Dialect | undefined
  /** Your own workflows, added to the built-in ones. One with the id of a built-in one takes its place. */
  workflows?: WorkflowDefinition[] | undefined
  /** How many finished runs are kept; the oldest goes first, with its files. Default: 1000 */
  maxRuns?: number | undefined
  /** How long a download link lives. Default: 900000 */
  urlTtlMs?: number | undefined
  /** What goes wrong, at random or by a plan. It is read at each use, and may be changed meanwhile. Default: nothing */
  faults?: FaultOptions | undefined
}

/** What happened so far, for assertions. */
export interface EmulatorStats {
  /** Everything that was asked, on both origins. */
  readonly requests: number
  /** Runs that an execute request has created. */
  readonly runsStarted: number
  /** Requests to the files origin that carried a key and were refused for it. */
  readonly keysRefusedAtFiles: number
}

/** What really happened. All of it is plain data, and grows for as long as the emulator is used. */
export interface Ledger {
  /** Every run that was started, in that order, and the request that started it. */
  readonly runs: readonly {
    readonly runId: string
    readonly workflowId: string
    readonly groupId: string | null
    /** The header `x-request-id` of the answer, had one arrived. */
    readonly requestId: string
  }[]
  /** How often each kind of fault was played. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** How often a result was sent from the files, by the id of its run. */
  readonly results: Readonly<Record<string, number>>
  /** Where the key was seen. */
  readonly keys: {
    /** In `X-API-KEY` to the API, where it belongs. */
    readonly header: number
    /** Anywhere else in a URL or in headers: how often, by place. */
    readonly elsewhere: Readonly<Record<string, number>>
  }
}

/** A FlowScale of your own, made by {@link createEmulator}. */
export interface Emulator {
  /** Takes the place of the global `fetch`; it reaches `url` and `filesUrl`, and nothing else. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** The address of the API, for `fetch` only: nothing listens there. */
  readonly url: string
  /** Where the files lie. */
  readonly filesUrl: string
  /** The key that requests must carry. */
  readonly apiKey: string
  /** What a server calls for each request; `fetch` is built on it. */
  handle(request: Request, where: Where): Promise<Response>
  /**
   * Calls the listener at each change of a run's status or progress, and at each new place in the queue of a run whose
   * events somebody reads; the function it gives stops that. What a listener throws disturbs neither the run nor the
   * others: it shows up as an unhandled rejection.
   */
  watch(listener: (update: RunUpdate) => void): () => void
  /** How a run stands now, or `null` where there is none of that id. */
  stateOf(runId: string): RunUpdate | null
  /** What really happened, live. */
  readonly ledger: Ledger
  /** What a server asks that has WebSockets: what they are to suffer, which the ledger then counts. */
  readonly sockets: {
    /** For a handshake that is taken; it notes the key, too. */
    connect(url: string, headers: Iterable<readonly [name: string, value: string]>): FaultKind | undefined
    /** For each message. */
    message(update: RunUpdate): FaultKind | undefined
  }
  /** Live numbers. */
  readonly stats: EmulatorStats
  /** Cancels every run and clears the timers. Results can still be read; new runs get 503. */
  close(): void
}
