import { getOutput } from '../api/getOutput.ts'
import { requestRun } from '../api/getRun.ts'
import { FlowScaleError, HttpError, RedirectError } from '../errors.ts'
import type { Rule } from '../internal/options.ts'
import { request, withQuery } from '../internal/request.ts'
import type { Batch, Member } from '../internal/secrets.ts'
import { sleep, untilAborted } from '../internal/timers.ts'
import { isObject } from '../internal/values.ts'
import { isDone, isFailed, isGoing, readRun } from '../run.ts'
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
  readonly follow: OnAbort
}

/** A request for a run that waits for a round. */
interface Pending {
  readonly resolve: (answer: Envelope<Run> | Error) => void
  readonly reject: (error: unknown) => void
}

/** A run with waits. */
interface SharedRun {
  readonly members: Set<Member>
  watch?: RunWatch | undefined
  /** The pushed status. */
  status?: string
  /** The moment of news without a request since; 0: none. */
  newsAt: number
  /** Whether a request for the run has ended, with an answer or an error. */
  isSeen?: true
  isEnded?: true
}

/** A limit of requests per second. */
export const isRate: Rule = (value) => (typeof value === 'number' && value > 0) || 'a number above 0'

/** The longest pause between two rounds for runs whose end comes by push, in ms. */
const maxPauseMs = 30_000
/** How long news waits for other news of the same moment, in ms, and how long a lot of news waits for more. */
const soonMs = 1
const gatherMs = 40
/** Up to this number, runs are requested one by one. */
const few = 2
/** If a list fails after more than this time, in ms, the runs are requested one by one. */
const slowMs = 5000
/** After this number of failed lists in a row, only every second round requests a list. */
const maxFailures = 3

