import { linkTo } from '../files/linkTo.ts'
import type { Pod, Run } from '../pod/types.ts'
import { outputNames } from './outputNames.ts'

/** A run as the dialect shows it; `inList` for the items of getRuns. */
export function showRun(pod: Pod, run: Run, filesUrl: string, inList = false): object {
  const { dialect } = pod.settings
  const files = run.outputs.flatMap(({ file }) => (file ? [file] : []))
  const inputs = run.shown
  const outputs = files.map(({ filename }) => ({ filename, url: linkTo(pod, run, filename, filesUrl) }))
  const times = {
    created_at: iso(run.createdAt),
    started_at: iso(run.startedAt),
    completed_at: iso(run.completedAt),
  }
  const rest = { progress: run.progress, ...(run.error !== null && { error: run.error }) }
  if (dialect === 'readme') return { _id: run.id, status: run.status, inputs, outputs, ...times, ...rest }
  return {
    ...((dialect === 'python' || inList) && { _id: run.id }),
    workflow_id: run.workflow.id,
    group_id: run.groupId,
    status: run.status,
    inputs,
    output_names: outputNames(dialect, run),
    outputs,
    ...times,
    ...rest,
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
