import { type AnyFlowScaleError, type HttpError, isFlowScaleError, TimeoutError } from '../errors.ts'
import { isUnclear } from '../internal/request.ts'
import { sleep, within } from '../internal/within.ts'
import type { Client, RequestOptions } from '../types.ts'
import { observe } from './observe.ts'
import type { WatchOptions } from './pollOptions.ts'
import { tryCancel } from './tryCancel.ts'

/** Handles an error of the server, one that does not pass; by default the wait ends with it. */
type Refused<T> = (error: AnyFlowScaleError) => T | Promise<T>

export interface Poll {
  /** Asks the server; `undefined` after a failure that may pass. */
  ask<T>(
    call: (client: Client, options: RequestOptions) => Promise<T>,
    refused?: Refused<T | undefined>,
  ): Promise<T | undefined>
  /** Waits for what a callback of the caller returns. */
  tell(callback: () => unknown): Promise<void>
  /** Ends a round and waits for the next. */
  pause(): Promise<void>
  /** Ends the wait: throws what the caller is to get for `error`. */
  fail(error: unknown): Promise<never>
  /** The headers that were sent, to be kept out of errors. */
  readonly sent: Readonly<Record<string, string>>
}

/** Keeps the time, the rounds and the policies of one wait. Every step ends at its deadline or on abort. */
export function createPoll(
  client: Client,
  options: WatchOptions,
  what: string,
  runId: string | undefined,
  resume: NonNullable<TimeoutError['resume']>,
): Poll {
  const { timeoutMs = 300_000, pollIntervalMs = 1000, maxPolls = Infinity, signal, headers } = options
  const observed = observe(client, headers)
  const start = Date.now()
  let rounds = 0
  /** When a `Retry-After` is over. */
  let notBefore = 0
  let cause: unknown
  let ended: 'deadline' | 'polls' | undefined

  const end = (reason: 'deadline' | 'polls'): never => {
    ended = reason
    throw new Error(reason)
  }

  const step = async <T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted()
    const restMs = start + timeoutMs - Date.now()
    const late = () => end('deadline')
    return restMs > 0 ? within(restMs, signal, run, late) : late()
  }

  const rest = (ms: number): Promise<void> => step((inner) => sleep(ms, inner))

  return {
    sent: observed.sent,
    async ask<T>(
      call: (client: Client, options: RequestOptions) => Promise<T>,
      refused: Refused<T | undefined> = (error) => {
        throw error
      },
    ) {
      const pauseMs = notBefore - Date.now()
      if (pauseMs > 0) await rest(pauseMs)
      try {
        const value = await step((inner) =>
          call(observed.client, { signal: inner, headers: observed.headers, maxRetries: 0 }),
        )
        cause = undefined
        return value
      } catch (error) {
        if (!isFlowScaleError(error) || observed.foreign.has(error) || error === signal?.reason) throw error
        cause = error
        const { retryAfterMs = 0, status } = error as HttpError
        notBefore = Date.now() + retryAfterMs
        const log = observed.takeLine()
        let level: 'warn' | 'error' = 'error'
        try {
          // What a server says in an envelope of its own is final.
          const mayPass = isUnclear(error) || status === 429
          const instead = mayPass ? undefined : await refused(Object.assign(error, runId && { runId }))
          level = 'warn'
          return instead
        } finally {
          log(level)
        }
      }
    },
    tell: (callback) =>
      step(async () => {
        await callback()
      }),
    async pause() {
      rounds++
      if (rounds >= maxPolls) end('polls')
      await rest(pollIntervalMs)
    },
    async fail(error) {
      const { cancelOn = 'never' } = options
      if (!ended && !(signal?.aborted && error === signal.reason)) throw error
      const wanted = cancelOn === 'both' || cancelOn === (ended ? 'timeout' : 'abort')
      const cancelError = wanted && runId ? await tryCancel(client, runId, headers) : undefined
      if (!ended) throw error
      const spent = ended === 'polls' ? Date.now() - start : timeoutMs
      const why = ended === 'polls' ? `: maxPolls (${maxPolls}) reached` : ''
      throw new TimeoutError(`${what} timed out after ${spent}ms${why}`, {
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
