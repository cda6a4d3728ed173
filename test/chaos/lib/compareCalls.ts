import { type Call, indexOf } from './call.ts'
import type { Report } from './server.ts'
import { createTally, type Tally } from './tables.ts'

export interface Comparison {
  failures: string[]
  ends: Tally
  /** How the caller knows of the runs. */
  known: Tally
  /** The runs that were started for a call. */
  started: ReadonlyMap<number, readonly string[]>
  /** Calls that started more than one. */
  twice: number
  /** POSTs that came in although the client did not send them: the runtime did, by itself. */
  resent: number
}

/** What callers know beside what really happened. */
export function compareCalls(calls: readonly Call[], { ledger, submits }: Report, seed: number): Comparison {
  const failures: string[] = []
  const ends = createTally()
  const known = createTally()
  const started = new Map<number, string[]>()
  const say = (index: number, what: string): void =>
    void failures.push(`call ${index}, seed ${seed}: ${what}`)

  for (const { runId, groupId } of ledger.runs) {
    const index = indexOf(groupId)
    const { runIds, maybe, ownEnd } = calls[index]!
    started.set(index, [...(started.get(index) ?? []), runId])
    if (runIds.includes(runId)) known.add('by its id')
    else if (maybe) known.add('by maybeSubmitted')
    else if (ownEnd) known.add('lost to the caller’s own abort or error')
    else say(index, `run ${runId} was started, and the caller was not told`)
  }
  let twice = 0
  let resent = 0
  for (const [index, call] of calls.entries()) {
    if (call.end) ends.add(call.end)
    for (const what of call.wrongs) say(index, what)
    const runIds = started.get(index) ?? []
    for (const runId of new Set(call.runIds)) {
      if (!runIds.includes(runId)) say(index, `run ${runId} was never started`)
    }
    if (runIds.length > 1) {
      twice++
      say(index, `started ${runIds.length} runs`)
    }
    const more = (submits[index] ?? 0) - call.submits
    if (more > 0) {
      resent += more
      say(index, `its POST came in ${more} times more than the client sent it`)
    }
  }
  for (const [place, times] of Object.entries(ledger.keys.elsewhere)) {
    failures.push(`the key was seen ${times} times in ${place}`)
  }
  return { failures, ends, known, started, twice, resent }
}
