import type { Run } from '../engine.ts'

/** What an engine writes down of a run when it is submitted. */
export type SubmittedRun = Pick<Run, 'id' | 'groupId' | 'createdAt'>

/** What an engine writes down of its end. `refused`: it never was a run. */
export interface EndedRun<S extends SubmittedRun = SubmittedRun>
  extends Pick<Run, 'startedAt' | 'completedAt'> {
  readonly run: S
  readonly status: 'completed' | 'failed' | 'cancelled' | 'refused'
}

/** The facts in the name of a mark, so that a list of names is enough to sort and count. */
export interface Mark extends Pick<Run, 'id' | 'createdAt' | 'startedAt' | 'completedAt'> {
  /** The kind of its end, where it has ended. */
  readonly end: 'ended' | 'refused' | undefined
}

/** Small files of JSON, by path. */
export interface Place {
  read<T>(path: string): Promise<T | undefined>
  /** Writes what is not there yet, and says whether it was written. */
  write(path: string, value: unknown): Promise<boolean>
  remove(path: string): Promise<void>
  /** The paths inside a folder, from there. */
  list(folder: string): Promise<string[]>
  /** Whether it was seen to keep nothing. */
  refuses(): boolean
}
