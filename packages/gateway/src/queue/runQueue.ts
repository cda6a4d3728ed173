import type { IncomingFile, RunsQuery } from '../engine.ts'
import type { EndedRun, SubmittedRun } from '../records/recordStore.ts'

/** A run in a queue. What else its engine keeps there is not read here. */
export interface QueuedRun extends SubmittedRun {
  /** The id of what it has in common with other runs. */
  readonly plan: string
  /** The id of what it needs of a server. */
  readonly needs: string
}

/** A run that has not ended. */
export interface Entry<Job extends QueuedRun = QueuedRun> {
  readonly job: Job
  readonly number: number
  /** The server that has the run; `undefined` while it waits. */
  readonly server?: string | undefined
  /** When the run was about to be sent. From then on no other server gets it. */
  readonly sentAt?: number | undefined
  readonly isCancelled?: boolean | undefined
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
  /** Takes possession, and gives the runs that have not ended. Nothing else is called before. */
  open(): Promise<readonly Entry<Job>[]>
  /** The name of a server, which stays the same for an address. */
  nameOf(url: string): Promise<string>
  /** Adds a run to those that wait, and gives its number. */
  add(job: Job, plan: Plan, needs: Needs): Promise<number>
  planOf(job: Job): Promise<Plan>
  needsOf(job: Job): Promise<Needs>
  /** What the runs that wait need, by id. */
  waitingNeeds(): Promise<ReadonlyMap<string, Needs>>
  /** The run whose turn it is, of those with such needs. */
  next(needs: ReadonlySet<string>): Promise<Entry<Job> | undefined>
  /** Moves that run to a server. */
  take(needs: ReadonlySet<string>, server: string): Promise<Entry<Job> | undefined>
  /** Moves a run that was not sent from one server to another. */
  move(id: string, from: string, to: string): Promise<boolean>
  /** Marks a run as about to be sent, and gives the time of the mark. `undefined`: the run is no longer this server's. */
  send(id: string, server: string): Promise<number | undefined>
  /** Lets a run wait again that surely was not sent after that mark. */
  giveBack(id: string, server: string, sentAt: number | undefined): Promise<void>
  /** Notes that somebody wants the run to stop, and gives the entry after that. */
  cancel(id: string): Promise<Entry<Job> | undefined>
  /** Writes down the end of a run, unless it has ended; gives the end that counts. */
  end(ended: Ended): Promise<Ended>
  get(id: string): Promise<Entry<Job> | Ended | undefined>
  /** How many runs that wait come before it. */
  ahead(id: string): Promise<number>
  /** The runs that have not ended: those of servers, then those that wait, in the order of their turn. */
  entries(): Promise<readonly Entry<Job>[]>
  /** The runs of a page in order, and how many there are in all. */
  list(query: RunsQuery): Promise<{ readonly runs: readonly (Entry<Job> | Ended)[]; readonly total: number }>
  readonly files: FileStore
  close(): Promise<void>
}

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
