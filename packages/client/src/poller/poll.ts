import { type HttpError, type RunError, TimeoutError } from '../errors.ts'
import { isUnclear } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import { sleep, withDeadline } from '../internal/withDeadline.ts'
import type { Client, RequestOptions, Resumed, ResumeOptions } from '../types.ts'
import { createHints } from './hints.ts'
import { observe } from './observe.ts'
import type { WatchOptions } from './pollOptions.ts'
import { tryCancel } from './tryCancel.ts'

/** Handles an error of the server, one that does not pass; by default the wait ends with it. */
type Refused<T> = (error: HttpError | RunError) => T | Promise<T>

export interface Poll {
  /** Asks the server; `undefined` after a failure that may pass. */
  ask<T>(
    call: (client: Client, options: RequestOptions) => Promise<T>,
    refused?: Refused<T | undefined>,
  ): Promise<T | undefined>
  /** Waits for what a callback of the caller returns. */
  tell(callback: () => unknown): Promise<void>
  /** For a run that was submitted just now: waits for the first round, where pauses adapt to earlier runs. */
  begin(): Promise<void>
  /** Ends a round and waits for the next. */
  pause(): Promise<void>
  /** To be called at every end of a wait. */
  stop(): void
  /** Ends the wait: throws what the caller is to get for `error`. */
  fail(error: unknown): Promise<never>
  /** The headers that were sent, to be kept out of errors. */
  readonly sent: Readonly<Record<string, string>>
}

/** A deadline that is noticed so much too late, in ms, was slept through. */
const sleptMs = 1000
/** For the last round, in ms. */
const overtimeMs = 10_000

/** Keeps the time, the rounds and the policies of one wait. Every step ends at its deadline or on abort. */
export function createPoll(
  client: Client,
  options: WatchOptions,
  what: string,
  runId: string | undefined,
  resume: (options?: ResumeOptions) => Promise<Resumed>,
): Poll {
  const { timeoutMs = 300_000, pollIntervalMs = 1000, maxPolls = Infinity, headers } = options
  const { signal: given } = options
  // Derived once: each derivation leaves a mark on the caller's signal, for as long as that lives.
  const signal = given && !reveal(client).ownSignals ? AbortSignal.any([given]) : given
  const observed = observe(client, headers)
  const hints = createHints(options.push, runId)
  const start = Date.now()
  let deadline = start + timeoutMs
  /** Whether the wait goes on after its deadline, for one more round. */
  let isOvertime = false
  let isLast = false
  let rounds = 0
  /** When a `Retry-After` is over. */
  let notBefore = 0
  let cause: unknown
  let ended: 'deadline' | 'polls' | undefined
  const adapt = typeof pollIntervalMs === 'number' ? () => pollIntervalMs : pollIntervalMs.begin()
  let nextMs = adapt()

  const end = (reason: 'deadline' | 'polls'): never => {
    ended = reason
    throw new Error(reason)
  }

  /** A machine that slept through its deadline asks once more. */
  const late = (): undefined => {
    if (isOvertime || Date.now() - deadline < sleptMs) return end('deadline')
    isOvertime = true
    deadline = Date.now() + overtimeMs
    return undefined
  }

  const step = async <T>(run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
    signal?.throwIfAborted()
    const restMs = deadline - Date.now()
    if (restMs <= 0) end('deadline')
    return withDeadline(restMs, signal, run, late)
  }

  /** A step between two questions: timers that stood still while the machine slept may end it late. */
  const rest = async (run: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    await step(run)
    if (Date.now() >= deadline) late()
  }

  return {
    sent: observed.sent,
    async ask<T>(
      call: (client: Client, options: RequestOptions) => Promise<T>,
      refused: Refused<T | undefined> = (error) => {
        // Of an output it says that the run took too long; else only the request did.
        if (error.status === 408) return undefined
        throw error
      },
    ) {
      const pauseMs = notBefore - Date.now()
      if (pauseMs > 0) await rest((inner) => sleep(pauseMs, inner))
      try {
        const value = await step((inner) => call(observed.client, { signal: inner }))
        cause = undefined
        nextMs = adapt(Object(value).data)
        return value
      } catch (error) {
        nextMs = adapt()
        if (observed.foreign.has(error) || ended) throw error
        signal?.throwIfAborted()
        cause = error
        const { retryAfterMs = 0, status } = error as HttpError
        notBefore = Date.now() + retryAfterMs
        const { log } = observed
        observed.log = undefined
        let level: 'warn' | 'error' = 'error'
        try {
          // What a server says in an envelope of its own is final.
          const mayPass = isUnclear(error as Error) || status === 425 || status === 429
          const instead = mayPass
            ? undefined
            : await refused(Object.assign(error as RunError, runId && { runId }))
          level = 'warn'
          return instead
        } finally {
          log?.(level)
        }
      }
    },
    tell: (callback) =>
      step(async () => {
        await callback()
      }),
    async begin() {
      if (typeof pollIntervalMs === 'number') return
      nextMs = adapt(null)
      await rest((inner) => hints.rest(nextMs, inner))
    },
    async pause() {
      // A round that was slept through begins anew.
      if (!isOvertime || isLast) {
        rounds++
        if (rounds >= maxPolls) end('polls')
        if (isOvertime) end('deadline')
        await rest((inner) => hints.rest(nextMs, inner))
      }
      isLast = isOvertime
    },
    stop: hints.stop,
    async fail(error) {
      const { cancelOn = 'never' } = options
      if (!ended && !(signal?.aborted && Object.is(error, signal.reason))) throw error
      const wanted = cancelOn === 'both' || cancelOn === (ended ? 'timeout' : 'abort')
      const cancelError = wanted && runId ? await tryCancel(client, runId, headers) : undefined
      if (!ended) throw error
      const spent = ended === 'polls' ? Date.now() - start : timeoutMs
      const why = ended === 'polls' ? `: maxPolls (${maxPolls}) reached` : ''
      throw new TimeoutError(`${what} timed out after ${spent}ms${why}`, {
        timeoutMs,
        reason: ended,
        // As before is what is not given, and so is `undefined`.
        resume: (more?: ResumeOptions) =>
          resume(Object.fromEntries(Object.entries(Object(more)).filter(([, value]) => value !== undefined))),
        ...(runId && { runId }),
        ...(cause !== undefined && { cause }),
        ...(cancelError !== undefined && { cancelError }),
      })
    },
  }
}
