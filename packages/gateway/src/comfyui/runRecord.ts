// The records of a run of a ComfyUI, and the run that callers see.
import { outputName, type Run } from '../engine.ts'
import type { Records } from '../records/createRecords.ts'
import type { EndedRun, SubmittedRun } from '../records/recordStore.ts'
import type { Outcome } from '../workerPort.ts'

/** The facts about a run at its submission. ComfyUI gets the same facts in `extra_data`. */
export interface Submitted extends SubmittedRun {
  readonly workflowId: string
  readonly shown: Run['inputs']
  readonly outputs: readonly {
    readonly name: string
    readonly node: string
    /** Whether it is a text that the node shows. */
    readonly isText?: boolean | undefined
  }[]
  /** The titles of the graph's nodes, by id. */
  readonly titles: Readonly<Record<string, string>>
  /** How many nodes have to run. */
  readonly nodes: number
  /** Whether its pictures are kept and passed on. */
  readonly previews?: true | undefined
  /** Whether the run has a node of a partner, which needs the key. */
  readonly usesKey?: boolean | undefined
}

/** The part of the record that all runs of a workflow share. */
export type Facts = Pick<Submitted, 'outputs' | 'titles' | 'nodes' | 'usesKey'>

export type StoredOutput = Outcome['files'][number]

/** The end of a run. This record outlives ComfyUI's history. */
export interface Ended extends EndedRun<Submitted> {
  readonly error: string | null
  readonly files: readonly StoredOutput[]
  /** Whether the files are on ComfyUI, since the run ended before its gateway had a queue. */
  readonly isOnServer?: boolean | undefined
  /** The lack of the server that made the run fail. No record has it. */
  readonly fault?: string | undefined
  /** Whether the server was never seen to have the run. No record has it. */
  readonly isAbsent?: boolean | undefined
}

export type RunRecords = Records<Submitted, Ended>

/** The progress of a run, and the title of the node at work. */
export type Progress = Pick<Run, 'progress' | 'node'>

/** Makes a run from its record and its state. */
export function toRun(run: Submitted, state: Pick<Run, 'status' | 'progress'> & Partial<Run>): Run {
  const { id, workflowId, groupId, owner, shown, outputs, createdAt } = run
  return {
    id,
    workflowId,
    groupId,
    ...(owner !== undefined && { owner }),
    inputs: shown,
    outputNames: outputs.map(({ name }) => outputName(name, id)),
    files: [],
    error: null,
    createdAt,
    startedAt: null,
    completedAt: null,
    ...state,
  }
}

/** Makes a run from the record of its end; `undefined` if ComfyUI refused the run. */
export function toEndedRun(ended: Ended): Run | undefined {
  const { run, status, files, fault: _, isOnServer: __, isAbsent: ___, ...rest } = ended
  if (status === 'refused') return undefined
  const progress = status === 'completed' ? 1 : 0
  const texts = files.flatMap(({ name, text }) => (text === undefined ? [] : [[name, text]]))
  const names = files.map(({ name }) => name)
  return toRun(run, { ...rest, status, progress, files: names, texts: Object.fromEntries(texts) })
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a text has the form of a run's id. */
export const isRunId = (id: string): boolean => UUID.test(id)

/** The record that a gateway sent with a run. */
export function submittedIn(extra: unknown, id: string): Submitted | undefined {
  const run: Submitted | undefined = Object(extra).flowscale
  return run?.id === id ? run : undefined
}
