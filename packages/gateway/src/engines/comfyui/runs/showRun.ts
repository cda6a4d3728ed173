import type { Ended, Submitted } from '../../../comfyui/runRecord.ts'
import type { Run } from '../../../engine.ts'

/** A run in the state that it is in. */
export function showRun(run: Submitted, state: Pick<Run, 'status' | 'progress'> & Partial<Run>): Run {
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
export function showEnded({ run, status, files, ...times }: Ended): Run | undefined {
  if (status === 'refused') return undefined
  const progress = status === 'completed' ? 1 : 0
  return showRun(run, { ...times, status, progress, files: files.map(({ name }) => name) })
}

/** The name alone must find the run. */
export function outputName(run: Submitted, name: string): string {
  return `${name}_${run.id}`
}
