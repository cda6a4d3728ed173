/** A run comes into a server's queue, or leaves it; or the server is nobody's choice until it gets a run again. */
export interface Move {
  readonly promptId: string
  readonly way: 'in' | 'out' | 'kill'
  readonly at: number
}

/** By how many runs a queue was longer than the shortest one: how many runs met that, by the number. */
export type Counts = Record<number, number>

/** A gateway reads the queues so long before it writes down that the run was made. */
const READ_MS = 25
/** A server that came back is known to both gateways so long after its first run. */
const BACK_MS = 1_500

/**
 * How much longer than the shortest queue the one was that each run got: as it was chosen, at `chosenAt`, and as the run
 * arrived. Between the two its records are written, runs end, and another gateway may choose the same.
 */
export function measureQueues(
  servers: readonly (readonly Move[])[],
  chosenAt: ReadonlyMap<string, number>,
): { chosen: Counts; arrived: Counts } {
  const moves = servers.flatMap((list, server) => list.map((move) => ({ ...move, server })))
  moves.sort((a, b) => a.at - b.at)
  const states = servers.map(() => ({ length: 0, countsFrom: 0 }))
  const extrasAt = (at: number): number[] => {
    const counted = states.filter(({ countsFrom }) => countsFrom <= at)
    const shortest = Math.min(...counted.map(({ length }) => length))
    return states.map(({ length }) => Math.max(0, length - shortest))
  }
  /** Since when the queues were longer by so much. */
  const history = [{ since: 0, extras: extrasAt(0) }]
  const [chosen, arrived]: Counts[] = [{}, {}]
  for (const { server, promptId, way, at } of moves) {
    const state = states[server]!
    if (way === 'in') {
      const made = chosenAt.get(promptId)
      if (made !== undefined) {
        const from = history.findLastIndex(({ since }) => since <= made - READ_MS)
        const seen = history.slice(Math.max(0, from)).filter(({ since }) => since <= made)
        count(chosen!, Math.min(...seen.map(({ extras }) => extras[server]!)))
      }
      count(arrived!, extrasAt(at)[server]!)
      state.length++
      if (state.countsFrom === Number.POSITIVE_INFINITY) state.countsFrom = at + BACK_MS
    } else if (way === 'out') state.length = Math.max(0, state.length - 1)
    else Object.assign(state, { length: 0, countsFrom: Number.POSITIVE_INFINITY })
    history.push({ since: at, extras: extrasAt(at) })
  }
  return { chosen: chosen!, arrived: arrived! }
}

function count(counts: Counts, extra: number): void {
  counts[extra] = (counts[extra] ?? 0) + 1
}

/** How many runs met a queue that was longer by more than one. */
export function beyondOne(counts: Counts): number {
  return Object.entries(counts).reduce((sum, [extra, runs]) => sum + (Number(extra) > 1 ? runs : 0), 0)
}
