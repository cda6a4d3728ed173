import { type Context, empty, json, type Reply } from './http.ts'
import { convert, PythonError } from './python.ts'
import type { HistoryEntry, Item, Life } from './types.ts'

/** The newest, or a page from the oldest on. An entry that is no JSON spoils the whole answer. */
export function getHistory({ life, url }: Context): Reply {
  const read = (name: string): number | undefined => {
    const value = url.searchParams.get(name)
    return value === null ? undefined : Number(convert('INT', value))
  }
  const max = read('max_items')
  const given = read('offset') ?? -1
  const offset = given < 0 && max !== undefined ? life.history.size - max : given
  const entries: [string, unknown][] = []
  for (const entry of [...life.history].slice(Math.max(0, offset))) {
    entries.push(entry)
    if (max !== undefined && entries.length >= max) break
  }
  return json(Object.fromEntries(entries))
}

export function getHistoryEntry({ life, params: [id = ''] }: Context): Reply {
  const entry = life.history.get(id)
  return json(entry ? { [id]: entry } : {})
}

export async function postHistory({ life, readJson }: Context): Promise<Reply> {
  const body = (await readJson()) as { clear?: unknown; delete?: Iterable<string> }
  if (body.clear) life.history.clear()
  for (const id of body.delete ?? []) life.history.delete(id)
  return empty()
}

type Job = Record<string, any>

/** As the server reads it: of another shape than expected it throws, and the answer is a 500. */
function workflowIdOf([, , , extra]: Item): unknown {
  if (!extra || !('extra_pnginfo' in extra)) return undefined
  const { extra_pnginfo: info } = extra as { extra_pnginfo: any }
  if (typeof info !== 'object' || info === null) throw new TypeError('no dict')
  if (!('workflow' in info)) return undefined
  if (typeof info.workflow !== 'object' || info.workflow === null) throw new TypeError('no dict')
  return info.workflow.id
}

const unended = (item: Item, status: string): Job => ({
  id: item[1],
  status,
  priority: item[0],
  create_time: item[3]?.create_time,
  outputs_count: 0,
  workflow_id: workflowIdOf(item),
})

function ended({ prompt, outputs, status }: HistoryEntry): Job {
  const at = (type: string): any => status.messages.find(([name]) => name === type)?.[1]
  const files = Object.entries(outputs).flatMap(([nodeId, ui]) =>
    Object.entries(ui).flatMap(([mediaType, items]) =>
      items
        .filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null)
        .map((item) => ({ ...item, nodeId, mediaType })),
    ),
  )
  return {
    id: prompt[1],
    status: status.completed ? 'completed' : 'failed',
    priority: prompt[0],
    create_time: prompt[3]?.create_time,
    execution_start_time: at('execution_start')?.timestamp,
    execution_end_time: status.messages.at(-1)![1].timestamp,
    execution_error: at('execution_error'),
    outputs_count: files.length,
    preview_output: files[0],
    workflow_id: workflowIdOf(prompt),
  }
}

const allJobs = ({ pending, running, history }: Life): Job[] => [
  ...running.map((item) => unended(item, 'in_progress')),
  ...pending.map((item) => unended(item, 'pending')),
  ...[...history.values()].map(ended),
]

const states = ['pending', 'in_progress', 'completed', 'failed']
const refuse = (error: string): Reply => json({ error }, 400)

export function getJobs({ life, url }: Context): Reply {
  const query = url.searchParams
  const wanted = query.get('status')?.split(',')
  const unknown = wanted?.filter((state) => !states.includes(state)) ?? []
  if (unknown.length) {
    return refuse(`Invalid status value(s): ${unknown.join(', ')}. Valid values: ${states.join(', ')}`)
  }
  const sortBy = query.get('sort_by') ?? 'created_at'
  if (!['created_at', 'execution_duration'].includes(sortBy)) {
    return refuse("sort_by must be 'created_at' or 'execution_duration'")
  }
  const read = (name: string): number | null | undefined => {
    const value = query.get(name)
    try {
      return value === null ? null : Number(convert('INT', value))
    } catch (error) {
      if (error instanceof PythonError) return undefined
      throw error
    }
  }
  const limit = read('limit')
  const offset = read('offset')
  if (limit === undefined) return refuse('limit must be an integer')
  if (limit !== null && limit < 1) return refuse('limit must be a positive integer')
  if (offset === undefined) return refuse('offset must be an integer')
  const workflowId = query.get('workflow_id')
  const key = ({ create_time, execution_start_time = 0, execution_end_time = 0 }: Job): number =>
    sortBy === 'created_at' ? create_time : execution_end_time - execution_start_time
  const sign = query.get('sort_order') === 'asc' ? 1 : -1
  const jobs = allJobs(life)
    .filter(({ status }) => !wanted || wanted.includes(status))
    .filter(({ workflow_id }) => !workflowId || workflow_id === workflowId)
    .sort((a, b) => sign * (key(a) - key(b) || a.priority - b.priority))
  const start = Math.max(0, offset ?? 0)
  const page = jobs.slice(start, limit === null ? undefined : start + limit)
  const has_more = start + page.length < jobs.length
  return json({ jobs: page, pagination: { offset: start, limit, total: jobs.length, has_more } })
}

export function getJob({ life, params: [id = ''] }: Context): Reply {
  const job = allJobs(life).find((held) => held.id === id)
  if (!job) return json({ error: 'Job not found' }, 404)
  const entry = life.history.get(id)
  if (!entry || job.status === 'pending' || job.status === 'in_progress') return json(job)
  const [, , prompt, extra_data] = entry.prompt
  return json({
    ...job,
    outputs: entry.outputs,
    execution_status: entry.status,
    workflow: { prompt, extra_data },
  })
}
