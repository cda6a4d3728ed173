import { missing, success, unprocessable } from '../../http/answers.ts'
import { readPaging } from '../../http/routes/runs.ts'
import { showRun } from '../../http/runJson.ts'
import type { Call } from '../../http/types.ts'

export async function getRuns({ face, query, filesUrl }: Call): Promise<Response> {
  const { engine, dialect } = face
  const groupId = query.get('group_id') || null
  if (dialect === 'openapi' && groupId === null) return unprocessable([missing('query', 'group_id')])

  const { longestList } = face
  const asked = ['page', 'page_size', 'sort_by', 'sort_order'].some((name) => query.has(name))
  const hasPages = dialect === 'python' || (longestList !== undefined && asked)
  const paging: ReturnType<typeof readPaging> = hasPages
    ? readPaging(query)
    : { sortBy: 'created_at', sortOrder: 'desc', page: 1, pageSize: longestList ?? Number.POSITIVE_INFINITY }
  if ('problems' in paging) return unprocessable(paging.problems)
  const { sortBy, sortOrder, page, pageSize } = paging
  const offset = page > 1 ? (page - 1) * pageSize : 0
  const { runs, total } = await engine.getRuns({ groupId, sortBy, sortOrder, offset, limit: pageSize })
  const shown = await Promise.all(runs.map((run) => showRun(face, run, filesUrl, true)))
  const meta = hasPages
    ? {
        sort_by: sortBy,
        sort_order: sortOrder,
        page,
        page_size: pageSize,
        group_id: groupId,
        total_count: total,
        total_pages: Math.ceil(total / pageSize),
      }
    : undefined
  if (dialect === 'python') return success({ runs: shown }, meta)
  return success({ group_id: groupId, count: shown.length, runs: shown }, meta)
}
