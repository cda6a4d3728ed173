import { cancelRun } from '../api/cancelRun.ts'
import { ArgumentError, type HttpError, type RunError, TimeoutError } from '../errors.ts'
import { isUnclear } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import { pause, sleep, startTimer, untilAborted, withDeadline } from '../internal/timers.ts'
import { isDone, isGoing } from '../run.ts'
import type { Client, HeadersSource, Resumed, ResumeOptions, Run, RunUpdate } from '../types.ts'
import type { WatchOptions } from './options.ts'
import { HeadersError, pollClient } from './pollClient.ts'

/** The steps of a round. Each step ends at the deadline of the wait, and on an abort. */
export interface Steps {
  /**
   * Sends a request. Gives `undefined` after a temporary failure. `refused` handles a permanent error of the server.
   */
  request<T>(
    send: (client: Client, options: { signal: AbortSignal }) => Promise<T | Error>,
    refused: (error: HttpError | RunError) => T | undefined | Promise<T | undefined>,
  ): Promise<T | undefined>
  /** Awaits a callback of the caller. */
  call(callback: () => unknown): Promise<void>
}

/** Reads the states of a run, and calls the caller's callbacks. */
export interface RunReader {
  readonly runId: string
  /** The newest state. A run that is done stays done, whatever a later answer says. */
  readonly last: Run | undefined
  /** Whether the caller needs each state, and not only the end. */
  readonly isEager: boolean
  read(steps: Steps): Promise<Run | undefined>
  /** Accepts a state that another request has found. */
  update(steps: Steps, run: Run): Promise<void>
  /** Accepts progress, which never goes back. */
  show(update: RunUpdate): Promise<void>
}

/** The subject of a wait. */
interface Subject {
  /** The subject in the message of a time-out. */
  readonly what: string
  /** Missing for a wait on an output. */
  readonly reader?: RunReader
  /** Called and awaited before the first poll, within the time limit of the wait. */
  readonly first?: (() => unknown) | undefined
  readonly resume: (options: ResumeOptions) => Promise<Resumed>
}

/** How long a cancel may take, in ms. */
const cancelMs = 5000
/** The hidden option of a resumed wait: the number of pauses of the default length so far. */
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
 * The loop of every wait: a round, a pause, and so on. It gives the result of each round that has one, as long as the caller
 * wants more. It ends with the abort of the caller, at the deadline, after `maxPolls`, or with an error.
 */
