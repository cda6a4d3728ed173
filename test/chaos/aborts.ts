// An abort at any moment of anything gives the caller's reason back as it is, and leaves nothing behind.

import { spawn } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { get } from 'node:http'
import { createInterface } from 'node:readline'
import { ArgumentError, createClient } from '@flowscale/client'
import { CANARY } from '../support/canary.ts'
import { createRandom } from '../support/random.ts'
import { acts } from './aborts/acts.ts'
import type { Finding, Settings } from './lib/finding.ts'
import { inParallel, within } from './lib/guard.ts'

const AT_A_TIME = 25
/** The latest moment of an abort, in ms. */
const latestMs = 12
/** How long what is left may take to go, in ms: fetch keeps idle connections for 4 s. */
const settleMs = 60_000

/** Nothing at all for `abort()`. */
const nothing = Symbol('nothing')
const reasons: (() => unknown)[] = [
  () => nothing,
  () => undefined,
  () => null,
  () => 0,
  () => Number.NaN,
  () => '',
  () => 'stop',
  () => false,
  () => 10n,
  () => Symbol('stop'),
  () => ({}),
  () => Object.freeze({ status: 503, code: 'ERR_FLOWSCALE_HTTP', retryAfterMs: 1 }),
  () => Object.assign(new Error('stop'), { status: 404 }),
  () => new TypeError('fetch failed'),
  () => new ArgumentError('theirs'),
  () => new DOMException('stop', 'TimeoutError'),
  () => () => {},
  () => [],
  () => new Response('stop'),
  () => Object.create(null),
]

interface Left extends Open {
  timers: number
  /** Sockets and pipes of this process. */
  handles: number
}

export async function aborts({ seed, isLong }: Settings): Promise<Finding> {
  const server = await startServer()
  const client = createClient({ baseUrl: server.url, apiKey: CANARY, retryDelayMs: 5 })
  const failures: string[] = []
  const random = createRandom(seed)
  const count = isLong ? 5000 : 150
  let checks = 0
  let aborted = 0
  let listeners = 0

  const left = async (): Promise<Left> => {
    const open = await server.open()
    const resources = process.getActiveResourcesInfo()
    const of = (pattern: RegExp) => resources.filter((name) => pattern.test(name)).length
    return { ...open, timers: of(/^Timeout/), handles: of(/Wrap$/) }
  }
  /** Waits until no more is left than `most`, or than nothing. */
  const settled = async (most: Left): Promise<Left> => {
    const end = Date.now() + settleMs
    for (;;) {
      const now = await left()
      const isMore = Object.entries(now).some(([what, amount]) => amount > most[what as keyof Left])
      if (!isMore || Date.now() > end) return now
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  const before = await left()
  // The same count of bare fetches, aborted in the same way.
  await inParallel(count, AT_A_TIME, async () => {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), random() * latestMs)
    try {
      const response = await fetch(`${server.url}/api/v1/comfy/health`, { signal: controller.signal })
      await response.text()
    } catch {}
    clearTimeout(timer)
  })
  const bare = await settled(before)

  const names = Object.keys(acts)
  await inParallel(count, AT_A_TIME, async (index) => {
    const name = names[index % names.length]!
    const given = reasons[Math.floor(random() * reasons.length)]!()
    const controller = new AbortController()
    const { signal } = controller
    let isOver = false
    let isLate = false
    const abort = () => {
      isLate = isOver
      if (given === nothing) controller.abort()
      else controller.abort(given)
    }
    // Before it begins, in one of its first turns, or some time later.
    const moment = random()
    if (moment < 0.03) abort()
    const running = acts[name]!(client, signal).then(
      (value) => ({ value }),
      (error) => ({ error }),
    )
    running.then(() => {
      isOver = true
    })
    if (moment >= 0.03 && moment < 0.15) {
      for (let turn = Math.floor(random() * 12); turn > 0; turn--) await undefined
      abort()
    } else if (moment >= 0.15) setTimeout(abort, random() * latestMs)
    const outcome = await within(90_000, name, running).catch(() => 'hangs' as const)
    // Also where it ended before: the abort comes all the same.
    while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, latestMs))
    checks++
    const say = (what: string) => failures.push(`${name}, abort(${String(describe(given))}): ${what}`)
    if (outcome === 'hangs') say('hangs')
    else if ('error' in outcome && Object.is(outcome.error, signal.reason)) aborted++
    // In Node the body of any fetch takes a reason that is falsy for none.
    else if (name.startsWith('download') && !given && Object(Object(outcome).error).name === 'AbortError')
      aborted++
    else if (moment < 0.03) say('did what was aborted before it began')
    else if (!isLate && 'error' in outcome) say(`throws ${describe(outcome.error)} instead of the reason`)
    const isPlatforms = given === nothing || given === undefined
    if (isPlatforms ? signal.reason?.name !== 'AbortError' : !Object.is(signal.reason, given))
      say('another reason')
    listeners += getEventListeners(signal, 'abort').length
  })
  const after = await settled(bare)
  for (const [what, amount] of Object.entries(after)) {
    const most = bare[what as keyof Left]
    if (amount > most) failures.push(`${amount} ${what} left, ${most} after bare fetches`)
  }
  if (listeners) failures.push(`${listeners} listeners left on the caller's signals`)
  await server.stop()
  return {
    checks,
    failures,
    lines: [
      `${aborted} ended by the abort, with its reason; ${checks - aborted} had ended before`,
      `left after bare fetches: ${show(bare)}`,
      `left after ours: ${show(after)}, listeners ${listeners}`,
    ],
  }
}

const show = (left: Left): string =>
  Object.entries(left)
    .map(([what, amount]) => `${what} ${amount}`)
    .join(', ')

function describe(value: unknown): string {
  try {
    return value instanceof Error ? `${value.stack?.slice(0, 300)}` : String(value)
  } catch {
    return 'an object'
  }
}

interface Open {
  /** Connections. */
  sockets: number
  /** Requests whose answer is not at its end. */
  unanswered: number
}

/** Starts the slow server in a process of its own. */
async function startServer() {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/chaos/aborts/server.ts'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [url] = (await once(lines, 'line')) as [string]
  lines.close()
  return {
    url,
    /** What is open there; by `node:http`, so that fetch keeps no connection for it. */
    open: () =>
      new Promise<Open>((resolve, reject) => {
        get(`${url}/control`, { agent: false }, async (response) => {
          let text = ''
          for await (const chunk of response) text += chunk
          resolve(JSON.parse(text))
        }).on('error', reject)
      }),
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}
