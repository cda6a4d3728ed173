import { getOutput } from '../api/getOutput.ts'
import { requestRun } from '../api/getRun.ts'
import { readPage } from '../api/getRuns.ts'
import { FlowScaleError, HttpError, RedirectError } from '../errors.ts'
import type { Batch, Member } from '../internal/secrets.ts'
import { sleep, untilAborted } from '../internal/timers.ts'
import { isEnded, isGoing } from '../run.ts'
import type { Client, Envelope, PushConnection, Run, RunWatch } from '../types.ts'
import { createRateLimiter } from './createRateLimiter.ts'
import { pollClient } from './pollClient.ts'

interface BatchOptions {
  groupId?: string | undefined
  /** The pause between two rounds, in ms. Default 1000. */
  pollIntervalMs?: number | undefined
  /** Default 20. */
  maxRequestsPerSecond?: number | undefined
  push?: PushConnection | undefined
}

/** A batch with the members that its owner needs. */
interface OwnedBatch extends Batch {
  /** The number of waits. */
  readonly size: number
  readonly onAbort: OnAbort
}

/** Calls `abort` when `signal` is aborted, or at once if it already is. Returns the function that stops that. */
type OnAbort = (signal: AbortSignal, abort: () => void) => () => void

/** A wait's request for its run, until a round answers it. */
interface Pending {
  readonly resolve: (answer: Envelope<Run> | Error) => void
  readonly reject: (error: unknown) => void
}

/** A run, which all its waits share. */
interface SharedRun {
  readonly id: string
  readonly members: Set<Member>
  /** The requests that the next round answers. */
  pending: Set<Pending>
  watch?: RunWatch | undefined
  /** The pushed status. */
  status?: string
  /** The moment of the last news. 0 after the answer to a request that was sent later. */
  newsAt: number
  /** Whether a request for the run has ended, with an answer or an error. */
  isSeen?: true
  hasEnded?: true
}

/** The longest pause between two rounds for runs whose end comes by push, in ms. */
const maxPauseMs = 30_000
/** How long the first news waits for other news of the same moment, in ms. */
const soonMs = 1
/** How long news of more than a few runs waits for further news, in ms. */
const gatherMs = 40
/** Up to this number, runs are requested one by one. */
const few = 2
/** If a list fails after more than this time, in ms, the runs are requested one by one. */
const slowMs = 5000
/** After this number of failed lists in a row, only every second round requests a list. */
const maxFailures = 3

/**
 * Answers the waits of many runs. A round reads the list of runs, newest first, and answers all waits with it. A run that
 * is not in the list is requested by itself. Pushed news causes a request at once. A run whose end will be pushed is
 * requested rarely. `onEnd` is called with each run that has ended.
 */
