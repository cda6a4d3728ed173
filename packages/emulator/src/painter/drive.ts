import type { RunContext } from '../types.ts'

/** Where in the run's progress the steps lie. */
export interface Stretch {
  from: number
  to: number
}

/** Runs a painter step by step, so that it takes `totalMs`, its work included, and the event loop gets its turns. */
export async function drive<T>(
  steps: Generator<number, T>,
  totalMs: number,
  context: RunContext,
  { from, to }: Stretch = { from: 0, to: 1 },
): Promise<T> {
  let before = 0
  for (;;) {
    const start = Date.now()
    const step = steps.next()
    const worked = Date.now() - start
    const now = step.done ? 1 : step.value
    context.progress(from + (to - from) * now)
    await context.sleep(Math.max(0, totalMs * (now - before) - worked))
    if (step.done) return step.value
    before = now
  }
}
