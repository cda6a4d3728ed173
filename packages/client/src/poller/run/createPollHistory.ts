import { isDone } from '../../internal/data.ts'
import type { PollHistory } from '../../types.ts'

/** What a poll without news is followed by, in ms. */
const usualMs = 1000
/** The shortest and the longest pause, in ms. */
const leastMs = 250
const mostMs = 30_000
/** So many durations are kept, and so many are needed. */
const kept = 20
const needed = 3
/** What runs unlike all of those count beside them, as if there had been so many. */
const doubt = 0.4

/** By what part a run may be shorter or longer than one before: by how far apart the middle half of them are. */
function spreadOf(durations: readonly number[]): number {
  const sorted = [...durations].sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor(sorted.length * part)]!
  return Math.min(0.5, Math.max(0.1, 0.7 * (at(0.75) / at(0.25) - 1), 1 / sorted.length))
}

/**
 * The pause after a poll that found a run going for `before` ms: the longest of which no more delay is to be expected
 * than each poll costs with the usual pause. So polls come where ends are likely. A run that outlives all others is
 * polled about as usual.
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
      // It ends anywhere from `low` to `high`, and has not yet.
      const high = one * (1 + spread)
      const width = 2 * spread * one
      const low = Math.max(high - width, before)
      const end = Math.min(high, now)
      left += Math.max(0, high - low) / width
      if (end > low) delay += ((end - low) * (now - (low + end) / 2)) / width
    }
    // A few tell less than they seem to: then more often.
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
 * Makes a memory of how long runs took, for `pollIntervalMs`: waits with it poll rarely at first, and often around the
 * likely end of the run, from 250 ms to 30 s apart. Keep one for each workflow, for as long as you like: it holds the last
 * 20 durations. Until it has three, and for runs of which neither the submission nor the start is known, the pause is
 * 1000 ms. With them {@link executeWorkflowAsync} begins with a pause, too.
 *
 * @throws nothing; waits with it reject as they do without
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
  /** How far the server's clock is ahead of ours, at least: what it tells of lies in its past. */
  let aheadMs = -Infinity

  const read = (stamp: unknown): number => {
    const ms = typeof stamp === 'string' ? Date.parse(stamp) : Number.NaN
    if (ms) aheadMs = Math.max(aheadMs, ms - Date.now())
    return ms
  }

  return {
    begin() {
      /** When the run had not started yet, and when it was still going, as far as we know. */
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
        // It may have started later than when it was last seen queued: then the poll comes early, not late.
        const before = startedAt ? now + aheadMs - startedAt : now - queuedAt
        if (before >= 0 && durations.length >= needed) return pauseAfter(before, durations)
        return answer ? usualMs : 0
      }
    },
  }
}
