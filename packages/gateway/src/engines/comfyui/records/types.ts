import type { Run } from '../../../engine.ts'

/** What is promised of a run, and what is known when it is submitted. Also sent along, in `extra_data`. */
export interface Submitted extends Pick<Run, 'id' | 'workflowId' | 'groupId' | 'createdAt'> {
  readonly shown: Run['inputs']
  readonly outputs: readonly { readonly name: string; readonly node: string }[]
  /** The titles of the graph's nodes, by id. */
  readonly titles: Readonly<Record<string, string>>
  /** How many of them have to run. */
  readonly nodes: number
}

/** A file of a run: where ComfyUI has it, or else its text. */
export interface StoredOutput {
  readonly name: string
  readonly at?: { readonly filename: string; readonly subfolder: string; readonly type: string } | undefined
  readonly text?: string | undefined
}

/** The end of a run: it outlives ComfyUI's history. */
export interface Ended extends Pick<Run, 'error' | 'startedAt' | 'completedAt'> {
  readonly run: Submitted
  /** `refused`: it never was a run. */
  readonly status: 'completed' | 'failed' | 'cancelled' | 'refused'
  readonly files: readonly StoredOutput[]
}

/** What the name of a mark tells, so that a list of names is enough to sort and count. */
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
}
