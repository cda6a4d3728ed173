import { cancelRun } from '../../api/cancelRun.ts'
import { ArgumentError, type HttpError, type RunError, TimeoutError } from '../../errors.ts'
import { isDone, isGoing } from '../../internal/data.ts'
import { HeadersError, pollClient } from '../../internal/pollClient.ts'
import { isUnclear } from '../../internal/request.ts'
import { reveal } from '../../internal/secrets.ts'
import { pause, sleep, startTimer, untilAborted, withDeadline } from '../../internal/timers.ts'
import type { Client, HeadersSource, Resumed, ResumeOptions, RunUpdate } from '../../types.ts'
import type { RunReader, Steps } from './createRunReader.ts'
import type { WatchOptions } from './options.ts'

/** The subject of a wait. */
interface Subject {
  /** For the message of a time-out. */
  readonly what: string
  /** For a wait on a run. */
  readonly reader?: RunReader
  /** For a run that was just submitted: awaited before the first poll. */
  readonly first?: (() => unknown) | undefined
  readonly resume: (options: ResumeOptions) => Promise<Resumed>
}

/** How long a cancel may take, in ms. */
export const cancelMs = 5000
/** In the options of a resumed wait: how many pauses of the default length it has made. */
const ramp: unique symbol = /* @__PURE__ */ Symbol()

/** Polls until a round has a result, and gives the result. */
export async function poll<T>(
  client: Client,
  options: WatchOptions,
  subject: Subject,
  round: (steps: Steps) => Promise<T | undefined>,
): Promise<T> {
  const results = pollRounds(client, options, subject, round)
  const { value } = await results.next()
  await results.return()
  return value as T
}

/**
 * Gives the result of each round that has one, as long as the caller wants. It handles the deadline, the pauses, the
 * back-off, aborts and time-outs.
 */
