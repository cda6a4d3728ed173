import { readLines } from './readLedger.ts'

/** A choice may be so much older than the run's arrival. */
const CHOICE_MS = 50
/** A server that came back is known to both gateways so long after its first run. */
const BACK_MS = 1_500

/**
 * By how many runs the queue that a run came to was longer than the shortest one, when it was chosen: how many runs, by
 * that number.
 */
export function measureQueues(ledgers: readonly string[]): Record<number, number> {
  const moves = ledgers.flatMap((file, server) =>
    readLines(file).flatMap(({ way, at = 0 }) => (way ? [{ server, way, at }] : [])),
  )
  moves.sort((a, b) => a.at - b.at)
  const states = ledgers.map(() => ({ length: 0, countsFrom: 0 }))
  const counts: Record<number, number> = {}
  /** What the queues were, before each move. */
  const history: { at: number; extra: number[] }[] = []
  for (const { server, way, at } of moves) {
    const state = states[server]!
    const counted = states.filter(({ countsFrom }) => countsFrom <= at)
    const shortest = Math.min(...counted.map(({ length }) => length))
    history.push({ at, extra: states.map(({ length }) => length - shortest) })
    if (way === 'in') {
      const recent = history.filter((one) => one.at >= at - CHOICE_MS)
      const extra = Math.max(0, Math.min(...recent.map((one) => one.extra[server]!)))
      counts[extra] = (counts[extra] ?? 0) + 1
      state.length++
      if (state.countsFrom === Number.POSITIVE_INFINITY) state.countsFrom = at + BACK_MS
    } else if (way === 'out') state.length = Math.max(0, state.length - 1)
    else Object.assign(state, { length: 0, countsFrom: Number.POSITIVE_INFINITY })
  }
  return counts
}
