import type { Run, RunsQuery } from '../../../engine.ts'
import { forEach } from '../../../records/forEach.ts'
import type { Mark } from '../../../records/types.ts'
import { findRun } from './findRun.ts'
import type { Comfy } from './types.ts'

const TIMES = { created_at: 'createdAt', started_at: 'startedAt', completed_at: 'completedAt' } as const

/** A page: the names of marks sort and count, and only the runs of the page are read. */
export async function getRuns(comfy: Comfy, query: RunsQuery): Promise<{ runs: Run[]; total: number }> {
  const { groupId, sortBy, sortOrder, offset, limit } = query
  const timeOf = (mark: Mark): number | null => mark[TIMES[sortBy]]
  const direction = sortOrder === 'asc' ? 1 : -1
  const marks = await comfy.records.marks(groupId)
  // What has no such time yet comes last in either order.
  marks.sort((a, b) => {
    const [first, second] = [timeOf(a), timeOf(b)]
    if ((first === null) !== (second === null)) return first === null ? 1 : -1
    return direction * ((first ?? 0) - (second ?? 0) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  })
  const page = marks.slice(offset, offset + limit)
  const runs: (Run | undefined)[] = []
  await forEach(page, async ({ id }, index) => {
    runs[index] = await findRun(comfy, id)
  })
  return { runs: runs.filter((run) => run !== undefined), total: marks.length }
}
