import { linkTo } from '../files/linkTo.ts'
import type { Pod, Run } from '../pod/types.ts'
import { outputNames } from './outputNames.ts'

/** There is one team here. */
const TEAM = 'local'

/** A run as the dialect shows it; `inList` for the items of getRuns. */
export function showRun(pod: Pod, run: Run, filesUrl: string, inList = false): object {
  const { dialect } = pod.settings
  const files = run.outputs.flatMap(({ file }) => (file ? [file] : []))
  const isPython = dialect === 'python'
  // What was uploaded is not kept, so it has no key and no link.
  const inputs = isPython ? run.shown.map((input) => ({ ...input, s3_key: null, url: null })) : run.shown
  const outputs = files.map(({ filename }) => ({
    filename,
    ...(isPython && { s3_key: `generations/${run.id}/${filename}` }),
    url: linkTo(pod, run, filename, filesUrl),
  }))
  const times = {
    created_at: iso(run.createdAt),
    started_at: iso(run.startedAt),
    completed_at: iso(run.completedAt),
  }
  const rest = { progress: run.progress, ...(run.error !== null && { error: run.error }) }
  if (dialect === 'readme') return { _id: run.id, status: run.status, inputs, outputs, ...times, ...rest }
  return {
    ...((isPython || inList) && { _id: run.id }),
    ...(isPython && { team_id: TEAM }),
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