export async function* pollRounds<T>(
  client: Client,
  options: WatchOptions,
  { what, reader, first, resume }: Subject,
  round: (steps: Steps) => Promise<T | undefined>,
): AsyncGenerator<T, void, undefined> {
  const { timeoutMs = 300_000, pollIntervalMs, maxPolls = Infinity } = options
  const { cancelOn, headers, push, signal: given } = options
  const runId = reader?.runId
  const { batch } = reveal(client)
  if (batch && headers) {
    throw new ArgumentError('headers: waits share requests; pass headers to createClient')
  }
  const deadline = Date.now() + timeoutMs
  const controller = new AbortController()
  // A batch follows the caller's signal for all its waits.
  const signal = batch || !given ? controller.signal : AbortSignal.any([controller.signal, given])
  /** Why the wait ends without a result and without the caller's abort. */
  let end: { reason?: 'deadline' | 'polls'; error?: unknown } | undefined
  let cause: Error | undefined
  /** When a `Retry-After` ends. */
  let notBefore = 0
  let { [ramp]: pauses = 0 } = options as { [ramp]?: number }
  /** Whether a request of this round got no answer. */
  let isDown = false
  let hasNews = false
  let wake = () => {}
  const own = batch ? client : pollClient(client, headers)

  const stop = (why: typeof end) => {
    end ??= why
    controller.abort(end)
  }
  const late = () => stop({ reason: 'deadline' })
  let timer = startTimer(late, timeoutMs)

  const step = async <V>(run: () => Promise<V>): Promise<V> => {
    // Timers stand still while the machine sleeps.
    if (!signal.aborted && Date.now() >= deadline) late()
    signal.throwIfAborted()
    return run()
  }

  const call: Steps['call'] = async (callback) => {
    await step(() =>
      untilAborted(signal, (resolve, reject) => {
        const run = async () => callback()
        run().then(resolve, reject)
        return undefined
      }),
    )
  }

  const rest = async () => {
    await step(() => {
      // Shared rounds have their own pauses, and a server that is down gets a long one.
      const ms = pollIntervalMs ?? (batch || isDown ? 1000 : Math.min(1000, 100 * 1.5 ** pauses++))
      return pause(watch?.pauseMs(ms) ?? ms, ms, signal, (end) => {
        wake = end
        if (hasNews) end()
      })
    })
    hasNews = false
  }

  const request: Steps['request'] = async (send, refused) => {
    const ms = notBefore - Date.now()
    // News does not end this pause, because the server requested it.
    if (ms > 0) await step(() => sleep(ms, signal))
    try {
      const value = await step(() => send(own, { signal }))
      cause = value instanceof Error ? value : undefined
      return cause ? undefined : (value as Exclude<typeof value, Error>)
    } catch (error) {
      if (error instanceof HeadersError) throw error.cause
      if (Object.is(error, signal.reason)) throw error
      cause = error as Error
      const { retryAfterMs = 0, status } = error as HttpError
      if (!batch) notBefore = Date.now() + retryAfterMs
      // An error in the server's envelope is final.
      const isOpen = isUnclear(error as Error) || status === 425 || status === 429
      isDown ||= isOpen || status === 408
      if (isOpen) return undefined
      return refused(Object.assign(error as RunError, runId && { runId }))
    }
  }

  /** Handles a push: it shows progress, and polls if there is news. */
  const hear = (update: RunUpdate, isNews: boolean) => {
    const status = isGoing(update.status) ? update.status : undefined
    reader?.show({ ...update, status }).catch((error) => stop({ error }))
    if (!isNews) return
    hasNews = true
    wake()
  }

  const leave = batch?.join({
    runId,
    signal: given,
    abort: (reason) => controller.abort(reason),
    hear,
    isEager: !!reader?.isEager,
  })
  const watch = runId ? push?.watch(runId, hear) : undefined

  try {
    if (first) await call(first)
    for (let rounds = 1; ; ) {
      isDown = false
      const result = await round({ request, call })
      if (result !== undefined) {
        // A reader that never returns must not keep a process alive.
        clearTimeout(timer)
        yield result
        timer = startTimer(late, deadline - Date.now())
      }
      if (rounds++ >= maxPolls) stop({ reason: 'polls' })
      // The rounds of a batch have their own pauses.
      const isPaced = batch && reader && !isDone(reader.last?.status)
      if (!isPaced || end) await rest()
    }
  } catch (error) {
    if (!signal.aborted || !Object.is(error, signal.reason)) throw error
    if (end && !end.reason) throw end.error
    const isWanted = cancelOn === 'both' || cancelOn === (end ? 'timeout' : 'abort')
    const cancelError = isWanted && runId ? await cancelQuietly(client, runId, headers) : undefined
    if (!end) throw error
    const limit = end.reason === 'deadline' ? `${timeoutMs}ms` : `maxPolls (${maxPolls})`
    throw new TimeoutError(`${what} timed out after ${limit}`, {
      timeoutMs,
      reason: end.reason,
      // A missing or `undefined` option stays as before.
      resume: (more?: ResumeOptions) =>
        resume({
          [ramp]: pauses,
          ...Object.fromEntries(Object.entries(Object(more)).filter(([, value]) => value !== undefined)),
        } as ResumeOptions),
      ...(runId && { runId }),
      ...(cause && { cause }),
      ...(cancelError !== undefined && { cancelError }),
    })
  } finally {
    clearTimeout(timer)
    leave?.()
    watch?.stop()
  }
}

/** Cancels a run that nobody waits for any more. Logs the error, if there is one, and returns it. */
async function cancelQuietly(
  client: Client,
  runId: string,
  headers: HeadersSource | undefined,
): Promise<unknown> {
  const late = () => {
    throw new TimeoutError('Cancelling timed out', { runId, timeoutMs: cancelMs })
  }
  try {
    await withDeadline(cancelMs, undefined, (signal) => cancelRun(client, runId, { signal, headers }), late)
    return undefined
  } catch (error) {
    try {
      const { code = 'headers failed' } = Object(error)
      await reveal(client).logger?.warn(`Run ${runId} could not be cancelled: ${code}`, { runId, code })
    } catch {}
    return error
  }
}