const isOver = (status: string | undefined) => isDone(status) || isFailed(status)

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
  const follow = createAbortRelay()
  const watched = new Map<string, SharedRun>()
  /** By run. The run that waits longest comes first. */
  const questions = new Map<string, Set<Pending>>()
  let size = 0
  /** Aborted when the last wait has left. */
  let session = new AbortController()
  /** Counts the moments, to order them. */
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

  /** A request for a run, which was sent at `moment`, has ended with an answer or an error. */
  const note = (runId: string, moment: number) => {
    const run = watched.get(runId)
    if (!run) return
    run.isSeen = true
    if (run.newsAt < moment) run.newsAt = 0
  }

  const take = (runId: string): Iterable<Pending> => {
    const taken = questions.get(runId) ?? []
    questions.delete(runId)
    return taken
  }

  const answer = (runId: string, taken: Iterable<Pending>, data: Run) => {
    for (const { resolve } of taken) resolve({ status: 'success', data })
    const run = watched.get(runId)
    if (!run || run.isEnded || !isOver(data.status)) return
    run.isEnded = true
    onEnd(data)
  }

  const readAlone = async (runId: string, hasTurn?: boolean): Promise<void> => {
    const { signal } = session
    if (!hasTurn) await limiter.turn(signal)
    const moment = ++moments
    const taken = take(runId)
    // Not awaited: the rate limits these requests.
    limiter
      .send(() => requestRun(own, runId, { signal }))
      .finally(() => note(runId, moment))
      .then(
        ({ data }) => answer(runId, taken, data),
        (error) => {
          onFailure()
          for (const { reject } of taken) reject(error)
        },
      )
  }

  /** A page of the list. `isWhole`: the list has the whole run. */
  const readPage = (page: number, signal: AbortSignal) => {
    const query = { group_id: groupId, sort_by: 'created_at', sort_order: 'desc', page, page_size: 100 }
    return request(own, withQuery('runs', query), {
      options: { signal },
      parseData: (data, _, headers) => {
        const items: unknown = isObject(data) ? data.runs : data
        if (!Array.isArray(items)) return undefined
        return items.map((item) => {
          const run = readRun(item, headers)
          const isWhole = run.status && !(isDone(run.status) && !Object(item).outputs)
          return { run, isWhole }
        })
      },
    })
  }

  /** Answers the waits with the list, or with its error. Gives the runs that are left. An urgent list already has its turn. */
  const readList = async (runIds: readonly string[], isUrgent?: boolean): Promise<readonly string[]> => {
    if (failures >= maxFailures) {
      failures--
      return runIds
    }
    const { signal } = session
    const left = new Set(runIds)
    const seen = new Set<string>()
    /** The number of pages that answered no wait. Further pages must not cost more than a request for each run. */
    let vain = 0
    for (let page = 1; left.size > (page > 1 ? Math.max(few, vain) : 0); page++) {
      if (!isUrgent || page > 1) await limiter.turn(signal, isUrgent)
      const moment = ++moments
      const start = Date.now()
      let answered: Awaited<ReturnType<typeof readPage>>
      try {
        answered = await limiter.send(() => readPage(page, signal))
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
        for (const runId of left) {
          note(runId, moment)
          for (const question of take(runId)) {
            if (error instanceof FlowScaleError) question.resolve(error)
            else question.reject(error)
          }
        }
        return []
      }
      failures = 0
      pages = page
      const [known, waiting] = [seen.size, left.size]
      for (const { run, isWhole } of answered.data) {
        const { _id, status } = run
        seen.add(_id)
        // An urgent list does not answer the waits for other runs that go on: they are answered in a round.
        if (!isWhole || (isUrgent && !left.has(_id) && isGoing(status))) continue
        left.delete(_id)
        note(_id, moment)
        answer(_id, take(_id), run)
      }
      if (left.size === waiting) vain++
      for (const runId of left) if (!questions.has(runId)) left.delete(runId)
      // A server without pages repeats the same page. After the last page there is nothing.
      if (seen.size === known || page >= ((answered.meta?.total_pages as number) ?? page + 1)) break
    }
    return [...left]
  }

  /** Whether the end of a run will probably be pushed. */
  const comesByPush = (runId: string) => {
    const { isSeen, status, watch } = watched.get(runId) ?? {}
    return isSeen && (watch?.connected ?? push?.connected) && !isOver(status)
  }

  const round = async () => {
    const start = Date.now()
    const isAll = !push?.connected || start >= allAt
    if (isAll) {
      quietRounds = push?.connected ? quietRounds + 1 : 0
      allAt = start + Math.min(pollIntervalMs * 2 ** quietRounds, maxPauseMs)
    }
    const asked = [...questions.keys()].filter((runId) => isAll || !comesByPush(runId))
    const left = asked.length > Math.max(few, pages || 1) ? await readList(asked) : asked
    const end = Date.now()
    roundAt = end + pollIntervalMs
    // If the list answered no wait, its duration counts, too: the next list may take as long.
    const until = left.length < asked.length ? roundAt : roundAt + end - start
    for (const runId of left) {
      // The others come first in the next round, so that the runs in the list don't wait for them.
      if (Date.now() >= until) {
        allAt = 0
        break
      }
      if (questions.has(runId)) await readAlone(runId)
    }
  }

  /** Repeats `step` while `any` gives something, one step at a time. An error of ours ends the waits. */
  const whileAny = (any: () => readonly string[], step: (signal: AbortSignal) => Promise<void>) => {
    let isBusy = false
    return async () => {
      if (isBusy) return
      isBusy = true
      while (any().length) {
        const { signal } = session
        try {
          await step(signal)
        } catch (error) {
          if (!signal.aborted) for (const runId of any()) for (const { reject } of take(runId)) reject(error)
        }
      }
      // From now on a question starts a new loop.
      isBusy = false
    }
  }

  const rounds = whileAny(
    () => [...questions.keys()],
    async (signal) => {
      // Questions of the same moment are included.
      await sleep(Math.max(0, roundAt - Date.now()), signal)
      await round()
    },
  )

  const news = () => [...questions.keys()].filter((runId) => watched.get(runId)?.newsAt)
  const hurry = whileAny(news, async (signal) => {
    const start = Date.now()
    await sleep(soonMs, signal)
    await limiter.turn(signal, true)
    const moreMs = start + gatherMs - Date.now()
    if (moreMs > 0 && news().length > few) await sleep(moreMs, signal)
    const [first, ...others] = news()
    if (!first) return
    if (others.length < (pages || 1)) await readAlone(first, true)
    else for (const runId of await readList([first, ...others], true)) await readAlone(runId)
  })

  const watch = (runId: string): SharedRun => {
    const run: SharedRun = { members: new Set(), newsAt: 0 }
    watched.set(runId, run)
    run.watch = push?.watch(runId, (update, isNews) => {
      const { status } = update
      for (const { hear } of run.members) hear(update, false)
      if (!isNews || !status || isOver(run.status)) return
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
    follow,
    join(member) {
      const { runId, signal, abort } = member
      if (!size++) session = new AbortController()
      const run = runId === undefined ? undefined : (watched.get(runId) ?? watch(runId))
      run?.members.add(member)
      const unfollow = signal && follow(signal, () => abort(signal.reason))
      return () => {
        unfollow?.()
        run?.members.delete(member)
        if (run && !run.members.size) {
          watched.delete(runId!)
          run.watch?.stop()
        }
        if (!--size) session.abort()
      }
    },
    getRun: (runId, signal) =>
      untilAborted(signal, (resolve, reject) => {
        const question = { resolve, reject }
        const asked = questions.get(runId) ?? new Set()
        questions.set(runId, asked.add(question))
        rounds()
        if (watched.get(runId)?.newsAt) hurry()
        return () => {
          asked.delete(question)
          if (!asked.size && questions.get(runId) === asked) questions.delete(runId)
        }
      }),
    async getOutput(filename, signal) {
      await limiter.turn(signal)
      return limiter.send(() => getOutput(own, filename, { signal }))
    },
  }
}

/** Whether the same request would fail again. */
const isFinal = (status: number) => status < 500 && ![408, 425, 429].includes(status)
/** Calls `abort` when `signal` is aborted, or at once if it already is. Gives the function that stops following. */
type OnAbort = (signal: AbortSignal, abort: () => void) => () => void

/** Follows signals with one listener on each signal for all followers: Node warns at the eleventh listener. */
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
