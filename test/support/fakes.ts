import type { Fetch, LogFields, Logger } from '@flowscale/client'
import FakeTimers, { type Clock, type FakeMethod } from '@sinonjs/fake-timers'
import { assertNoCanary } from './canary.ts'

/** A clock that stands still until a test ticks it, of time-outs, the date and what else is named. */
export function fakeClock(...also: FakeMethod[]): Clock {
  return FakeTimers.install({
    now: 1_750_000_000_000,
    toFake: ['setTimeout', 'clearTimeout', 'Date', ...also],
    // Those of connections that an earlier test opened.
    shouldClearNativeTimers: true,
  })
}

/** The error that a promise rejects with; looked through for the key. */
export async function rejection(promise: Promise<unknown>): Promise<any> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    assertNoCanary(error, 'an error')
    return error
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(value)}`)
}

/** The error that a function throws; looked through for the key. */
export function thrown(run: () => unknown): any {
  let value: unknown
  try {
    value = run()
  } catch (error) {
    assertNoCanary(error, 'an error')
    return error
  }
  throw new Error(`expected an error, got ${JSON.stringify(value)}`)
}

/** A JSON answer. */
export function json(body: unknown, init: ResponseInit = {}): Response {
  const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) }
  return new Response(JSON.stringify(body), { ...init, headers })
}

/** An envelope. */
export const ok = (data: unknown, more: object = {}): Response => json({ status: 'success', data, ...more })

export type Answer = Response | Error | ((url: URL, init: RequestInit) => Response | Promise<Response>)
export interface FakeFetch extends Fetch {
  calls: { url: URL; init: RequestInit; headers: Headers }[]
}

/** A fetch that gives the answers in turn, the last one for ever, and remembers how it was called. */
export function fakeFetch(...answers: Answer[]): FakeFetch {
  const calls: FakeFetch['calls'] = []
  const fetch: Fetch = async (url, init) => {
    init.signal?.throwIfAborted()
    const answer = answers[Math.min(calls.length, answers.length - 1)]
    calls.push({ url: new URL(url), init, headers: new Headers(init.headers) })
    if (answer instanceof Error) throw answer
    if (typeof answer === 'function') return answer(new URL(url), init)
    return answer!.clone()
  }
  return Object.assign(fetch, { calls })
}

/** An answer that never comes; it obeys the signal, as fetch does. */
export const hang = (_url: URL, init: RequestInit): Promise<Response> =>
  new Promise((_, reject) => {
    init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
  })

export interface LogLine {
  level: keyof Logger
  message: string
  fields: LogFields | undefined
}

/** A logger that remembers, and fails the test at once if it is shown the key. */
export function recorder(): Logger & { lines: LogLine[] } {
  const lines: LogLine[] = []
  const log = (level: keyof Logger) => (message: string, fields?: LogFields) => {
    assertNoCanary([message, fields], 'a log line')
    lines.push({ level, message, fields })
  }
  return { lines, debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}