export function createBatch(
  client: Client,
  options: BatchOptions,
  onEnd: (run: Run) => void = () => {},
): OwnedBatch {
  const { groupId, pollIntervalMs = 1000, maxRequestsPerSecond = 20, push } = options
  const own = pollClient(client)
  const limiter = createRateLimiter(maxRequestsPerSecond, pollIntervalMs)
  const onAbort = createAbortRelay()
  const runs = new Map<string, SharedRun>()
  /** The runs with pending requests. The run that waits longest comes first. */
  const waiting = new Set<SharedRun>()
  let size = 0
  /** Aborted when the last wait has left. */
  let scope = new AbortController()
  /** The number of the newest moment. It shows whether a request was sent before or after a piece of news. */
  let moments = 0
  let roundAt = 0
  /** When all runs are requested, also those whose end will be pushed. */
  let allAt = 0
  let quietRounds = 0
  let failures = 0
  /** The number of requests for a list: 0 before the first list, `Infinity` if the server has none. */
  let pages = 0

  const onFailure = () => {
    allAt = 0
    quietRounds = 0
  }

  /** Takes the pending requests of a run. Later requests wait for the next answer. */
  const take = (run: SharedRun): Iterable<Pending> => {
    const taken = run.pending
    run.pending = new Set()
    waiting.delete(run)
    return taken
  }

  const answer = (run: SharedRun, taken: Iterable<Pending>, data: Run) => {
    for (const { resolve } of taken) resolve({ status: 'success', data })
    if (!run.members.size || run.hasEnded || !isEnded(data.status)) return
    run.hasEnded = true
    onEnd(data)
  }

  const readAlone = async (run: SharedRun, hasTurn?: boolean): Promise<void> => {
    const { signal } = scope
    if (!hasTurn) await limiter.turn(signal)
    const moment = ++moments
    const taken = take(run)
    // The answer is not awaited, because the limiter sets the pace of these requests.
    limiter
      .send(() => requestRun(own, run.id, { signal }))
      .finally(() => note(run, moment))
      .then(
        ({ data }) => answer(run, taken, data),
        (error) => {
          onFailure()
          for (const { reject } of taken) reject(error)
        },
      )
  }

  /** Answers the waits with the list, or with its error. Gives the runs that are left. An urgent list already has its turn. */
  const readList = async (asked: readonly SharedRun[], isUrgent?: boolean): Promise<readonly SharedRun[]> => {
    if (failures >= maxFailures) {
      failures--
      return asked
    }
    const { signal } = scope
    const left = new Set(asked)
    const seen = new Set<string>()
    /** The number of pages that answered no wait. Further pages must not cost more than a request for each run. */
    let vain = 0
    for (let page = 1; left.size > (page > 1 ? Math.max(few, vain) : 0); page++) {
      if (!isUrgent || page > 1) await limiter.turn(signal, isUrgent)
      const moment = ++moments
      const start = Date.now()
      let list: Awaited<ReturnType<typeof readPage>>
      try {
        list = await limiter.send(() => readPage(own, groupId, page, signal))
      } catch (error) {
        signal.throwIfAborted()
        const { status } = error as HttpError
        // A proxy may refuse only the list, and allow requests for single runs.
        if (error instanceof RedirectError || (error instanceof HttpError && isFinal(status))) {
          pages ||= Infinity
          break
        }
        failures++
        onFailure()
        if (Date.now() - start > slowMs) break
        for (const run of left) {
          note(run, moment)
          for (const { resolve, reject } of take(run)) {
            if (error instanceof FlowScaleError) resolve(error)
            else reject(error)
          }
        }
        return []
      }
      failures = 0
      pages = page
      const [known, before] = [seen.size, left.size]
      for (const { run: data, isWhole } of list.data) {
        seen.add(data._id)
        const run = runs.get(data._id)
        // An urgent list does not answer the waits for other runs that go on: they are answered in a round.
        if (!run || !isWhole || (isUrgent && !left.has(run) && isGoing(data.status))) continue
        left.delete(run)
        note(run, moment)
        answer(run, take(run), data)
      }
      if (left.size === before) vain++
      for (const run of left) if (!waiting.has(run)) left.delete(run)
      // A server without pages repeats the same page. After the last page there is nothing.
      if (seen.size === known || page >= ((list.meta?.total_pages as number) ?? page + 1)) break
    }
    return [...left]
  }

  const round = async () => {
    const start = Date.now()
    const isAll = !push?.connected || start >= allAt
    if (isAll) {
      quietRounds = push?.connected ? quietRounds + 1 : 0
      allAt = start + Math.min(pollIntervalMs * 2 ** quietRounds, maxPauseMs)
    }
    const asked = [...waiting].filter((run) => isAll || !comesByPush(run, push))
    const left = asked.length > Math.max(few, pages || 1) ? await readList(asked) : asked
    const end = Date.now()
    roundAt = end + pollIntervalMs
    // If the list answered no wait, its duration counts, too: the next list may take as long.
    const until = left.length < asked.length ? roundAt : roundAt + end - start
    for (const run of left) {
      // The others come first in the next round, so that the runs in the list don't wait for them.
      if (Date.now() >= until) {
        allAt = 0
        break
      }
      if (waiting.has(run)) await readAlone(run)
    }
  }

  /** Repeats `step` while `any` gives runs, one step at a time. The waits get an error of a step. */
  const whileAny = (any: () => readonly SharedRun[], step: (signal: AbortSignal) => Promise<void>) => {
    let isBusy = false
    return async () => {
      if (isBusy) return
      isBusy = true
      while (any().length) {
        const { signal } = scope
        try {
          await step(signal)
        } catch (error) {
          if (!signal.aborted) for (const run of any()) for (const { reject } of take(run)) reject(error)
        }
      }
      // From now on a request starts a new loop.
      isBusy = false
    }
  }

  const rounds = whileAny(
    () => [...waiting],
    async (signal) => {
      // The pause, even of 0 ms, lets other requests of the same moment join the round.
      await sleep(Math.max(0, roundAt - Date.now()), signal)
      await round()
    },
  )

  const news = () => [...waiting].filter(({ newsAt }) => newsAt)
  const hurry = whileAny(news, async (signal) => {
    const start = Date.now()
    await sleep(soonMs, signal)
    await limiter.turn(signal, true)
    const moreMs = start + gatherMs - Date.now()
    if (moreMs > 0 && news().length > few) await sleep(moreMs, signal)
    const [first, ...others] = news()
    if (!first) return
    if (others.length < (pages || 1)) await readAlone(first, true)
    else for (const run of await readList([first, ...others], true)) await readAlone(run)
  })

  const share = (id: string): SharedRun => {
    const run: SharedRun = { id, members: new Set(), pending: new Set(), newsAt: 0 }
    runs.set(id, run)
    run.watch = push?.watch(id, (update, isNews) => {
      const { status } = update
      for (const { onUpdate } of run.members) onUpdate(update, false)
      if (!isNews || !status || isEnded(run.status)) return
      run.status = status
      // A state before the end is news only for waits that need each state.
      if (isGoing(status) && ![...run.members].some(({ isEager }) => isEager)) return
      run.newsAt = ++moments
      hurry()
    })
    return run
  }

  return {
    get size() {
      return size
    },
    onAbort,
    join(member) {
      const { runId, signal, abort } = member
      if (!size++) scope = new AbortController()
      const run = runId === undefined ? undefined : (runs.get(runId) ?? share(runId))
      run?.members.add(member)
      const stop = signal && onAbort(signal, () => abort(signal.reason))
      return () => {
        stop?.()
        run?.members.delete(member)
        if (run && !run.members.size) {
          runs.delete(run.id)
          run.watch?.stop()
        }
        if (!--size) scope.abort()
      }
    },
    getRun: (runId, signal) =>
      untilAborted(signal, (resolve, reject) => {
        // A wait joins before its first request.
        const run = runs.get(runId)!
        const { pending } = run
        const own = { resolve, reject }
        pending.add(own)
        waiting.add(run)
        rounds()
        if (run.newsAt) hurry()
        return () => {
          pending.delete(own)
          if (!run.pending.size) waiting.delete(run)
        }
      }),
    async getOutput(filename, signal) {
      await limiter.turn(signal)
      return limiter.send(() => getOutput(own, filename, { signal }))
    },
  }
}

