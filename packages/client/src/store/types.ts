import type { InputsOf } from '../inputs.ts'
import type { ExecuteAsyncOptions } from '../poller/executeWorkflowAsync.ts'
import type { NamedOutputs, TypedWorkflow } from '../typed.ts'
import type { Execution, ResultOutput } from '../types.ts'

/** The workflow of a store: its id, or a workflow of `defineWorkflow`. */
export type StoredWorkflow = string | TypedWorkflow<never, string>

/** The outputs of a run: by name for a workflow of `defineWorkflow`, else a list. */
export type OutputsOf<W extends StoredWorkflow> =
  W extends TypedWorkflow<never, infer O> ? NamedOutputs<O> : ResultOutput[]

/** The fields that each state of a run has. */
export interface ActiveRun {
  /** When the run was started, by `Date.now()`, in ms. */
  readonly startedAt: number
  /** The other runs, if the server started several for one request. The store follows the first run only. */
  readonly others?: readonly Execution[]
}

/** The state of a run. Each state is a new, frozen object; `status` names the state. */
export type RunSnapshot<W extends StoredWorkflow = string> =
  | { readonly status: 'idle'; readonly runId?: undefined; readonly startedAt?: undefined }
  | (ActiveRun & { readonly status: 'submitting'; readonly runId?: undefined })
  | (ActiveRun & {
      readonly status: 'queued'
      readonly runId: string
      /** Place in the queue, if the server sends it. */
      readonly position?: number | undefined
    })
  | (ActiveRun & {
      readonly status: 'running'
      readonly runId: string
      /** From 0 to 1, if the server sends it. */
      readonly progress?: number | undefined
      /** With `previews`: the URL of the picture so far, for an `img`. */
      readonly preview?: string | undefined
    })
  | (ActiveRun & {
      readonly status: 'completed'
      readonly runId: string
      readonly outputs: OutputsOf<W>
    })
  | (ActiveRun & {
      /** The run failed, or could not be submitted: then there is no `runId`. */
      readonly status: 'failed'
      readonly runId?: string | undefined
      readonly error: unknown
    })
  | (ActiveRun & { readonly status: 'cancelled'; readonly runId?: string | undefined })
  | (ActiveRun & {
      /** The state is unknown: the run may have been submitted, or its state can't be read. You may have to pay for it. */
      readonly status: 'lost'
      readonly runId?: string | undefined
      /** The group that the run was submitted in. */
      readonly groupId: string
      readonly error?: unknown
    })

/** Where a store may keep its run: anything like `localStorage`. */
export interface RunStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Options of {@link createRunStore}. */
export interface RunStoreOptions extends Pick<ExecuteAsyncOptions, 'push' | 'pollIntervalMs' | 'previews'> {
  /** The time limit of the wait, in ms. After it the run is `lost`. Default: no limit. */
  timeoutMs?: number | undefined
  /**
   * Where the run is kept over a reload: its id and group, when it was started, and the names of its outputs; no inputs and no
   * files. With `'localStorage'` all tabs share the run. `null`: nowhere. Outside of pages the two names mean nowhere, too.
   * Default `'sessionStorage'`.
   */
  storage?: 'sessionStorage' | 'localStorage' | RunStorage | null | undefined
  /**
   * The name of the run in the storage; the client's `baseUrl` is added to it. Each store of a page needs a name of its own.
   * Default `'flowscale-run'`.
   */
  key?: string | undefined
}

/** Options of {@link RunStore.start}. */
export type StartOptions = Pick<ExecuteAsyncOptions, 'arrays' | 'headers'>

/** One run, for a page. Its functions need no `this`. */
export interface RunStore<W extends StoredWorkflow = string> {
  /** The state of the run. The object stays the same until the state changes. */
  getSnapshot(): RunSnapshot<W>
  /** Always `idle`: for rendering on a server, and the first rendering of its page. */
  getServerSnapshot(): RunSnapshot<W>
  /**
   * Calls `listener` after each change, until you call the returned function. The run is followed while there is a
   * listener. The first listener takes up the run of the storage.
   */
  subscribe(listener: () => void): () => void
  /**
   * Submits a run, unless one is going on: then nothing is sent. Resolves with the snapshot when the submission has ended;
   * errors are in the snapshot. If you called {@link RunStore.reset} meanwhile, the snapshot shows the forgotten run.
   *
   * @throws {@link ArgumentError} for a closed store
   */
  start<T extends object>(
    workflow: W,
    inputs: W extends TypedWorkflow<infer I, string> ? I & {} : T & InputsOf<T>,
    options?: StartOptions,
  ): Promise<RunSnapshot<W>>
  /**
   * Cancels the run. While the run is being submitted, its id has 5 s to come; then the submission is aborted, and the run is
   * looked for. Rejects, as {@link cancelRun} does, if the server did not cancel the run, which goes on then.
   */
  cancel(): Promise<void>
  /** Forgets the run, also one that is being submitted. It does not cancel the run. */
  reset(): void
  /** Ends the store for good. A submission that is on its way goes on, and the id of its run is still saved. */
  close(): void
}
