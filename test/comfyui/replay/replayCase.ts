import { setTimeout as wait } from 'node:timers/promises'
import type { ComfyVersion } from '../server/versions.ts'
import {
  type Answer,
  type Bench,
  call,
  createBench,
  type Exchange,
  type Plan,
  type Recording,
} from './bench.ts'
import { compareAnswer, compareSocket } from './compare.ts'
import { plans } from './plans.ts'
import { boundary, toForm } from './toForm.ts'

/** How long an answer may take to become as recorded: runs end in their own time. */
const patienceMs = 10_000

/** Replays a case against a fresh server of its version. Gives a line for each exchange and socket that is not the same. */
export async function replayCase(
  version: ComfyVersion,
  name: string,
  recording: Recording,
): Promise<string[]> {
  const plan: Plan = plans[name] ?? {}
  const bench = await createBench(version, recording, { speed: plan.stacked ? 0.5 : 4, ...plan.options })
  const problems: string[] = []
  try {
    await prepare(bench, plan)
    for (const [at, exchange] of recording.exchanges.entries()) {
      await plan.steps?.[at]?.(bench)
      const problem = await replay(bench, plan, exchange)
      const { method = '', path = '' } = exchange.request ?? {}
      if (problem) problems.push(`${name} #${at} ${method} ${path}: ${problem}`)
    }
    await plan.after?.(bench)
    for (const [at, heard] of (recording.websocket ?? []).entries()) {
      const problem = await compareSocket(bench, plan, heard, at)
      if (problem) problems.push(`${name}, socket "${heard.socket}": ${problem}`)
    }
  } finally {
    await bench.comfy.stop()
  }
  return problems
}

/** The recording's text, with what stands here for its names. */
function translate<T>(value: T, names: Bench['names']): T {
  let text = JSON.stringify(value)
  for (const [recorded, here] of names) text = text.replaceAll(recorded, here)
  return JSON.parse(text)
}

async function replay(bench: Bench, plan: Plan, exchange: Exchange): Promise<string | undefined> {
  const { comfy, names } = bench
  const { request, response: recorded } = exchange
  // Without an answer: the server is gone.
  if (!request?.method || !recorded) {
    const isGone = async (): Promise<boolean> => !(await call(`${comfy.url}/queue`, 'GET'))
    return bench.until(isGone).then(
      () => undefined,
      () => 'the server still answers',
    )
  }
  const isRead = ['GET', 'HEAD', 'OPTIONS'].includes(request.method)
  if (!isRead && !plan.stacked) await bench.idle()
  const deadline = Date.now() + patienceMs
  for (;;) {
    const answer = await send(bench, request)
    bind(names, exchange, answer)
    const problem = compareAnswer(translate(recorded, names), answer, comfy, plan.drawn ?? false)
    if (!problem || !isRead || Date.now() > deadline) return problem
    await wait(5)
  }
}

function send(
  { comfy, names }: Bench,
  request: NonNullable<Exchange['request']>,
): Promise<Answer | undefined> {
  const { method = '', path = '', headers = {}, body, multipart } = translate(request, names)
  const here = Object.entries(headers).map(([name, value]) => [
    name,
    value.replace('8188', String(comfy.port)),
  ])
  if (multipart) {
    const type = { 'Content-Type': `multipart/form-data; boundary=${boundary}` }
    return call(comfy.url + path, method, type, toForm(multipart))
  }
  const content =
    body === '(1.1 MB of JSON)' ? JSON.stringify({ prompt: {}, more: 'x'.repeat(1_100_000) }) : body
  const sent = typeof content === 'string' || content === undefined ? content : JSON.stringify(content)
  return call(comfy.url + path, method, Object.fromEntries(here), sent)
}

/** Learns which id or tag stands for which of the recording. An id that the request chose is no such one. */
function bind(names: Bench['names'], { request, response }: Exchange, answer?: Answer): void {
  const { prompt_id } = (response?.body ?? {}) as { prompt_id?: string }
  const isChosen = Object.hasOwn(request?.body ?? {}, 'prompt_id')
  if (prompt_id && !isChosen && answer?.status === 200) {
    names.set(prompt_id, JSON.parse(String(answer.body)).prompt_id)
  }
  for (const name of ['Etag', 'Last-Modified']) {
    const from = response?.headers?.[name]
    const to = answer?.headers[name.toLowerCase()]
    // As they stand in JSON.
    if (from && to) names.set(JSON.stringify(from).slice(1, -1), JSON.stringify(to).slice(1, -1))
  }
}

/** Whether a request uses up a number. */
function isCounted({ request }: Exchange): boolean {
  if (request?.method !== 'POST' || request.path !== '/prompt') return false
  const { body } = request
  if (typeof body === 'string') return body === '[]' || /^\{.*\}$/.test(body)
  return !(typeof body === 'object' && body !== null && 'number' in body)
}

/** The first number that a case uses, as its answers tell. */
function firstNumber(exchanges: readonly Exchange[]): number {
  let counted = 0
  for (const exchange of exchanges) {
    const { body } = (exchange.response ?? {}) as { body?: any }
    if (isCounted(exchange)) {
      if (body?.number !== undefined) return Math.abs(body.number) - counted
      counted++
    }
  }
  return 0
}

/** What was in `output/` before: of each series of names in the answers, the one before the first. */
function filesBefore(text: string): string[] {
  const first = new Map<string, number>()
  for (const [, stem = '', digits] of text.matchAll(/"filename": ?"([^"]*?)_(\d{5})_\.(?:png|wav|mp4)"/g)) {
    first.set(stem, Math.min(first.get(stem) ?? Number.POSITIVE_INFINITY, Number(digits)))
  }
  return [...first]
    .filter(([, number]) => number > 1)
    .map(([stem, number]) => `output/${stem}_${String(number - 1).padStart(5, '0')}_.png`)
}

/** Brings a fresh server to where a recording begins. */
async function prepare(bench: Bench, plan: Plan): Promise<void> {
  const { exchanges, websocket } = bench.recording
  const own = new Set(exchanges.flatMap(({ response }) => (response?.body as any)?.prompt_id ?? []))
  const there = exchanges.flatMap(({ response }) => (response?.body as any)?.queue_running ?? [])
  const earlier = there.find(([, id]: [number, string]) => !own.has(id))
  const files = plan.files ?? filesBefore(JSON.stringify({ exchanges, websocket }))
  for (const path of files) bench.write(path)
  await plan.before?.(bench)
  await bench.raiseTo(plan.number ?? earlier?.[0] ?? firstNumber(exchanges))
  // A run that was at work before the first request.
  if (earlier && plan.number === undefined) {
    await bench.submit(earlier[2], { prompt_id: earlier[1] })
    await bench.running(earlier[1])
  }
  if (!plan.opensLate) await bench.open()
}
