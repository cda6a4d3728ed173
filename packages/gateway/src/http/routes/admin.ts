// Answers about usage, and pauses servers.
import { dayOf, EngineError, InputError } from '../../engine.ts'
import { failure, success } from '../answers.ts'
import type { ApiRequest } from '../types.ts'

const DAY_MS = 86_400_000
const USUAL_DAYS = 30
const MOST_DAYS = 400

function needsQueue(what: string): EngineError {
  return new EngineError(400, `${what} needs a queue: start the gateway with --data or --redis`)
}

export async function getUsage({ api: { engine }, caller, query }: ApiRequest): Promise<Response> {
  if (!engine.usage) throw needsQueue('Usage')
  const to = query.get('to') ?? dayOf(Date.now())
  const from = query.get('from') ?? dayOf(Date.parse(to) - (USUAL_DAYS - 1) * DAY_MS)
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
  const msg =
    days < 1 ? 'Input should not be after `to`' : `Input should be less than ${MOST_DAYS} days before \`to\``
  if (days < 1 || days > MOST_DAYS)
    throw new InputError([{ loc: ['query', 'from'], msg, type: 'value_error' }])
  const [page, limit] = [Number(query.get('page')), Number(query.get('page_size'))]
  const owner = caller.isAdmin ? undefined : caller.owner
  const { rows, total } = await engine.usage({ from, to, owner, offset: (page - 1) * limit, limit })
  const data = rows.map(({ day, owner = null, workflowId, completed, failed, cancelled, gpuMs }) => ({
    day,
    key: owner,
    workflow_id: workflowId,
    ...{ completed, failed, cancelled, gpu_seconds: gpuMs / 1_000 },
  }))
  const pages = { total_count: total, total_pages: Math.ceil(total / limit) }
  return success(data, { from, to, page, page_size: limit, ...pages })
}

export const pauseServer = (call: ApiRequest): Promise<Response> => setPaused(call, true)
export const resumeServer = (call: ApiRequest): Promise<Response> => setPaused(call, false)

async function setPaused({ api, id }: ApiRequest, isPaused: boolean): Promise<Response> {
  const { engine, dialect } = api
  if (!engine.setPaused) throw needsQueue('A pause')
  if (await engine.setPaused(id, isPaused))
    return success(isPaused ? `${id} ends its run, and takes no other` : `${id} takes runs again`)
  const servers = (await engine.containers()).filter(({ isQueue }) => !isQueue)
  const names = servers.map(({ name }) => name).join(', ') || 'none yet'
  return failure(dialect, 404, `No server has this name. The servers are: ${names}`)
}
