import { missing, success, unprocessable } from '../http/answers.ts'
import type { Call } from '../http/routes.ts'
import type { Run } from '../pod/types.ts'
import { readPaging, type SortBy } from './readPaging.ts'
import { showRun } from './showRun.ts'

export function getRuns({ pod, query, filesUrl }: Call): Response {
  const { dialect } = pod.settings
  const groupId = query.get('group_id') || null
  if (dialect === 'openapi' && groupId === null) return unprocessable([missing('query', 'group_id')])
  const runs = [...pod.runs.values()].filter((run) => groupId === null || run.groupId === groupId)
  const show = (run: Run): object => showRun(pod, run, filesUrl, true)

  if (dialect !== 'python') {
    const shown = sort(runs, 'created_at', -1).map(show)
    return success({ group_id: groupId, count: shown.length, runs: shown })
  }
  const paging = readPaging(query)
  if ('problems' in paging) return unprocessable(paging.problems)
  const { sortBy, sortOrder, page, pageSize } = paging
  const sorted = sort(runs, sortBy, sortOrder === 'asc' ? 1 : -1)
  const shown = sorted.slice((page - 1) * pageSize, page * pageSize).map(show)
  return success(
    { runs: shown },
    {
      sort_by: sortBy,
      sort_order: sortOrder,
      page,
      page_size: pageSize,
      group_id: groupId,
      total_count: runs.length,
      total_pages: Math.ceil(runs.length / pageSize),
    },
  )
}

/** Runs that have no such time yet come last in either order; the order of arrival decides between equals. */
function sort(runs: Run[], by: SortBy, direction: 1 | -1): Run[] {
  const time = (run: Run): number | null =>
    by === 'created_at' ? run.createdAt : by === 'started_at' ? run.startedAt : run.completedAt
  return runs.sort((a, b) => {
    const [first, second] = [time(a), time(b)]
    if ((first === null) !== (second === null)) return first === null ? 1 : -1
    return direction * ((first ?? 0) - (second ?? 0) || a.sequence - b.sequence)
  })
}
