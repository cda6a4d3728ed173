import { isDone } from '../../internal/data.ts'
import type { PollHistory } from '../../types.ts'

/** The usual pause after a poll, in ms. */
const usualMs = 1000
/** The shortest and the longest pause, in ms. */
const leastMs = 250
const mostMs = 30_000
/** The number of durations that are kept, and the number that is needed. */
const kept = 20
const needed = 3
/** The weight of unusual runs, as a number of runs. */
const doubt = 0.4

/** The part by which a run may be shorter or longer than an earlier one: the spread of their middle half. */
function spreadOf(durations: readonly number[]): number {
  const sorted = [...durations].sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor(sorted.length * part)]!
  return Math.min(0.5, Math.max(0.1, 0.7 * (at(0.75) / at(0.25) - 1), 1 / sorted.length))
}

/**
 * The pause after a poll, when a run has gone on for `before` ms. It is the longest pause whose expected delay is no
 * longer than the delay of a poll with the usual pause. So polls come when an end is likely. A run that takes longer
 * than all others is polled about as usual.
 */
function pauseAfter(before: number, durations: readonly number[]): number {
  const count = durations.length
  const mean = durations.reduce((sum, one) => sum + one, 0) / count
  const spread = spreadOf(durations)

  const isLate = (pause: number): boolean => {
    const now = before + pause
    let left = doubt
    let delay = (doubt * pause ** 2) / 2 / mean
    for (const one of durations) {
      // It ends between `low` and `high`, and has not ended yet.
      const high = one * (1 + spread)
      const width = 2 * spread * one
      const low = Math.max(high - width, before)
      const end = Math.min(high, now)
      left += Math.max(0, high - low) / width
      if (end > low) delay += ((end - low) * (now - (low + end) / 2)) / width
    }
    // A few durations are unreliable: then polls come more often.
    return delay / left > ((usualMs ** 2 / 2 / mean) * count) / (count + 1)
  }

  let least = leastMs
  let most = mostMs
  while (most - least > 10) {
    const middle = (least + most) / 2
    if (isLate(middle)) most = middle
    else least = middle
  }
  return least
}

/**
 * Makes a record of how long runs took, for `pollIntervalMs`. Waits then poll rarely at first, and often near the likely
 * end of the run, from 250 ms to 30 s apart. Keep one record for each workflow, as long as you like: it holds the last
 * 20 durations. The pause is 1000 ms until the record has three durations, and for a run whose submission and start are
 * both unknown. With three durations, {@link executeWorkflowAsync} begins with a pause, too.
 *
 * @throws nothing
 *
 * @example
 * ```ts
 * const history = createPollHistory()
 * for (const text_51536 of ['dawn', 'noon', 'dusk']) {
 *   await executeWorkflowAsync(client, 'bncu0a1kipv', { text_51536 }, { pollIntervalMs: history })
 * }
 * ```
 */
export function createPollHistory(): PollHistory {
  let durations: readonly number[] = []
  /** The least time by which the server's clock is ahead of ours: its times are in its past. */
  let aheadMs = -Infinity

  const read = (stamp: unknown): number => {
    const ms = typeof stamp === 'string' ? Date.parse(stamp) : Number.NaN
    if (ms) aheadMs = Math.max(aheadMs, ms - Date.now())
    return ms
  }

  return {
    begin() {
      /** The last times at which the run was known to be queued, and known to go on. */
      let queuedAt = Number.NaN
      let goingAt = Number.NaN
      let isOver = false

      return (answer) => {
        const run = answer === null ? { status: 'queued' } : answer
        if (!run?.status || isOver) return usualMs
        const now = Date.now()
        const startedAt = read(run.started_at)
        isOver = isDone(run.status)
        if (isOver) {
          const ms = read(run.completed_at) - startedAt || (now + goingAt) / 2 - queuedAt
          if (ms > 0) durations = [...durations, ms].slice(-kept)
          return usualMs
        }
        goingAt = now
        if (/^(queued|pending)$/.test(run.status)) queuedAt = now
        // It may have started after it was last seen queued: then the poll comes early, not late.
        const before = startedAt ? now + aheadMs - startedAt : now - queuedAt
        if (before >= 0 && durations.length >= needed) return pauseAfter(before, durations)
        return answer ? usualMs : 0
      }
    },
  }
}
