import { iterateRuns, type Run } from '@flowscale/client'
import { progressText } from '../progressText.ts'
import { readCount } from '../readCount.ts'
import { table } from '../terminal/table.ts'
import type { Call } from '../types.ts'

export async function runs(call: Call): Promise<void> {
  const { flags, output, signal } = call
  const limit = readCount(flags, 'limit', 20)
  const groupId = flags.group as string | undefined
  const found: Run[] = []
  const options = { groupId, pageSize: Math.min(limit, 100), signal }
  for await (const run of iterateRuns(call.client, options)) {
    found.push(run)
    if (found.length === limit) break
  }
  const rows = found.map((run) => [run._id, progressText(run), run.workflow_id, run.group_id, run.created_at])
  output.result(found, found.length ? table(['run', 'status', 'workflow', 'group', 'created'], rows) : '')
  if (!found.length) output.note(groupId ? `There is no run in the group "${groupId}".` : 'There is no run.')
}
