import { cancelRun } from '../api/cancelRun.ts'
import { HttpError, isFlowScaleError, NetworkError, ResponseError, TimeoutError } from '../errors.ts'
import { isCount, isHeaders, isMs, type Rule, requestRules } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import { sleep, within } from '../internal/within.ts'
import type { Client, HeadersSource, RequestOptions } from '../types.ts'

/** Options of every wait. */
export interface PollOptions {
  /** Pause between the end of one poll and the start of the next, in ms. Default 1000. */
  pollIntervalMs?: number | undefined
  /** Limit of the whole wait, in ms. Default 300000. */
  timeoutMs?: number | undefined
  /** Limit of rounds, for runtimes that count requests. Default: none. */
  maxPolls?: number | undefined
  /** Ends the wait; its reason comes back as it is. */
  signal?: AbortSignal | undefined
  /** Merged over the client's. */
  headers?: HeadersSource | undefined
}

/** Options of a wait on a run. */
export interface WatchOptions extends PollOptions {
  /** When to cancel the run on the server: it takes at most 5 s. Default `'never'`. */
  cancelOn?: 'abort' | 'timeout' | 'both' | 'never' | undefined
}

const cancelWords = ['abort', 'timeout', 'both', 'never']

export const pollRules: Record<keyof PollOptions, Rule> = {
  pollIntervalMs: isMs,
  timeoutMs: isMs,
  maxPolls: (value) => (isCount(value) === true && value > 0) || 'a whole number from 1',
  signal: requestRules.signal,
  headers: isHeaders,
}

export const watchRules: Record<keyof WatchOptions, Rule> = {
  ...pollRules,
  cancelOn: (value) => cancelWords.includes(value) || `one of ${cancelWords}`,
}

export interface Poll {
  /** Asks the server; `undefined` after a failure that may pass. */
  ask<T>(call: (options: RequestOptions) => Promise<T>): Promise<T | undefined>
  /** Waits for what a callback of the caller returns. */
  tell(callback: () => unknown): Promise<void>
  /** Ends a round and waits for the next. */
  pause(): Promise<void>
  /** What to throw for an error that ended the wait. */
  fail(error: unknown): Promise<unknown>
}

/** Keeps the time, the rounds and the policies of one wait. Every step ends at its deadline or on abort. */
export function createPoll(
  client: Client,
  options: WatchOptions,
  what: string,
  runId: string | undefined,
  resume: TimeoutError['resume'],
): Poll {
  const { timeoutMs = 300_000, pollIntervalMs = 1000, maxPolls = Infinity, signal, headers } = options
  const start = Date.now()
  let rounds = 0
  let pauseMs = pollIntervalMs
  let cause: unknown
  let ended: 'deadline' | 'polls' | undefined

  const end = (reason: 'deadline' | 'polls'): Error => {
    ended = reason
    return new Error(reason)
  }

  const step = async <T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted()
    const restMs = start + timeoutMs - Date.now()
    const box = restMs > 0 && (await within(restMs, signal, async (inner) => ({ value: await run(inner) })))
    if (!box) throw end('deadline')
    return box.value
  }

  const cancel = async (): Promise<unknown> => {
    let problem: unknown
    try {
      const done = await within(5000, undefined, (signal) => cancelRun(client, runId!, { signal, headers }))
      if (!done) problem = new TimeoutError('Cancelling timed out after 5000ms', { runId, timeoutMs: 5000 })
    } catch (error) {
      problem = error
    }
    if (problem) {
      try {
        const code = (problem as { code?: string }).code
        reveal(client).logger?.warn(`Run ${runId} could not be cancelled: ${code}`, { runId, code })
      } catch {}
    }
    return problem
  }

  return {
    ask: (call) =>
      step(async (inner) => {
        try {
          return await call({ signal: inner, headers, maxRetries: 0 })
        } catch (error) {
          if (inner.aborted) throw error
          if (!mayPass(error))
            throw isFlowScaleError(error) ? Object.assign(error, runId && { runId }) : error
          cause = error
          pauseMs = Math.max(pauseMs, (error as HttpError).retryAfterMs ?? 0)
          return undefined
        }
      }),
    tell: (callback) =>
      step(async () => {
        await callback()
      }),
    async pause() {
      rounds++
      if (rounds >= maxPolls) throw end('polls')
      const ms = pauseMs
      pauseMs = pollIntervalMs
      await step((inner) => sleep(ms, inner))
    },
    async fail(error) {
      const { cancelOn = 'never' } = options
      if (!ended && !(signal?.aborted && error === signal.reason)) return error
      const wanted = cancelOn === 'both' || cancelOn === (ended ? 'timeout' : 'abort')
      const cancelError = wanted && runId ? await cancel() : undefined
      if (!ended) return error
      const spent = ended === 'polls' ? Date.now() - start : timeoutMs
      const why = ended === 'polls' ? `: maxPolls (${maxPolls}) reached` : ''
      return new TimeoutError(`${what} timed out after ${spent}ms${why}`, {
        timeoutMs,
        reason: ended,
        resume,
        ...(runId && { runId }),
        ...(cause !== undefined && { cause }),
        ...(cancelError !== undefined && { cancelError }),
      })
    },
  }
}

/** Whether asking again later may help. */
function mayPass(error: unknown): boolean {
  return (
    error instanceof NetworkError ||
    error instanceof TimeoutError ||
    error instanceof ResponseError ||
    (error instanceof HttpError && (error.status === 429 || error.status > 499))
  )
}
