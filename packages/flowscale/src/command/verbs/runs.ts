import { iterateRuns, type Run } from '@flowscale/client'
import type { Call } from '../program.ts'
import { progressText, toStatus } from '../terminal/progress.ts'
import { table } from '../terminal/table.ts'

export async function runs(call: Call): Promise<void> {
  const { flags, print, signal } = call
  const limit = flags.limit!
  const groupId = flags.group
  const found: Run[] = []
  const options = { groupId, pageSize: Math.min(limit, 100), signal }
  for await (const run of iterateRuns(call.client, options)) {
    found.push({ ...run, status: toStatus(run.status) })
    if (found.length === limit) break
  }
  const rows = found.map((run) => [run._id, progressText(run), run.workflow_id, run.group_id, run.created_at])
  print.result(found, found.length ? table(['run', 'status', 'workflow', 'group', 'created'], rows) : '')
  if (!found.length) print.note(groupId ? `There is no run in the group "${groupId}".` : 'There is no run.')
}
