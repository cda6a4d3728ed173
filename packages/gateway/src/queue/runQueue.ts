import type { IncomingFile, Once, RunsQuery } from '../engine.ts'
import type { EndedRun } from '../records/recordStore.ts'
import type { Caller, QueuedRun } from './runs.ts'
import type { Head, Turns } from './turns.ts'

/** A run that has not ended. */
export interface Entry<Job extends QueuedRun = QueuedRun> {
  readonly job: Job
  readonly number: number
  readonly owner?: string | undefined
  readonly priority?: number | undefined
  /** Its turn among the runs of its owner. */
  readonly tag: number
  /** How much GPU time it is expected to take, in ms. */
  readonly cost: number
  /** The server that has the run; `undefined` while it waits. */
  readonly server?: string | undefined
  /** When the run was about to be sent. From then on no other server gets it. */
  readonly sentAt?: number | undefined
  readonly isCancelled?: boolean | undefined
}

/** The runs that wait, as far as turns are about them. */
export interface Waiting {
  readonly turns: Turns
  readonly heads: readonly Head[]
}

/**
 * The queue that all servers take from, with the records and files of runs. Each method is one step, whoever else calls,
 * and what a method has answered outlives a crash, except that a run which was taken and not sent may wait again.
 */
export interface RunQueue<
  Job extends QueuedRun = QueuedRun,
  Plan extends object = object,
  Needs extends object = object,
  Ended extends EndedRun = EndedRun,
> {
  /**
   * Takes possession, and gives the runs that were cancelled and not sent, but whose end is not written. Nothing else is
   * called before. `warn` takes a sentence.
   */
  open(warn: (message: string) => void): Promise<readonly Entry<Job>[]>
  /** The name of a server, which stays the same for an address. */
  nameOf(url: string): Promise<string>
  /**
   * Adds a run to those that wait. With `once`, a key that is known gives the run that was added under it, and another hash
   * is an `EngineError` of 422. More runs than the owner may have are one of 429.
   */
  add(
    job: Job,
    plan: Plan,
    needs: Needs,
    caller?: Caller,
    once?: Once,
  ): Promise<{ readonly id: string; readonly number: number }>
  /** The run that was added under a key of this owner, and the hash of what was sent. */
  findKey(
    key: string,
    owner?: string,
  ): Promise<{ readonly id: string; readonly number: number; readonly hash: string } | undefined>
  planOf(job: Job): Promise<Plan>
  needsOf(id: string): Promise<Needs>
  waiting(): Promise<Waiting>
  /** Moves a run that waits to a server. `fitting`: what the server could take. `undefined`: the run does not wait any more */
  take(head: Head, fitting: readonly Head[], server: string): Promise<Entry<Job> | undefined>
  /** Moves a run that was not sent from one server to another. */
  move(id: string, from: string, to: string): Promise<boolean>
  /**
   * Marks a run as about to be sent, and gives the time of the mark: again to the same session, and to no other, so that
   * no two send the run. `undefined`: the run is not this server's to send.
   */
  send(id: string, server: string, session: string): Promise<number | undefined>
  /** Lets a run wait again that surely was not sent after that mark. */
  giveBack(id: string, server: string, sentAt: number | undefined): Promise<void>
  /** Notes that somebody wants the run to stop, and gives the entry after that. */
  cancel(id: string): Promise<Entry<Job> | undefined>
  /** Writes down the end of a run, unless it has ended; gives the end that counts. `gpuMs`: how long the GPU worked on it */
  end(ended: Ended, gpuMs?: number): Promise<Ended>
  get(id: string): Promise<Entry<Job> | Ended | undefined>
  /** How many runs that have not ended come before it. */
  ahead(entry: Entry<Job>): Promise<number>
  /** The runs that servers have. */
  held(): Promise<readonly Entry<Job>[]>
  /** How many runs wait, and the numbers and ids of the first ones, in the order of their turn. */
  line(
    limit: number,
  ): Promise<{ readonly count: number; readonly first: readonly (readonly [number, string])[] }>
  /** Some of the runs that wait and were created before this time. */
  olderThan(time: number): Promise<readonly Entry<Job>[]>
  /** The runs of a page in order, and how many there are in all. */
  list(query: RunsQuery): Promise<{ readonly runs: readonly (Entry<Job> | Ended)[]; readonly total: number }>
  readonly files: FileStore
  /** The other gateways with this queue. Default: there are none */
  readonly peers?: Peers | undefined
  /** Resolves when the tags of all runs are as they have to be. Tests wait for it. */
  settled(): Promise<void>
  close(): Promise<void>
}

declare const opaque: unique symbol

/** What `folderQueue` and `redisQueue` give. Only a gateway uses it. */
export interface Queue {
  readonly [opaque]: never
}

export const toQueue = (queue: RunQueue): Queue => queue as unknown as Queue
export const ofQueue = (queue: Queue): RunQueue => queue as unknown as RunQueue

/** What gateways with the same queue know of each other. */
export interface Peers {
  /** Lets the worker with this session speak for a server, `polls`: by this gateway. False: another worker does. */
  claim(name: string, session: string, polls: boolean): Promise<boolean>
  /** Says of each server of this gateway how it is, and gives all servers. One that was silent for long is forgotten. */
  meet(own: readonly PeerServer[], forgottenMs: number): Promise<readonly PeerServer[]>
  /** Says something to the other gateways. One that is away misses it. */
  tell(message: PeerMessage): Promise<void>
  /** Called for what others say, and for each run that they changed. */
  listen(listener: (message: PeerMessage) => void): void
}

/** A server, and the worker that speaks for it. */
export interface PeerServer {
  readonly name: string
  readonly session: string
  readonly isUp: boolean
  /** How long its worker has been silent. */
  readonly silentMs: number
  /** Whether it is another gateway that its worker asks for runs. */
  readonly isAbroad?: boolean | undefined
}

/** A run has changed, perhaps on this server, or has ended. */
export interface RunChange {
  readonly run: string
  readonly server?: string | undefined
  readonly isOver?: boolean | undefined
  /** What its engine tells of its progress. */
  readonly news?: object | undefined
}

export type PeerMessage =
  | RunChange
  /** The worker of this server asks another gateway for runs from now on. */
  | { readonly moved: true; readonly server: string }
  /** Messages may have been missed. */
  | { readonly missed: true }
  /** A question to a server, by the gateway that its worker asks for runs; and its answer. */
  | { readonly ask: string; readonly server: string; readonly path: string }
  | { readonly answer: string; readonly server: string; readonly status: number; readonly text: string }

/** Inputs or outputs. */
export type FileKind = 'in' | 'out'

/** Files of runs. They go with the record of their run, and inputs with its end. */
export interface FileStore {
  /** Makes sure that files can be kept, and names the place: the same for all who keep their files there, and no others. */
  place(): Promise<string>
  put(kind: FileKind, runId: string, name: string, body: IncomingFile['body']): Promise<void>
  /** Gives a file as `Engine.readOutput` does. */
  open(kind: FileKind, runId: string, name: string, headers: Headers): Promise<Response | undefined>
  /** Removes the inputs of a run. */
  removeInputs(runId: string): Promise<void>
  /** Removes files that are older than an hour, if their run has no such files any more. */
  sweep(keeps: (kind: FileKind, runId: string) => boolean | Promise<boolean>): Promise<void>
}

/** Files come before their run: for this long, nothing is said about those without one. */
export const EARLY_MS = 3_600_000

export const isEntry = <Job extends QueuedRun>(found: Entry<Job> | EndedRun): found is Entry<Job> =>
  'job' in found
