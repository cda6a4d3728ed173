import { isEnded, nothingStarted, type Problem } from '../../engine.ts'
import { failure, json, missing, success, unprocessable } from '../answers.ts'
import { readSubmission } from '../form/readForm.ts'
import { linkTo } from '../links.ts'
import { runJson } from '../runJson.ts'
import type { ApiRequest } from '../types.ts'

export async function executeWorkflow(call: ApiRequest): Promise<Response> {
  const { api, request, query, maxBodyBytes, requestId } = call
  const { engine, dialect } = api
  const id = query.get('workflow_id')
  if (!id) return unprocessable([missing('query', 'workflow_id')])
  const draft = await engine.draft(id, request.signal).catch(nothingStarted)
  if (!draft) {
    const msg = `Unknown workflow '${id}'`
    return unprocessable([{ loc: ['query', 'workflow_id'], msg, type: 'value_error' }])
  }
  const { workflow } = draft
  const form = await readSubmission(workflow, draft, request, { maxBodyBytes }).catch(nothingStarted)
  const groupId = query.get('group_id') || null
  const { run, number } = await draft.submit({ ...form, groupId, requestId })

  const told = { run_id: run.id, workflow_id: workflow.id }
  if (dialect === 'openapi') return success([told])
  if (dialect === 'python') return success(told)
  return success({ number, node_errors: {}, output_names: run.outputNames, run_id: run.id })
}

export async function getRuns({ api, query, filesUrl }: ApiRequest): Promise<Response> {
  const { engine, dialect } = api
  const groupId = query.get('group_id') || null
  if (dialect === 'openapi' && groupId === null) return unprocessable([missing('query', 'group_id')])

  const { longestList } = api
  const asked = ['page', 'page_size', 'sort_by', 'sort_order'].some((name) => query.has(name))
  const hasPages = dialect === 'python' || (longestList !== undefined && asked)
  const paging: ReturnType<typeof readPaging> = hasPages
    ? readPaging(query)
    : { sortBy: 'created_at', sortOrder: 'desc', page: 1, pageSize: longestList ?? Number.POSITIVE_INFINITY }
  if ('problems' in paging) return unprocessable(paging.problems)
  const { sortBy, sortOrder, page, pageSize } = paging
  const offset = page > 1 ? (page - 1) * pageSize : 0
  const { runs, total } = await engine.getRuns({ groupId, sortBy, sortOrder, offset, limit: pageSize })
  const shown = await Promise.all(runs.map((run) => runJson(api, run, filesUrl, true)))
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

type SortBy = 'created_at' | 'started_at' | 'completed_at'

interface Paging {
  sortBy: SortBy
  sortOrder: 'asc' | 'desc'
  page: number
  pageSize: number
}

const SORT_BY: readonly SortBy[] = ['created_at', 'started_at', 'completed_at']
const SORT_ORDER: readonly Paging['sortOrder'][] = ['asc', 'desc']

/** The query of getRuns in the `python` dialect, or everything that is wrong with it. */
function readPaging(query: URLSearchParams): Paging | { problems: Problem[] } {
  const problems: Problem[] = []

  function choice<T extends string>(name: string, known: readonly T[], fallback: T): T {
    const given = query.get(name)
    if (given === null) return fallback
    const found = known.find((word) => word === given)
    if (found) return found
    const list = known.map((word) => `'${word}'`).join(' or ')
    problems.push({ loc: ['query', name], msg: `Input should be ${list}`, type: 'literal_error' })
    return fallback
  }

  function whole(name: string, fallback: number, most: number): number {
    const given = query.get(name)
    if (given === null) return fallback
    const add = (msg: string, type: string): void => void problems.push({ loc: ['query', name], msg, type })
    const value = Number(given)
    if (!/^[+-]?\d+$/.test(given)) add('Input should be a valid integer', 'int_parsing')
    else if (value < 1) add('Input should be greater than or equal to 1', 'greater_than_equal')
    else if (value > most) add(`Input should be less than or equal to ${most}`, 'less_than_equal')
    return value
  }

  const paging: Paging = {
    sortBy: choice('sort_by', SORT_BY, 'created_at'),
    sortOrder: choice('sort_order', SORT_ORDER, 'desc'),
    page: whole('page', 1, Number.MAX_SAFE_INTEGER),
    pageSize: whole('page_size', 10, 100),
  }
  return problems.length > 0 ? { problems } : paging
}

export async function getRun({ api, id, filesUrl }: ApiRequest): Promise<Response> {
  const run = await api.engine.getRun(id)
  return run ? success(await runJson(api, run, filesUrl)) : failure(api.dialect, 404, 'Run not found')
}

export async function getOutput({ api, query, filesUrl }: ApiRequest): Promise<Response> {
  const filename = query.get('filename')
  if (!filename) return unprocessable([missing('query', 'filename')])
  const found = await api.engine.findOutput(filename)
  if (!found) return failure(api.dialect, 404, 'Output not found')
  const { run, file } = found
  if (file !== undefined) {
    const url = await linkTo(api, run.id, file, filesUrl)
    return success({ download_url: url, generation_status: 'success' })
  }
  if (!isEnded(run.status)) return new Response(null, { status: 204 })
  return json(200, {
    status: 'failed',
    errors: [run.error ?? 'The run was cancelled'],
    data: { download_url: null, generation_status: 'failed' },
  })
}

export async function cancelRun({ api, id }: ApiRequest): Promise<Response> {
  const cancelled = await api.engine.cancelRun(id)
  if (!cancelled) return failure(api.dialect, 404, 'Run not found')
  const { run, hadEnded } = cancelled
  if (hadEnded) return success(`Run has already ended: ${run.status}`)
  const isOver = run.status === 'cancelled'
  return success(isOver ? 'Run cancelled successfully' : `Cancel requested: the run is ${run.status} still`)
}
