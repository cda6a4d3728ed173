import {
  checkSame,
  EngineError,
  isEnded,
  type KnownRun,
  nothingStarted,
  type Problem,
  type RunsQuery,
} from '../../engine.ts'
import { isKey } from '../access.ts'
import { failure, json, missing, success, unprocessable } from '../answers.ts'
import { createFormHash, type FormHash } from '../form/createFormHash.ts'
import { hashSubmission, readSubmission } from '../form/readForm.ts'
import { linkTo } from '../links.ts'
import { runJson, textOf } from '../runJson.ts'
import type { ApiRequest, Dialect } from '../types.ts'

export async function executeWorkflow(call: ApiRequest): Promise<Response> {
  const { api, request, query, maxBodyBytes, requestId } = call
  const { engine, dialect } = api
  const id = query.get('workflow_id')
  if (!id) return unprocessable([missing('query', 'workflow_id')])
  const groupId = query.get('group_id') || null
  const hash = openHash(call, [id, groupId])
  const known = hash && (await engine.findKey!(hash.key).catch(nothingStarted))
  if (known) {
    checkSame(known, await hashSubmission(request, maxBodyBytes, hash))
    return accepted(dialect, known)
  }
  const draft = await engine.draft(id, request.signal).catch(nothingStarted)
  if (!draft) {
    const msg = `Unknown workflow '${id}'`
    return unprocessable([{ loc: ['query', 'workflow_id'], msg, type: 'value_error' }])
  }
  const form = await readSubmission(draft, request, maxBodyBytes, hash).catch(nothingStarted)
  const once = await hash?.digest()
  return accepted(dialect, await draft.submit({ ...form, groupId, requestId, once }))
}

/** The hash of a submission that has an `Idempotency-Key`; no other needs one. */
function openHash(
  { request, api: { engine, name } }: ApiRequest,
  about: readonly unknown[],
): FormHash | undefined {
  const key = request.headers.get('idempotency-key')
  if (key === null) return undefined
  if (!isKey(key) || key.length > 255)
    throw new EngineError(400, 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  if (engine.findKey) return createFormHash(key, about)
  const way = 'leave the header out, or start a gateway with a queue: --data or --redis'
  throw new EngineError(400, `This ${name} does not keep the Idempotency-Key of submissions: ${way}`)
}

function accepted(dialect: Dialect, { run, number }: Pick<KnownRun, 'run' | 'number'>): Response {
  const ids = { run_id: run.id, workflow_id: run.workflowId }
  if (dialect === 'openapi') return success([ids])
  if (dialect === 'python') return success(ids)
  return success({ number, node_errors: {}, output_names: run.outputNames, run_id: run.id })
}

export async function getRuns(call: ApiRequest): Promise<Response> {
  const { api, query } = call
  const { engine, dialect, longestList } = api
  const groupId = query.get('group_id') || null
  if (dialect === 'openapi' && groupId === null) return unprocessable([missing('query', 'group_id')])

  const isPaged = ['page', 'page_size', 'sort_by', 'sort_order'].some((name) => query.has(name))
  const hasPages = dialect === 'python' || (longestList !== undefined && isPaged)
  const paging = hasPages ? readPaging(query) : wholeList(longestList)
  if ('problems' in paging) return unprocessable(paging.problems)
  const { sortBy, sortOrder, page, pageSize } = paging
  const offset = page > 1 ? (page - 1) * pageSize : 0
  const list = await engine.getRuns({ groupId, sortBy, sortOrder, offset, limit: pageSize })
  const runs = await Promise.all(list.runs.map((run) => runJson(call, run, true)))
  const meta = hasPages
    ? {
        sort_by: sortBy,
        sort_order: sortOrder,
        page,
        page_size: pageSize,
        group_id: groupId,
        total_count: list.total,
        total_pages: Math.ceil(list.total / pageSize),
      }
    : undefined
  if (dialect === 'python') return success({ runs }, meta)
  return success({ group_id: groupId, count: runs.length, runs }, meta)
}

interface Paging extends Pick<RunsQuery, 'sortBy' | 'sortOrder'> {
  readonly page: number
  readonly pageSize: number
}

function wholeList(longest = Number.POSITIVE_INFINITY): Paging {
  return { sortBy: 'created_at', sortOrder: 'desc', page: 1, pageSize: longest }
}

const SORT_BY: readonly Paging['sortBy'][] = ['created_at', 'started_at', 'completed_at']
const SORT_ORDER: readonly Paging['sortOrder'][] = ['asc', 'desc']

/** The paging of a query, or all that is wrong with it. */
function readPaging(query: URLSearchParams): Paging | { problems: Problem[] } {
  const problems: Problem[] = []
  const refuse = (name: string, msg: string, type: string): void =>
    void problems.push({ loc: ['query', name], msg, type })

  function choice<T extends string>(name: string, known: readonly T[], fallback: T): T {
    const given = query.get(name)
    const found = given === null ? fallback : known.find((word) => word === given)
    const list = known.map((word) => `'${word}'`).join(' or ')
    if (found === undefined) refuse(name, `Input should be ${list}`, 'literal_error')
    return found ?? fallback
  }

  function whole(name: string, fallback: number, most: number): number {
    const given = query.get(name)
    if (given === null) return fallback
    const value = Number(given)
    if (!/^[+-]?\d+$/.test(given)) refuse(name, 'Input should be a valid integer', 'int_parsing')
    else if (value < 1) refuse(name, 'Input should be greater than or equal to 1', 'greater_than_equal')
    else if (value > most) refuse(name, `Input should be less than or equal to ${most}`, 'less_than_equal')
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

export async function getRun(call: ApiRequest): Promise<Response> {
  const { api, id } = call
  const run = await api.engine.getRun(id)
  return run ? success(await runJson(call, run)) : failure(api.dialect, 404, 'Run not found')
}

export async function getOutput(call: ApiRequest): Promise<Response> {
  const { api, query } = call
  const filename = query.get('filename')
  if (!filename) return unprocessable([missing('query', 'filename')])
  const found = await api.engine.findOutput(filename)
  if (!found) return failure(api.dialect, 404, 'Output not found')
  const { run, file } = found
  if (file !== undefined) {
    const download_url = await linkTo(call, run.id, file)
    return success({ download_url, generation_status: 'success', ...textOf(run, file) })
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
