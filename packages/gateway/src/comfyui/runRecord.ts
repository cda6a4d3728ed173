import type { Run } from '../engine.ts'
import type { Records } from '../records/createRecords.ts'
import type { EndedRun, SubmittedRun } from '../records/recordStore.ts'

/** The facts about a run at its submission. ComfyUI gets them, too, in `extra_data`. */
export interface Submitted extends SubmittedRun {
  /** The address of the ComfyUI that has it. Records of earlier versions have none. */
  readonly server?: string | undefined
  readonly workflowId: string
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
export interface Ended extends EndedRun<Submitted> {
  readonly error: string | null
  readonly files: readonly StoredOutput[]
}

export type RunRecords = Records<Submitted, Ended>

/** How far a run is, and the title of the node at work. */
export type Progress = Pick<Run, 'progress' | 'node'>

/** A run in the state that it is in. */
export function toRun(run: Submitted, state: Pick<Run, 'status' | 'progress'> & Partial<Run>): Run {
  const { id, workflowId, groupId, shown, outputs, createdAt } = run
  return {
    id,
    workflowId,
    groupId,
    inputs: shown,
    outputNames: outputs.map(({ name }) => outputName(run, name)),
    files: [],
    error: null,
    createdAt,
    startedAt: null,
    completedAt: null,
    ...state,
  }
}

/** A run that has ended; `undefined` for what ComfyUI refused. */
export function toEndedRun({ run, status, files, ...times }: Ended): Run | undefined {
  if (status === 'refused') return undefined
  const progress = status === 'completed' ? 1 : 0
  return toRun(run, { ...times, status, progress, files: files.map(({ name }) => name) })
}

/** The name alone must find the run. */
export function outputName(run: Submitted, name: string): string {
  return `${name}_${run.id}`
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Ids of runs and of files are all UUIDs. */
export const isRunId = (id: string): boolean => UUID.test(id)
