import { answerError } from '../internal/answer.ts'
import { sleep } from '../internal/withDeadline.ts'
import type { Fetch } from '../types.ts'

/** Paces the requests of waits that share them. */
export interface Pace {
  /** Resolves when a request may be sent. Whoever gives up before takes no turn. */
  turn(signal: AbortSignal, isUrgent?: boolean): Promise<void>
  /** Sends a request; its 429 holds up every turn. */
  send: Fetch
}

/** The longest that one 429 holds up the others, in ms: it may be meant for the one request only. */
const mostMs = 30_000

/** At most `perSecond` turns; after a 429 without a time, a rest of `restMs`, doubled with each. */
export function createPace(fetch: Fetch | undefined, perSecond: number, restMs: number): Pace {
  const line: (() => void)[] = []
  let isBusy = false
  let nextAt = 0
  let refusals = 0
  let wasUrgent = false
  let wake = new AbortController()

  const serve = async () => {
    isBusy = true
    while (line.length) {
      const ms = nextAt - Date.now()
      wake = new AbortController()
      if (ms > 0) await sleep(ms, wake.signal).catch(() => {})
      else {
        nextAt = Date.now() + 1000 / perSecond
        line.shift()!()
      }
    }
    isBusy = false
  }

  return {
    turn: (signal, isUrgent) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const stop = () => {
          line.splice(line.indexOf(go), 1)
          reject(signal.reason)
          // Nobody is left: no timer stays behind.
          if (!line.length) wake.abort()
        }
        const go = () => {
          signal.removeEventListener('abort', stop)
          wasUrgent = !!isUrgent
          resolve()
        }
        signal.addEventListener('abort', stop)
        // After an urgent one another is served first: news without an end must not hold it up.
        if (isUrgent) line.splice(wasUrgent ? 1 : 0, 0, go)
        else line.push(go)
        if (!isBusy) serve()
      }),
    async send(href, init) {
      const response = await (fetch ?? globalThis.fetch)(href, init)
      if (response.status === 429) {
        const told = answerError((Type, what, details) => new Type(what, details), response, {}, '')
        const { retryAfterMs = restMs * 2 ** refusals++ } = told as { retryAfterMs?: number }
        nextAt = Math.max(nextAt, Date.now() + Math.min(retryAfterMs, mostMs))
      } else refusals = 0
      return response
    },
  }
}