/** Notes that a request for a run has ended, with an answer or an error. It was sent at `moment`. */
function note(run: SharedRun, moment: number): void {
  run.isSeen = true
  if (run.newsAt < moment) run.newsAt = 0
}

/** Whether the end of a run will probably be pushed. */
function comesByPush({ isSeen, status, watch }: SharedRun, push: PushConnection | undefined): unknown {
  return isSeen && (watch?.connected ?? push?.connected) && !isEnded(status)
}

/** Whether the same request would fail again. */
const isFinal = (status: number) => status < 500 && ![408, 425, 429].includes(status)

/** Relays aborts with one listener on each signal for all waits, because Node warns at the eleventh listener. */
function createAbortRelay(): OnAbort {
  const all = new Map<AbortSignal, Set<() => void>>()
  const abortAll = ({ target }: Event) => {
    for (const abort of all.get(target as AbortSignal) ?? []) abort()
  }
  return (signal, abort) => {
    const own = all.get(signal) ?? new Set()
    if (!own.size) {
      all.set(signal, own)
      signal.addEventListener('abort', abortAll)
    }
    own.add(abort)
    if (signal.aborted) abort()
    return () => {
      own.delete(abort)
      if (own.size) return
      all.delete(signal)
      signal.removeEventListener('abort', abortAll)
    }
  }
}
