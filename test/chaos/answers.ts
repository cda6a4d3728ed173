// Whatever a server answers, a call ends in what its type promises or in an error of ours, and shows no key.
import { createClient, isFlowScaleError, type TimeoutError } from '@flowscale/client'
import fc from 'fast-check'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { type Answer, answerOf, realAnswers } from './answers/answerOf.ts'
import { calls, type Fuzzed } from './answers/calls.ts'
import { type Operation, ourError, results, run, sameAs } from './answers/promises.ts'
import type { Finding, Settings } from './lib/finding.ts'

/** Scenarios at a time; after each the answers are counted. */
const batch = 50

interface Scenario {
  answers: Answer[]
  variant: number
}

export async function answers({ seed, isLong }: Settings): Promise<Finding> {
  const amount = isLong ? 100_000 : 1500
  const failures: string[] = []
  const ends: Record<string, number> = {}
  let served = 0
  let leaksLooked = 0
  const clock = virtualClock()
  const real = await realAnswers()
  const names = Object.keys(calls) as Operation[]
  try {
    for (const [index, operation] of names.entries()) {
      const scenario: fc.Arbitrary<Scenario> = fc.record({
        answers: fc.array(answerOf(real, calls[operation].answers), { minLength: 1, maxLength: 5 }),
        variant: fc.nat(11),
      })
      const goal = served + Math.ceil((amount - served) / (names.length - index))
      const random = fc.sample(fc.integer(), { seed: seed + index, numRuns: 1 })[0]!
      for (let turn = 0; served < goal; turn++) {
        const parameters = { seed: (random + turn) | 0, numRuns: batch }
        const outcome = await fc.check(
          fc.asyncProperty(scenario, (given) => play(operation, given)),
          parameters,
        )
        if (!outcome.failed) continue
        const { counterexample, errorInstance, counterexamplePath } = outcome
        const [given] = counterexample ?? []
        failures.push(
          `${operation}: ${(errorInstance as Error)?.message} [seed ${outcome.seed}, path ${counterexamplePath}] ` +
            JSON.stringify(given)
              .replace(/(.)\1{40,}/g, '$1…')
              .slice(0, 600),
        )
        // One is enough to work on.
        break
      }
    }
  } finally {
    clock.uninstall()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const table = Object.entries(ends).sort(([, a], [, b]) => b - a)
  return {
    checks: served,
    failures,
    lines: [
      `ends: ${table.map(([end, count]) => `${end} ${count}`).join(', ')}`,
      `searched for the key ${leaksLooked} times`,
    ],
  }

  async function play(operation: Operation, { answers, variant }: Scenario): Promise<void> {
    let turn = 0
    let isNamed = false
    const wrong: string[] = []
    const logged: string[] = []
    const log = (message: string, fields?: object) => {
      logged.push(message + JSON.stringify(fields))
    }
    const client = createClient({
      baseUrl: 'http://pod.test/base',
      apiKey: CANARY,
      maxRetries: variant % 3,
      logger: { debug: log, info: log, warn: log, error: log },
      fetch: async (url, init) => {
        served++
        // An id, a name or a link which a server makes of the key is used as it is.
        isNamed ||= url.includes(CANARY)
        const answer = answers[Math.min(turn++, answers.length - 1)]!
        const isOdd = operation === 'downloadOutput' && answer.way === 'no response'
        return respond(isOdd ? { ...answer, way: 'throw' } : answer, init.signal!)
      },
    })
    const saw: Fuzzed['saw'] = (what, value) => {
      if (what === 'run') wrong.push(...run(value, 'onUpdate'))
      else if (typeof Object(value).runId !== 'string' || !Array.isArray(Object(value).outputNames)) {
        wrong.push('onSubmitted was not told of a run')
      }
    }
    const judge = async (calling: Promise<unknown>): Promise<unknown> => {
      let end = 'result'
      try {
        const result = await calling
        const promised = operation in sameAs ? sameAs[operation as keyof typeof sameAs] : operation
        wrong.push(...results[promised as keyof typeof results](result, 'result'))
        if (result === null) end = 'null'
        if (result instanceof Response) result.body?.cancel().catch(() => {})
      } catch (error) {
        if (!isFlowScaleError(error))
          throw new Error(`not an error of ours: ${(error as Error)?.stack ?? error}`)
        end = error.name
        wrong.push(...ourError(error, 'error'))
        if (isNamed || `${(error as TimeoutError).runId}`.includes(CANARY)) return error
        leaksLooked++
        assertNoCanary(error, 'an error')
        for (const extra of [error.cause, (error as TimeoutError).cancelError]) {
          if (extra !== undefined) assertNoCanary(extra, 'what an error holds')
        }
        return error
      } finally {
        ends[end] = (ends[end] ?? 0) + 1
      }
      return undefined
    }
    const error = (await judge(calls[operation].call({ client, variant, saw }))) as TimeoutError | undefined
    if (error?.resume) {
      await judge(
        // A watch goes on as a wait for the run.
        operation === 'watchRun'
          ? error.resume({ maxPolls: 2 }).then((run) => [run])
          : error.resume({ maxPolls: 2 }),
      )
    }
    if (!isNamed && logged.join('\n').includes(CANARY)) wrong.push('the key shows in a log line')
    if (wrong.length) throw new Error(wrong.slice(0, 3).join('; '))
  }
}

interface Timer {
  at: number
  run(): void
}

/**
 * A clock that stands still while there is work, and jumps to the next timer when there is none: a wait of a year is
 * over at once. For code that talks to nobody outside of the process.
 */
function virtualClock(): { uninstall(): void } {
  const { setTimeout, clearTimeout } = globalThis
  const { now: realNow } = Date
  let now = 1_750_000_000_000
  let isPumping = false
  const timers = new Set<Timer>()

  const pump = () => {
    isPumping = true
    // Two turns of the event loop: what is settled by now has gone on.
    setImmediate(() =>
      setImmediate(() => {
        let next: Timer | undefined
        for (const timer of timers) if (!next || timer.at < next.at) next = timer
        isPumping = false
        if (!next) return
        now = Math.max(now, next.at)
        timers.delete(next)
        if (timers.size) pump()
        next.run()
      }),
    )
  }
  globalThis.setTimeout = ((run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const timer = { at: now + Math.max(0, Number(ms) || 0), run: () => run(...args) }
    timers.add(timer)
    if (!isPumping) pump()
    return timer
  }) as never
  globalThis.clearTimeout = ((timer: Timer) => timers.delete(timer)) as never
  Date.now = () => now
  return {
    uninstall() {
      Object.assign(globalThis, { setTimeout, clearTimeout })
      Date.now = realNow
    },
  }
}

/** Does what an answer says, as a `fetch` would. */
export async function respond(
  { status, headers, body, way }: Answer,
  signal: AbortSignal,
): Promise<Response> {
  signal.throwIfAborted()
  if (way === 'throw') {
    // As undici, which shows what came instead of HTTP: maybe an echo of the request.
    const cause = Object.assign(new Error('bad'), {
      code: 'HPE_INVALID_CONSTANT',
      data: `x-api-key: ${CANARY}`,
    })
    throw body.length % 2 ? new TypeError('fetch failed', { cause }) : new TypeError('fetch failed')
  }
  if (way === 'no response')
    return [undefined, null, {}, { status, ok: status < 300 }][body.length % 4] as never
  if (way === 'hidden redirect') {
    return Object.defineProperty(new Response(null), 'status', { value: 0 })
  }
  const init = { status, headers }
  const isEmpty = way === 'none' || [204, 205, 304].includes(status)
  if (isEmpty || way === 'text') return new Response(isEmpty ? null : body, init)
  const bytes = new TextEncoder().encode(body)
  let sent = 0
  const step = Math.max(1, Math.ceil(bytes.length / 3))
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      signal.addEventListener('abort', () => controller.error(signal.reason))
    },
    pull(controller) {
      const isOver = sent >= (way === 'chunks' ? bytes.length : bytes.length / 2)
      if (isOver && way === 'break') return controller.error(new TypeError('terminated'))
      if (isOver && way === 'hang') return new Promise(() => {})
      if (isOver) return controller.close()
      controller.enqueue(bytes.slice(sent, sent + step))
      sent += step
      return undefined
    },
  })
  return new Response(stream, init)
}
