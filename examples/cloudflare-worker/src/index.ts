// Submits runs at once and finishes them later, by a cron trigger: no request waits for a run.
//   cd examples/cloudflare-worker && npm install && npx wrangler dev --test-scheduled
//   curl localhost:8787/generate -H 'Idempotency-Key: my-1' -d '{ "prompt": "a red fox" }'
//   curl localhost:8787/__scheduled && curl localhost:8787/runs/<runId>
import {
  type Client,
  createClient,
  executeWorkflow,
  getOutput,
  getRuns,
  isFlowScaleError,
} from '@flowscale/client'
import { waitForResult } from '@flowscale/client/poller'

export interface Env {
  /** Your pod; in wrangler.jsonc. */
  FLOWSCALE_API_URL: string
  /** A secret: `wrangler secret put FLOWSCALE_API_KEY`. */
  FLOWSCALE_API_KEY: string
  RUNS: Store
}

/** The part of a KV namespace that is used here; `KVNamespace` of `@cloudflare/workers-types` fits. */
interface Store {
  get(key: string): Promise<string | null>
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>
  delete(key: string): Promise<void>
  list(options: { prefix: string }): Promise<{ keys: { name: string }[] }>
}

type RunRecord = { runId: string } & (
  | { status: 'pending' }
  | { status: 'completed'; filenames: string[] }
  | { status: 'failed'; errors: string[] }
)

// A run costs a poll each, and an output costs one more: 8 × 3 × 2 stays below the 50 subrequests of the free plan.
const runsAtATime = 8
const maxPolls = 3
const week = { expirationTtl: 7 * 24 * 60 * 60 }

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url)
    const runId = /^\/runs\/([\w-]+)$/.exec(pathname)?.[1]
    try {
      if (pathname === '/generate' && request.method === 'POST') return await generate(request, env)
      if (runId && request.method === 'GET') return await show(runId, env)
      return Response.json({ error: 'POST /generate or GET /runs/<runId>' }, { status: 404 })
    } catch (error) {
      // What went wrong is for your log. Whoever sends the same Idempotency-Key again pays for nothing twice.
      console.error(error)
      return Response.json({ error: isFlowScaleError(error) ? error.code : 'INTERNAL' }, { status: 502 })
    }
  },

  async scheduled(_controller: unknown, env: Env): Promise<void> {
    const { keys } = await env.RUNS.list({ prefix: 'pending:' })
    // Any of them, so that runs which take long don't keep the others from their turn.
    const start = Math.floor(Math.random() * keys.length)
    const chosen = [...keys.slice(start), ...keys.slice(0, start)].slice(0, runsAtATime)
    await Promise.all(chosen.map(({ name }) => finish(name.slice('pending:'.length), env)))
  },
}

const connect = (env: Env): Client =>
  createClient({ baseUrl: env.FLOWSCALE_API_URL, apiKey: env.FLOWSCALE_API_KEY })

async function generate(request: Request, env: Env): Promise<Response> {
  const { prompt } = Object(await request.json().catch(() => undefined)) as { prompt?: unknown }
  if (typeof prompt !== 'string' || !prompt.trim())
    return Response.json({ error: 'Send JSON: { "prompt": "…" }' }, { status: 400 })
  const key = request.headers.get('Idempotency-Key') ?? crypto.randomUUID()
  if (!/^[\w-]{1,100}$/.test(key))
    return Response.json({ error: 'Idempotency-Key: 1 to 100 of A-Z a-z 0-9 _ -' }, { status: 400 })

  const runId = (await env.RUNS.get(`key:${key}`)) ?? (await submit(key, prompt, env))
  return Response.json({ runId }, { status: 202, headers: { Location: `/runs/${runId}` } })
}

/**
 * The key is the run's group, so FlowScale itself knows whether there is a run for it, even if this worker ended before
 * it could note the run. Only two requests with one key at the very same moment could both submit: if yours do that,
 * take turns in a Durable Object.
 */
async function submit(key: string, prompt: string, env: Env): Promise<string> {
  const client = connect(env)
  const { data: earlier } = await getRuns(client, { groupId: key })
  let runId = earlier.runs[0]?._id
  if (!runId) {
    const { data } = await executeWorkflow(client, 'bncu0a1kipv', { text_51536: prompt }, { groupId: key })
    runId = data.run_id
  }
  await keep({ runId, status: 'pending' }, env)
  await env.RUNS.put(`pending:${runId}`, '', week)
  await env.RUNS.put(`key:${key}`, runId, week)
  return runId
}

async function show(runId: string, env: Env): Promise<Response> {
  const record = await find(runId, env)
  if (!record) return Response.json({ error: 'No such run' }, { status: 404 })
  if (record.status !== 'completed') return Response.json(record)
  // Links expire: ask for new ones.
  const client = connect(env)
  const outputs = record.filenames.map(async (filename) => {
    const output = await getOutput(client, filename)
    return { filename, url: output?.data.download_url ?? null }
  })
  return Response.json({ runId, status: record.status, outputs: await Promise.all(outputs) })
}

/** Finishes a run if it has ended; else it stays pending for the next time. */
async function finish(runId: string, env: Env): Promise<void> {
  try {
    const { outputs } = await waitForResult(connect(env), runId, { maxPolls })
    await keep({ runId, status: 'completed', filenames: outputs.map(({ filename }) => filename) }, env)
  } catch (error) {
    const errors = failureOf(error)
    if (!errors) return console.warn(`Run ${runId} is still pending: ${error}`)
    await keep({ runId, status: 'failed', errors }, env)
  }
  await env.RUNS.delete(`pending:${runId}`)
}

/** Why a run will never have a result; `undefined` where it may have one yet. */
function failureOf(error: unknown): string[] | undefined {
  if (!isFlowScaleError(error)) return undefined
  if (error.code === 'ERR_FLOWSCALE_RUN') return error.errors.length ? error.errors : [error.status]
  return error.code === 'ERR_FLOWSCALE_HTTP' && error.status === 404
    ? ['FlowScale no longer knows it']
    : undefined
}

async function find(runId: string, env: Env): Promise<RunRecord | null> {
  return JSON.parse((await env.RUNS.get(`run:${runId}`)) ?? 'null')
}

const keep = (record: RunRecord, env: Env): Promise<void> =>
  env.RUNS.put(`run:${record.runId}`, JSON.stringify(record), week)
