import { startTimer, untilAborted } from '../internal/timers.ts'

/** Limits the rate of requests, and rests after a 429. */
export interface RateLimiter {
  /** Resolves when a request may be sent. A call that is aborted while it waits takes no turn. */
  turn(signal: AbortSignal, isUrgent?: boolean): Promise<void>
  /** Sends a request. After a 429 all turns have to wait. */
  send<T>(request: () => Promise<T>): Promise<T>
}

/** The longest rest after a 429, in ms. There is a limit, because the 429 may concern one request only. */
const maxRestMs = 30_000

/**
 * Allows `perSecond` turns a second. After a 429 it rests for the `Retry-After` of the answer, or else for `restMs`, which
 * doubles with each 429 in a row.
 */
export function createRateLimiter(perSecond: number, restMs: number): RateLimiter {
  const queue: (() => void)[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let nextAt = 0
  let refusals = 0
  let wasUrgent = false

  const serve = () => {
    clearTimeout(timer)
    if (!queue.length) return
    const ms = nextAt - Date.now()
    if (ms <= 0) {
      nextAt = Date.now() + 1000 / perSecond
      queue.shift()!()
    }
    if (queue.length) timer = startTimer(serve, nextAt - Date.now())
  }

  return {
    turn: (signal, isUrgent = false) =>
      untilAborted<void>(signal, (resolve) => {
        const go = () => {
          wasUrgent = isUrgent
          resolve()
        }
        // After an urgent request the head of the queue comes first, so that endless news can't delay it for ever.
        if (isUrgent) queue.splice(wasUrgent ? 1 : 0, 0, go)
        else queue.push(go)
        serve()
        return () => {
          const index = queue.indexOf(go)
          if (index >= 0) queue.splice(index, 1)
          if (!queue.length) clearTimeout(timer)
        }
      }),
    async send(request) {
      try {
        const result = await request()
        refusals = 0
        return result
      } catch (error) {
        const { status, retryAfterMs } = Object(error)
        if (status !== 429) refusals = 0
        else {
          const ms = retryAfterMs ?? restMs * 2 ** refusals++
          nextAt = Math.max(nextAt, Date.now() + Math.min(ms, maxRestMs))
        }
        throw error
      }
    },
  }
}
