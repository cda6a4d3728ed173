import { missing, success, unprocessable } from '../answers.ts'
import { showRun } from '../shown/showRun.ts'
import type { Call } from '../types.ts'
import { type Paging, readPaging } from './readPaging.ts'

export async function getRuns({ face, query, filesUrl }: Call): Promise<Response> {
  const { engine, dialect } = face
  const groupId = query.get('group_id') || null
  if (dialect === 'openapi' && groupId === null) return unprocessable([missing('query', 'group_id')])

  const list = async (paging: Paging): Promise<{ shown: object[]; total: number }> => {
    const { sortBy, sortOrder, page, pageSize } = paging
    const offset = page > 1 ? (page - 1) * pageSize : 0
    const { runs, total } = await engine.getRuns({ groupId, sortBy, sortOrder, offset, limit: pageSize })
    return { shown: await Promise.all(runs.map((run) => showRun(face, run, filesUrl, true))), total }
  }

  if (dialect !== 'python') {
    const all: Paging = {
      sortBy: 'created_at',
      sortOrder: 'desc',
      page: 1,
      pageSize: Number.POSITIVE_INFINITY,
    }
    const { shown } = await list(all)
    return success({ group_id: groupId, count: shown.length, runs: shown })
  }
  const paging = readPaging(query)
  if ('problems' in paging) return unprocessable(paging.problems)
  const { sortBy, sortOrder, page, pageSize } = paging
  const { shown, total } = await list(paging)
  return success(
    { runs: shown },
    {
      sort_by: sortBy,
      sort_order: sortOrder,
      page,
      page_size: pageSize,
      group_id: groupId,
      total_count: total,
      total_pages: Math.ceil(total / pageSize),
    },
  )
}
