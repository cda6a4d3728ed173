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
  /** For a run that was just submitted: called first, before the pause of a poll history. */
  readonly first?: (() => unknown) | undefined
  readonly resume: (options: ResumeOptions) => Promise<Resumed>
}

/** How long a cancel may take, in ms. */
export const cancelMs = 5000
/** If a deadline passed more than this time ago, in ms, the machine has slept. */
const sleptMs = 1000
/** The limit of the one round after that sleep, in ms. */
const overtimeMs = 10_000

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
  const { timeoutMs = 300_000, pollIntervalMs = 1000, maxPolls = Infinity, cancelOn = 'never' } = options
  const { headers, push } = options
  const runId = reader?.runId
  const { batch } = reveal(client)
  if (batch && headers) {
    throw new ArgumentError('headers: waits share requests; pass headers to createClient')
  }
  const start = Date.now()
  let deadline = start + timeoutMs
  let controller = new AbortController()
  /** Why the wait ends without a result and without the caller's abort. */
  let end: { reason?: 'deadline' | 'polls'; error?: unknown } | undefined
  /** Whether the machine slept through the deadline and one more round follows, and whether this is that round. */
  let isOvertime = false
  let isLast = false
  let cause: unknown
  /** When a `Retry-After` ends. */
  let notBefore = 0
  const adapt = typeof pollIntervalMs === 'number' ? () => pollIntervalMs : pollIntervalMs.begin()
  let nextMs = adapt()
  let hasNews = false
  let wake = () => {}
  const own = batch ? client : pollClient(client, headers)

  const stop = (why: typeof end) => {
    end ??= why
    controller.abort(end)
  }
  const late = () => {
    clearTimeout(timer)
    if (isOvertime || Date.now() - deadline < sleptMs) return stop({ reason: 'deadline' })
    isOvertime = true
    deadline = Date.now() + overtimeMs
    timer = startTimer(late, overtimeMs)
    // The current request may hang.
    const before = controller
    controller = new AbortController()
    before.abort()
  }
  let timer = startTimer(late, timeoutMs)

  /** Gives `undefined` if the machine slept meanwhile. */
  const step = async <V>(run: (signal: AbortSignal) => Promise<V>): Promise<V | undefined> => {
    const { signal } = controller
    if (!signal.aborted && Date.now() >= deadline) stop({ reason: 'deadline' })
    signal.throwIfAborted()
    try {
      return await run(signal)
    } catch (error) {
      if (signal !== controller.signal) return undefined
      throw error
    }
  }

  const call: Steps['call'] = async (callback) => {
    await step((signal) =>
      untilAborted(signal, (resolve, reject) => {
        const run = async () => callback()
        run().then(resolve, reject)
        return undefined
      }),
    )
  }

  const rest = async (run: (signal: AbortSignal) => Promise<void>) => {
    await step(run)
    // Timers stood still while the machine slept.
    if (Date.now() >= deadline) late()
  }

  const restForPoll = async () => {
    await rest((signal) =>
      pause(watch?.pauseMs(nextMs) ?? nextMs, nextMs, signal, (end) => {
        wake = end
        if (hasNews) end()
      }),
    )
    hasNews = false
  }

  const request: Steps['request'] = async (send, refused) => {
    const ms = notBefore - Date.now()
    // News does not end this pause, because the server requested it.
    if (ms > 0) await rest((signal) => sleep(ms, signal))
    try {
      const value = await step((signal) => send(own, { signal }))
      cause = value instanceof Error ? value : undefined
      nextMs = adapt(Object(value).data)
      return value instanceof Error ? undefined : value
    } catch (error) {
      nextMs = adapt()
      if (error instanceof HeadersError) throw error.cause
      if (Object.is(error, controller.signal.reason)) throw error
      cause = error
      const { retryAfterMs = 0, status } = error as HttpError
      if (!batch) notBefore = Date.now() + retryAfterMs
      // An error in the server's envelope is final.
      if (isUnclear(error as Error) || status === 425 || status === 429) return undefined
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

  // A derived signal, because the caller's signal must not get one more listener.
  const outer = batch ? undefined : options.signal && AbortSignal.any([options.signal])
  const abort = () => controller.abort(outer!.reason)
  outer?.addEventListener('abort', abort)
  if (outer?.aborted) abort()
  const leave = batch?.join({
    runId,
    signal: options.signal,
    abort: (reason) => controller.abort(reason),
    hear,
    isEager: !!reader?.isEager,
  })
  const watch = runId ? push?.watch(runId, hear) : undefined

  try {
    if (first) {
      await call(first)
      nextMs = adapt(null)
      if (typeof pollIntervalMs !== 'number') await restForPoll()
    }
    for (let rounds = 1; ; ) {
      const result = await round({ request, call })
      if (result !== undefined) {
        // A reader that never returns must not keep a process alive.
        clearTimeout(timer)
        yield result
        timer = startTimer(late, deadline - Date.now())
      }
      // If the machine slept through a round, it starts again.
      if (!isOvertime || isLast) {
        if (rounds++ >= maxPolls) stop({ reason: 'polls' })
        if (isOvertime) stop({ reason: 'deadline' })
        // The rounds of a batch have their own pauses.
        const isPaced = batch && reader && !isDone(reader.last?.status)
        if (!isPaced || end) await restForPoll()
      }
      isLast = isOvertime
    }
  } catch (error) {
    const { signal } = controller
    if (!signal.aborted || !Object.is(error, signal.reason)) throw error
    if (end && !end.reason) throw end.error
    const isWanted = cancelOn === 'both' || cancelOn === (end ? 'timeout' : 'abort')
    const cancelError = isWanted && runId ? await cancelQuietly(client, runId, headers) : undefined
    if (!end) throw error
    const isDeadline = end.reason === 'deadline'
    const spent = isDeadline ? timeoutMs : Date.now() - start
    const why = isDeadline ? '' : `: maxPolls (${maxPolls}) reached`
    throw new TimeoutError(`${what} timed out after ${spent}ms${why}`, {
      timeoutMs,
      reason: end.reason,
      // A missing or `undefined` option stays as before.
      resume: (more?: ResumeOptions) =>
        resume(Object.fromEntries(Object.entries(Object(more)).filter(([, value]) => value !== undefined))),
      ...(runId && { runId }),
      ...(cause !== undefined && { cause }),
      ...(cancelError !== undefined && { cancelError }),
    })
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', abort)
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
    throw new TimeoutError(`Cancelling timed out after ${cancelMs}ms`, { runId, timeoutMs: cancelMs })
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
