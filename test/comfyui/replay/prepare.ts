import type { Bench, Exchange, Plan } from './types.ts'

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
export async function prepare(bench: Bench, plan: Plan): Promise<void> {
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
