import { setTimeout as wait } from 'node:timers/promises'
import type { ComfyVersion } from '../server/versions.ts'
import { type Answer, call } from './call.ts'
import { compareAnswer } from './compareAnswer.ts'
import { compareSocket } from './compareSocket.ts'
import { createBench } from './createBench.ts'
import { plans } from './plans.ts'
import { prepare } from './prepare.ts'
import { boundary, toForm } from './toForm.ts'
import type { Bench, Exchange, Plan, Recording } from './types.ts'

export interface Replayed {
  exchanges: number
  messages: number
  /** A line for each exchange and socket that is not the same. */
  problems: string[]
}

/** How long an answer may take to become as recorded: runs end in their own time. */
const patienceMs = 10_000

/** Replays a case against a fresh server of its version. */
export async function replayCase(
  version: ComfyVersion,
  name: string,
  recording: Recording,
): Promise<Replayed> {
  const plan: Plan = plans[name] ?? {}
  const bench = await createBench(version, recording, { speed: plan.stacked ? 0.5 : 4, ...plan.options })
  const problems: string[] = []
  let messages = 0
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
      messages += heard.messages.length
      const problem = await compareSocket(bench, plan, heard, at)
      if (problem) problems.push(`${name}, socket "${heard.socket}": ${problem}`)
    }
  } finally {
    await bench.comfy.stop()
  }
  return { exchanges: recording.exchanges.length, messages, problems }
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
