import { iterateRuns, type Run } from '@flowscale/client'
import { firstText } from '../findRunIds.ts'
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
  const rows = found.map((run) => [
    run._id,
    progressText(run),
    run.workflow_id,
    firstText(run),
    ageOf(run.created_at),
  ])
  print.result(found, found.length ? table(['run', 'status', 'workflow', 'text', 'age'], rows) : '')
  if (!found.length) print.note(groupId ? `There is no run in the group "${groupId}".` : 'There is no run.')
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const

/** How long ago a time was, as `5 min`; empty if the time can't be read. A time without a zone is in UTC. */
function ageOf(time: string | null | undefined): string {
  const at = Date.parse(/T[\d:.]+$/.test(time ?? '') ? `${time}Z` : (time ?? ''))
  if (Number.isNaN(at)) return ''
  const seconds = Math.max(0, Math.floor((Date.now() - at) / 1000))
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? ['s', 1]
  return `${Math.floor(seconds / size)} ${unit}`
}
