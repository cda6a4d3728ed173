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

/** What a wait is about. */
interface Subject {
  /** For the message of a time-out. */
  readonly what: string
  /** For a wait on a run. */
  readonly reader?: RunReader
  /** For a run that was just submitted: called first, and before a pause that adapts to earlier runs. */
  readonly first?: (() => unknown) | undefined
  readonly resume: (options: ResumeOptions) => Promise<Resumed>
}

/** How long a cancel may take, in ms. */
export const cancelMs = 5000
/** A deadline that passed so long ago, in ms, was slept through by the machine. */
const sleptMs = 1000
/** The limit of the one round after that, in ms. */
const overtimeMs = 10_000

/** Polls until a round has a result, and gives that. */
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
 * Gives the result of each round that has one, for as long as the caller wants. It keeps the deadline, the pauses, the
 * back-off, and the policies for an abort and a time-out.
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
    throw new ArgumentError('headers: one request answers many waits here; pass headers to createClient')
  }
  const start = Date.now()
  let deadline = start + timeoutMs
  let controller = new AbortController()
  /** Why the wait ends, if not by a result or the caller's abort. */
  let end: { reason?: 'deadline' | 'polls'; error?: unknown } | undefined
  /** Whether the machine slept through the deadline, and one more round follows; whether this is it. */
  let isOvertime = false
  let isLast = false
  let cause: unknown
  /** When a `Retry-After` is over. */
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
    // What is under way now may hang.
    const before = controller
    controller = new AbortController()
    before.abort()
  }
  let timer = startTimer(late, timeoutMs)

  /** Gives `undefined` where the machine slept meanwhile. */
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
    // News does not end this pause: the server asked for it.
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
      // What a server says in an envelope of its own is final.
      if (isUnclear(error as Error) || status === 425 || status === 429) return undefined
      return refused(Object.assign(error as RunError, runId && { runId }))
    }
  }

  /** By push: progress is shown, and news is a reason to poll. */
  const hear = (update: RunUpdate, isNews: boolean) => {
    const status = isGoing(update.status) ? update.status : undefined
    reader?.show({ ...update, status }).catch((error) => stop({ error }))
    if (!isNews) return
    hasNews = true
    wake()
  }

  // One derived signal: to follow the caller's directly would count as one more listener on it.
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
        // A reader that never comes back is not to keep a process alive.
        clearTimeout(timer)
        yield result
        timer = startTimer(late, deadline - Date.now())
      }
      // A round that was slept through begins anew.
      if (!isOvertime || isLast) {
        if (rounds++ >= maxPolls) stop({ reason: 'polls' })
        if (isOvertime) stop({ reason: 'deadline' })
        // The rounds of a batch have their pauses.
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
      // An option that is not given is as before, and so is `undefined`.
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

/** Cancels a run that nobody waits for any more. Gives the error, if there is one, and logs it. */
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
