/** A run that waits for its turn. */
export interface Waiting {
  readonly id: string
  readonly number: number
  /** The caller whose turn it takes. */
  readonly caller: string
  readonly needs: string
}

/** The order of runs that wait: callers take turns, and a caller's runs come one after another. */
export interface Turns {
  add(run: Waiting): void
  remove(run: Waiting): void
  next(needs: ReadonlySet<string>): Waiting | undefined
  /** Removes the run, and counts its turn. */
  take(run: Waiting): void
  /** Lets a run wait again at its old place. */
  giveBack(run: Waiting): void
  ahead(run: Waiting): number
  ordered(): Waiting[]
  /** The needs of all runs, each with the number of its runs. */
  readonly needs: ReadonlyMap<string, number>
}

interface Caller {
  readonly name: string
  /** When its next turn is, in virtual time: one who was away has not saved any. */
  turns: number
  readonly runs: Waiting[]
  readonly byNeeds: Map<string, Waiting[]>
}

/** A turn in virtual time. Whole numbers, so that sums are exact. */
const TURN = 1_000_000
const MOST_SAVED = 10

/**
 * By virtual time, as in fair queueing: it goes on by a turn while each caller who waits has one. A priority that counts
 * runs would starve the caller with most of them, and so would new callers who come again and again.
 */
export function createTurns(): Turns {
  const callers = new Map<string, Caller>()
  const needs = new Map<string, number>()
  let now = 0

  function callerOf(name: string): Caller {
    const caller = callers.get(name) ?? { name, turns: now, runs: [], byNeeds: new Map() }
    if (caller.runs.length === 0) caller.turns = Math.max(caller.turns, now)
    callers.set(name, caller)
    return caller
  }

  function add(run: Waiting): Caller {
    const caller = callerOf(run.caller)
    insert(caller.runs, run)
    if (!caller.byNeeds.has(run.needs)) caller.byNeeds.set(run.needs, [])
    insert(caller.byNeeds.get(run.needs)!, run)
    needs.set(run.needs, (needs.get(run.needs) ?? 0) + 1)
    return caller
  }

  function remove(run: Waiting): void {
    const caller = callers.get(run.caller)!
    const same = caller.byNeeds.get(run.needs)!
    caller.runs.splice(indexOf(caller.runs, run), 1)
    same.splice(indexOf(same, run), 1)
    if (same.length === 0) caller.byNeeds.delete(run.needs)
    const left = needs.get(run.needs)! - 1
    if (left > 0) needs.set(run.needs, left)
    else needs.delete(run.needs)
  }

  return {
    needs,
    add: (run) => void add(run),
    remove,
    next(wanted) {
      let first: { readonly turns: number; readonly run: Waiting } | undefined
      for (const { turns, byNeeds } of callers.values()) {
        for (const [id, [run]] of byNeeds) {
          const isFirst =
            !first || turns < first.turns || (turns === first.turns && run!.number < first.run.number)
          if (wanted.has(id) && isFirst) first = { turns, run: run! }
        }
      }
      return first?.run
    },
    take(run) {
      const caller = callers.get(run.caller)!
      const waiting = [...callers.values()].filter(({ runs }) => runs.length > 0).length
      remove(run)
      now = Math.max(now + Math.ceil(TURN / waiting), caller.turns)
      // While no server could take its runs, a caller has saved some turns, but not all.
      caller.turns = Math.max(caller.turns, now - MOST_SAVED * TURN) + TURN
      for (const { name, turns, runs } of callers.values())
        if (runs.length === 0 && turns <= now) callers.delete(name)
    },
    giveBack(run) {
      add(run).turns -= TURN
    },
    ahead(run) {
      const own = callers.get(run.caller)!
      const index = indexOf(own.runs, run)
      let count = index
      for (const other of callers.values()) {
        if (other === own) continue
        const turns = (own.turns - other.turns) / TURN + index
        count += Math.min(other.runs.length, Math.max(0, Math.ceil(turns)))
        // At the same turn, the earlier run is first.
        if (turns >= 0 && other.runs[turns] && other.runs[turns].number < run.number) count++
      }
      return count
    },
    ordered() {
      const all = [...callers.values()].flatMap(({ turns, runs }) =>
        runs.map((run, index) => ({ run, turn: turns + index * TURN })),
      )
      all.sort((a, b) => a.turn - b.turn || a.run.number - b.run.number)
      return all.map(({ run }) => run)
    },
  }
}

/** Where a run is, or would be, in a list that is sorted by number. */
function indexOf(runs: readonly Waiting[], { number }: Waiting): number {
  let [low, high] = [0, runs.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (runs[middle]!.number < number) low = middle + 1
    else high = middle
  }
  return low
}

const insert = (runs: Waiting[], run: Waiting): void => void runs.splice(indexOf(runs, run), 0, run)
