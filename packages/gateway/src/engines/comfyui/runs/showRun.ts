import type { Run } from '../../../engine.ts'
import type { Ended, Submitted } from '../records/types.ts'

type State = Pick<Run, 'status' | 'progress'> & Partial<Run>

/** A run in the state that it is in. */
export function showRun(run: Submitted, state: State): Run {
  return {
    id: run.id,
    workflowId: run.workflowId,
    groupId: run.groupId,
    inputs: run.shown,
    outputNames: run.outputs.map(({ name }) => outputName(run, name)),
    files: [],
    error: null,
    createdAt: run.createdAt,
    startedAt: null,
    completedAt: null,
    ...state,
  }
}

/** A run that has ended; `undefined` for what ComfyUI refused. */
export function showEnded({ run, status, error, startedAt, completedAt, files }: Ended): Run | undefined {
  if (status === 'refused') return undefined
  const progress = status === 'completed' ? 1 : 0
  return showRun(run, {
    status,
    progress,
    error,
    startedAt,
    completedAt,
    files: files.map(({ name }) => name),
  })
}

/** The name alone must find the run. */
export function outputName(run: Submitted, name: string): string {
  return `${name}_${run.id}`
}