export async function* pollRounds<T>(
  client: Client,
  options: WatchOptions,
  { what, reader, first, resume }: Subject,
  round: (steps: Steps) => Promise<T | undefined>,
): AsyncGenerator<T, void, undefined> {
  const { timeoutMs = 300_000, pollIntervalMs, maxPolls = Infinity } = options
  // The end of a short run shows soon, but a limited number of polls must not be spent in the first moments.
  const firstMs = options.maxPolls ? 100 : 20
  const { cancelOn, headers, push, signal: given } = options
  const runId = reader?.runId
  const { batch } = reveal(client)
  if (batch && headers) {
    throw new ArgumentError('headers: waits share requests; pass headers to createClient')
  }
  const own = batch ? client : pollClient(client, headers)
  const deadline = Date.now() + timeoutMs
  const controller = new AbortController()
  // A batch follows the caller's signal for all its waits.
  const signal = batch || !given ? controller.signal : AbortSignal.any([controller.signal, given])
  /** Why the wait ends without a result, unless the caller aborts it. */
  let end: { reason?: 'deadline' | 'polls'; error?: unknown } | undefined
  /** The last failure, if the next poll may succeed. */
  let cause: Error | undefined
  /** When the pause ends that the server has requested. */
  let notBefore = 0
  let { [ramp]: pauses = 0 } = options as { [ramp]?: number }
  /** Whether a request of this round had a temporary failure. */
  let isDown = false
  let hasNews = false
  let wake = () => {}

  const stop = (why: typeof end) => {
    end ??= why
    controller.abort(end)
  }
  const late = () => stop({ reason: 'deadline' })
  let timer = startTimer(late, timeoutMs)

  /** Everything that a wait awaits goes through here. */
  const step = async <V>(run: () => Promise<V>): Promise<V> => {
    // Timers stand still while the machine sleeps, so the clock decides.
    if (!signal.aborted && Date.now() >= deadline) late()
    signal.throwIfAborted()
    return run()
  }

  const request: Steps['request'] = async (send, refused) => {
    const ms = notBefore - Date.now()
    // News does not end this pause, because the server has requested it.
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
      // An answer that says "error" is final, also one with the status 200.
      const isOpen = isUnclear(error as Error) || status === 425 || status === 429
      isDown ||= isOpen || status === 408
      if (isOpen) return undefined
      return refused(Object.assign(error as RunError, runId && { runId }))
    }
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

  /** A push shows progress. News ends the pause, because only the answer to a poll counts. */
  const onUpdate = (update: RunUpdate, isNews: boolean) => {
    const status = isGoing(update.status) ? update.status : undefined
    reader?.show({ ...update, status }).catch((error) => stop({ error }))
    if (!isNews) return
    hasNews = true
    wake()
  }

  const rest = async () => {
    await step(() => {
      // The short default pauses are wrong for a batch, whose rounds have their own pauses, and for a server that is down.
      const ms = pollIntervalMs ?? (batch || isDown ? 1000 : Math.min(1000, firstMs * 1.5 ** pauses++))
      return pause(watch?.pauseMs(ms) ?? ms, ms, signal, (end) => {
        wake = end
        if (hasNews) end()
      })
    })
    hasNews = false
  }

  /** Throws the error of the wait. Before that it cancels the run, if the caller wants that. */
  const fail = async (error: unknown): Promise<never> => {
    if (!signal.aborted || !Object.is(error, signal.reason)) throw error
    if (end && !end.reason) throw end.error
    const isWanted = cancelOn === 'both' || cancelOn === (end ? 'timeout' : 'abort')
    const cancelError = isWanted && runId ? await cancelQuietly(client, runId, headers) : undefined
    if (!end) throw error
    const limit = end.reason === 'deadline' ? `${timeoutMs}ms` : `maxPolls (${maxPolls})`
    throw new TimeoutError(`${what} timed out after ${limit}`, {
      timeoutMs,
      reason: end.reason,
      // An option that is missing or `undefined` stays as before.
      resume: (more?: ResumeOptions) =>
        resume({
          [ramp]: pauses,
          ...Object.fromEntries(Object.entries(Object(more)).filter(([, value]) => value !== undefined)),
        } as ResumeOptions),
      ...(runId && { runId }),
      ...(cause && { cause }),
      ...(cancelError !== undefined && { cancelError }),
    })
  }

  const leave = batch?.join({
    runId,
    signal: given,
    abort: (reason) => controller.abort(reason),
    onUpdate,
    isEager: !!reader?.isEager,
  })
  const watch = runId ? push?.watch(runId, onUpdate) : undefined

  try {
    if (first) await call(first)
    for (let rounds = 1; ; ) {
      isDown = false
      const result = await round({ request, call })
      if (result !== undefined) {
        // The caller may never ask for the next result, and a timer would keep the process alive.
        clearTimeout(timer)
        yield result
        timer = startTimer(late, deadline - Date.now())
      }
      if (rounds++ >= maxPolls) stop({ reason: 'polls' })
      const isPaced = batch && reader && !isDone(reader.last?.status)
      if (!isPaced || end) await rest()
    }
  } catch (error) {
    await fail(error)
  } finally {
    clearTimeout(timer)
    leave?.()
    watch?.stop()
  }
}

/** Cancels a run that nobody waits for any more. Returns the error, if there is one, and logs it. */
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
