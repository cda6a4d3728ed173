import { getEventListeners } from 'node:events'
import { type Client, type ClientOptions, createClient } from '@flowscale/client'
import type { Clock } from '@sinonjs/fake-timers'
import { assert, type Test } from '#test'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { hang, ok, recorder } from '../../../support/fakes.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'

/** What a scripted server answers: a response, a network failure, or a function that makes one of them. */
export type Reply = Response | Error | ((init: RequestInit) => Response | Promise<Response>)
/** In turn, the last one for ever. */
type Replies = Reply | readonly Reply[]
export interface Script {
  execute?: Replies
  run?: Replies
  /** For all names, or for each. */
  output?: Replies | Record<string, Replies>
  cancel?: Replies
}

export interface Pod {
  client: Client
  /** What was asked, and when: `run@0`, `output a@1000`, in ms from the start. */
  calls: string[]
  /** The headers of each request. */
  headers: Headers[]
  log: ReturnType<typeof recorder>
}

export const RUN = 'run-1'
/** For waits whose polls a test counts by the clock. */
export const everySecond = { pollIntervalMs: 1000 }
export const url = (name: string): string => `https://files.test/${name}?sig=1`
/** An answer of `getRun`. */
export const run = (status: string, more: object = {}): Response => ok({ _id: RUN, status, ...more })
/** An answer of `getOutput`. */
export const output = (name: string, more: object = {}): Response =>
  ok({ download_url: url(name), generation_status: 'success', ...more })
export const notYet = (): Response => new Response(null, { status: 204 })
export const failure = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ status: 'error', errors: `told ${status}` }), { status, headers })
/** An answer of `executeWorkflow`. */
export const submitted = (...output_names: string[]): Response => ok({ run_id: RUN, output_names })
export { hang }

/** Never answers, and does not even obey its signal. */
export const deaf = (): Promise<Response> => new Promise(() => {})

const isReplies = (value: unknown): value is Replies =>
  Array.isArray(value) || typeof value === 'function' || value instanceof Error || value instanceof Response

/** A client on a server that answers by a script. */
export function pod(script: Script, options: Partial<ClientOptions> = {}): Pod {
  const start = Date.now()
  const calls: string[] = []
  const headers: Headers[] = []
  const log = recorder()
  const turns = new Map<string, number>()

  const pick = (key: string, replies: Replies | undefined): Reply => {
    if (!replies) throw new Error(`the script has no answer for ${key}`)
    const list = Array.isArray(replies) ? (replies as readonly Reply[]) : [replies as Reply]
    const turn = turns.get(key) ?? 0
    turns.set(key, turn + 1)
    return list[Math.min(turn, list.length - 1)]!
  }

  const fetch = async (href: string, init: RequestInit): Promise<Response> => {
    init.signal?.throwIfAborted()
    const { pathname, searchParams } = new URL(href)
    const path = pathname.replace('/api/v1/', '')
    const name = searchParams.get('filename') ?? ''
    const kind = path === 'runs' ? 'execute' : path === 'runs/output' ? 'output' : 'run'
    const op = path.endsWith('/cancel') ? 'cancel' : kind
    const key = op === 'output' ? `output ${name}` : op
    calls.push(`${key}@${Date.now() - start}`)
    headers.push(new Headers(init.headers))
    const replies = script[op]
    const reply = pick(key, isReplies(replies) || !replies ? replies : replies[name])
    if (reply instanceof Error) throw reply
    return typeof reply === 'function' ? reply(init) : reply.clone()
  }
  const client = createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, fetch, logger: log, ...options })
  return { client, calls, headers, log }
}

const breathe = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export interface Outcome<T> {
  value: T
  error: any
  /** By the fake clock. */
  ms: number
}

/** Lets the time pass until a promise settles: from timer to timer, never asleep. */
async function drive<T>(clock: Clock, promise: Promise<T>): Promise<Outcome<T>> {
  const start = Date.now()
  let outcome: Outcome<T> | undefined
  promise.then(
    (value) => {
      outcome = { value, error: undefined, ms: Date.now() - start }
    },
    (error) => {
      assertNoCanary(error, 'an error')
      outcome = { value: undefined as T, error, ms: Date.now() - start }
    },
  )
  for (;;) {
    await breathe()
    if (outcome) {
      assert.is(clock.countTimers(), 0, 'a timer is left')
      return outcome
    }
    if (clock.countTimers() === 0) throw new Error('nothing is going on, and the promise has not settled')
    clock.next()
  }
}

/** Lets `ms` pass, in steps of at most 100. */
async function pass(clock: Clock, ms: number): Promise<void> {
  await breathe()
  for (let left = ms; left > 0; left -= 100) {
    clock.tick(Math.min(left, 100))
    await breathe()
  }
}

interface Timed {
  clock: Clock
  settle(): Promise<unknown>
  drive<T>(promise: Promise<T>): Promise<Outcome<T>>
  pass(ms: number): Promise<void>
}

/** A suite with a clock, and two ways to let its time pass. */
export function waitSuite(name: string): Test<Timed> {
  const test = suiteWithClock(name) as Test<Timed>
  test.before.each((context) => {
    const { clock } = context
    context.drive = (promise) => drive(clock, promise)
    context.pass = (ms) => pass(clock, ms)
  })
  return test
}

/** Fails if anything still listens to a signal. */
export function assertNoListeners(signal: AbortSignal): void {
  assert.is(getEventListeners(signal, 'abort').length, 0, 'a listener is left')
}
