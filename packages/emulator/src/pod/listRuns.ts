import type { RunsQuery } from '@flowscale/gateway/face'
import type { Pod, Run } from './types.ts'

/** Runs that have no such time yet come last in either order; the order of arrival decides between equals. */
export function listRuns(
  pod: Pod,
  { groupId, sortBy, sortOrder, offset, limit }: RunsQuery,
): { runs: Run[]; total: number } {
  const direction = sortOrder === 'asc' ? 1 : -1
  const time = (run: Run): number | null =>
    sortBy === 'created_at' ? run.createdAt : sortBy === 'started_at' ? run.startedAt : run.completedAt
  const runs = [...pod.runs.values()]
    .filter((run) => groupId === null || run.groupId === groupId)
    .sort((a, b) => {
      const [first, second] = [time(a), time(b)]
      if ((first === null) !== (second === null)) return first === null ? 1 : -1
      return direction * ((first ?? 0) - (second ?? 0) || a.sequence - b.sequence)
    })
  return { runs: runs.slice(offset, offset + limit), total: runs.length }
}
