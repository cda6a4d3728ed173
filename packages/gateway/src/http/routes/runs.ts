// Starts, shows, lists and cancels runs, and gives links to outputs.
import {
  type Caller,
  checkSame,
  EngineError,
  InputError,
  isEnded,
  type KnownRun,
  mayRun,
  maySee,
  nothingStarted,
  type Run,
  type RunsQuery,
} from '../../engine.ts'
import { isKey, keyOf } from '../access.ts'
import { failure, json, success } from '../answers.ts'
import { createFormHash, type FormHash } from '../form/createFormHash.ts'
import { hashSubmission, readSubmission } from '../form/readForm.ts'
import { linkTo } from '../links.ts'
import { type Dialect, operations } from '../operations.ts'
import { runJson, textOf } from '../runJson.ts'
import type { ApiRequest, PlainRequest, RunningApi, Webhooks } from '../types.ts'
import { answerRun, findRun, notFound } from './wait.ts'

export async function executeWorkflow(call: ApiRequest): Promise<Response> {
  const id = call.query.get('workflow_id')!
  const submitted = await submit(call, id, false)
  if (submitted) return accepted(call.api.dialect, submitted)
  const msg = `Unknown workflow '${id}'`
  throw new InputError([{ loc: ['query', 'workflow_id'], msg, type: 'value_error' }])
}

/** Takes the inputs as JSON, too, and answers with the run. */
export async function runWorkflow(call: ApiRequest): Promise<Response> {
  const submitted = await submit(call, call.id, true)
  if (!submitted) return failure(call.api.dialect, 404, 'Workflow not found')
  const { run } = submitted
  const dataOf = async (now: Run): Promise<object> => ({ run_id: run.id, ...(await runJson(call, now)) })
  return await answerRun(call, run.id, dataOf, run)
}

/** Starts a run of a workflow; `undefined` if no workflow has this id. */
async function submit(
  { api, request, caller, query, maxBodyBytes, requestId }: ApiRequest,
  id: string,
  takesJson: boolean,
): Promise<Pick<KnownRun, 'run' | 'number'> | undefined> {
  const { engine } = api
  if (!mayRun(caller, id)) return undefined
  const groupId = query.get('group_id')
  const webhookUrl = query.get('webhook_url') ?? undefined
  if (webhookUrl !== undefined) webhooksOf(api).check(webhookUrl)
  const hash = openHash(request, api, [id, groupId, ...(webhookUrl === undefined ? [] : [webhookUrl])])
  const body = { request, maxBodyBytes, takesJson }
  const findKnown = async (): Promise<KnownRun | undefined> => {
    const known = hash && (await engine.findKey!(hash.key, caller.owner).catch(nothingStarted))
    if (known) checkSame(known, await hashSubmission(body, hash))
    return known
  }
  let known = await findKnown()
  if (known) return known
  const draft = await engine.draft(id, request.signal, caller).catch(async (error) => {
    // The run that fills the limit may have the same key, and have come a moment ago.
    known = await findKnown()
    return known ? undefined : nothingStarted(error)
  })
  if (!draft) return known
  const form = await readSubmission(draft, body, hash)
    .then((read) => recheck(request, api, caller, id).then(() => read))
    .catch((error) => {
      draft.discard?.()
      return nothingStarted(error)
    })
  const once = await hash?.digest()
  const previews = query.has('previews')
  return await draft.submit({ ...form, groupId, requestId, once, webhookUrl, previews })
}

/** A body may come for hours. Meanwhile the key may be removed, or the workflow taken from it. */
export async function recheck(
  request: PlainRequest,
  { callerOf, streams }: RunningApi,
  caller: Caller,
  workflowId: string,
): Promise<void> {
  if (!streams.isOver(caller)) return
  const now = await callerOf(keyOf(request))
  if (!now || !mayRun(now, workflowId)) throw new EngineError(403, 'Invalid API key')
}

function webhooksOf({ webhooks, name }: RunningApi): Webhooks {
  if (webhooks) return webhooks
  const way = 'start a gateway with --data or --redis, and without --no-key'
  throw new EngineError(
    422,
    `webhook_url is for gateways with a queue and a key, not for this ${name}: ${way}`,
  )
}

/** The hash of a submission that has an `Idempotency-Key`; no other needs one. */
export function openHash(
  request: PlainRequest,
  { engine, name }: RunningApi,
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
  const { api, caller, query, url } = call
  const { engine, dialect, longestList } = api
  const groupId = query.get('group_id')
  const isPaged = Object.entries(operations.getRuns.query!).some(
    ([name, { ofPages }]) => ofPages && url.searchParams.has(name),
  )
  const hasPages = dialect === 'python' || (longestList !== undefined && isPaged)
  const page = hasPages ? Number(query.get('page')) : 1
  const pageSize = hasPages ? Number(query.get('page_size')) : (longestList ?? Number.POSITIVE_INFINITY)
  const sortBy = query.get('sort_by') as RunsQuery['sortBy']
  const sortOrder = query.get('sort_order') as RunsQuery['sortOrder']
  const offset = page > 1 ? (page - 1) * pageSize : 0
  // Equal groups of two owners don't meet.
  const owner = caller.isAdmin && groupId === null ? undefined : caller.owner
  const list = await engine.getRuns({ groupId, owner, sortBy, sortOrder, offset, limit: pageSize })
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

export async function getRun(call: ApiRequest): Promise<Response> {
  return await answerRun(call, call.id, (run) => runJson(call, run))
}

export async function getOutput(call: ApiRequest): Promise<Response> {
  const { api, caller, query } = call
  const found = await api.engine.findOutput(query.get('filename')!)
  if (!found || !maySee(caller, found.run.owner)) return failure(api.dialect, 404, 'Output not found')
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

export async function cancelRun(call: ApiRequest): Promise<Response> {
  const { api, caller, id } = call
  if (!caller.isAdmin) await findRun(call, id)
  const cancelled = await api.engine.cancelRun(id)
  if (!cancelled) throw notFound()
  const { run, hadEnded } = cancelled
  if (hadEnded) return success(`Run has already ended: ${run.status}`)
  const isOver = run.status === 'cancelled'
  return success(isOver ? 'Run cancelled successfully' : `Cancel requested: the run is ${run.status} still`)
}

export async function resendWebhook(call: ApiRequest): Promise<Response> {
  const { api, id } = call
  const { status } = await findRun(call, id)
  if (!isEnded(status)) throw new EngineError(409, 'The run has not ended: its webhook is sent then')
  if (await api.webhooks?.resend(id)) return success('Webhook is sent again')
  throw new EngineError(409, 'The run has no webhook')
}
