/**
 * Whose turn it is, by start-time fair queueing: each caller gets the same GPU time, whatever its runs cost. A run's tag, an
 * amount of GPU time, is fixed as it is submitted, so that its place is its rank. Priorities take turns first, then the
 * owners of a priority, then the callers of an owner. Imports nothing that keeps anything: a simulation plays these rules, too.
 */

/** How much GPU time a run takes of which nothing is known, in ms. */
export const UNKNOWN_COST_MS = 5_000
/** A run may be passed over for so long, in favor of a run whose model is loaded. */
const PASSED_OVER_MS = 10_000
/** The tag of that other run may be later by so much, or by twice the cost of the first. Each limit alone fails. */
const LAG_MS = 60_000
/** The highest priority that waits has so many turns, and then another priority has one. */
const NINE = 9

/** The state of all turns. */
export interface Turns {
  /** How many turns the highest priority has had since the last turn of another one. */
  readonly high: number
  /** How many turns the other priorities have had. */
  readonly others: number
  readonly levels: Readonly<Record<number, LevelTurns>>
}

/** The turns of a priority. */
interface LevelTurns {
  /** The GPU time that each owner who waits has had. */
  readonly now: number
  /** The value of `others` after its last such turn. The priority with the lowest value is next. */
  readonly last: number
  readonly owners: Readonly<Record<string, OwnerTurns>>
}

/** The turns of an owner in a priority. */
interface OwnerTurns {
  /** When its next turn is. */
  readonly finish: number
  /** The GPU time that each of its callers who waits has had. */
  readonly now: number
}

export const NO_TURNS: Turns = { high: 0, others: 0, levels: {} }
const NO_LEVEL: LevelTurns = { now: 0, last: 0, owners: {} }

/** Runs that wait in one class: a priority and an owner. */
export interface Class {
  readonly priority: number
  readonly owner: string
}

/** The first run of those that wait in one class with the same needs and workflow. */
export interface Head extends Class {
  readonly id: string
  readonly caller: string
  readonly needs: string
  readonly workflowId: string
  readonly tag: number
  readonly number: number
  /** How much GPU time a run of its workflow takes. */
  readonly cost: number
}

/** What a server with a free place says of itself. */
export interface Asking {
  /** The workflow whose models it has loaded. */
  readonly loaded: string | undefined
  /** Whether another server has the models of a workflow loaded: such runs are left to that server while they may wait. */
  readonly isElsewhere?: ((workflowId: string) => boolean) | undefined
}

const levelOf = (turns: Turns, priority: number): LevelTurns => turns.levels[priority] ?? NO_LEVEL

/** When the next turn of an owner is. */
function startOf(turns: Turns, { priority, owner }: Class): number {
  const { now, owners } = levelOf(turns, priority)
  return Math.max(owners[owner]?.finish ?? 0, now)
}

/** The GPU time that each caller who waits has had. */
export const nowOf = (turns: Turns, { priority, owner }: Class): number =>
  levelOf(turns, priority).owners[owner]?.now ?? 0

/** The priority whose turn it is, of those that wait. */
function priorityInTurn(turns: Turns, waiting: readonly number[]): number {
  const highest = Math.max(...waiting)
  const others = waiting.filter((priority) => priority < highest)
  if (others.length === 0 || turns.high < NINE) return highest
  return others.reduce((a, b) => {
    const [lastA, lastB] = [levelOf(turns, a).last, levelOf(turns, b).last]
    return lastA < lastB || (lastA === lastB && a > b) ? a : b
  })
}

/** The turns after a priority has had `count` of them. `waiting`: all priorities that had runs waiting */
function afterTurns(turns: Turns, waiting: readonly number[], priority: number, count: number): Turns {
  const { high, others, levels } = turns
  if (waiting.every((one) => one === priority)) return turns
  if (waiting.every((one) => one <= priority)) return { ...turns, high: Math.min(NINE, high + count) }
  const level = { ...levelOf(turns, priority), last: others + 1 }
  return { high: 0, others: others + 1, levels: { ...levels, [priority]: level } }
}

const inOrder = (turns: Turns, heads: readonly Head[]): Head[] =>
  [...heads].sort((a, b) => {
    if (a.owner === b.owner) return a.tag - b.tag || a.number - b.number
    return startOf(turns, a) - startOf(turns, b) || (a.owner < b.owner ? -1 : 1)
  })

/** Chooses runs for servers, and remembers since when first runs are passed over. */
export interface Chooser {
  /** The run that a server takes, of those that fit it. `nowMs`: by a clock that never goes back */
  choose(turns: Turns, fitting: readonly Head[], asking: Asking, nowMs: number): Head | undefined
}

export function createChooser(): Chooser {
  const passedSince = new Map<string, number>()
  return {
    choose(turns, fitting, { loaded, isElsewhere = () => false }, nowMs) {
      if (fitting.length === 0) return undefined
      const priorities = fitting.map((head) => head.priority)
      const priority = priorityInTurn(turns, priorities)
      const all = inOrder(
        turns,
        fitting.filter((head) => head.priority === priority),
      )
      const first = all[0]!
      const firstTag = (owner: string): number => all.find((head) => head.owner === owner)!.tag
      const lagOf = (head: Head): number =>
        startOf(turns, head) - startOf(turns, first) + head.tag - firstTag(head.owner)
      const isLate = nowMs - (passedSince.get(first.id) ?? nowMs) >= PASSED_OVER_MS
      const near = isLate ? [first] : all.filter((head) => lagOf(head) <= Math.max(LAG_MS, 2 * first.cost))
      const taken =
        near.find(({ workflowId }) => workflowId === loaded) ??
        near.find(({ workflowId }) => !isElsewhere(workflowId)) ??
        first
      if (!passedSince.has(first.id)) passedSince.set(first.id, nowMs)
      passedSince.delete(taken.id)
      if (passedSince.size > fitting.length + 1_000) {
        const ids = new Set(fitting.map(({ id }) => id))
        for (const id of passedSince.keys()) if (!ids.has(id)) passedSince.delete(id)
      }
      return taken
    },
  }
}

const withOwner = (turns: Turns, { priority, owner }: Class, now: number, state: OwnerTurns): Turns => {
  const level = levelOf(turns, priority)
  const owners = { ...level.owners, [owner]: state }
  return { ...turns, levels: { ...turns.levels, [priority]: { ...level, now, owners } } }
}

/** The turns after a run was taken. `heads`: those that fit the server, with the run */
export function afterTake(turns: Turns, heads: readonly Head[], taken: Head, cost: number): Turns {
  const { owner, priority } = taken
  const level = heads.filter((head) => head.priority === priority)
  const tags = level.filter((head) => head.owner === owner).map(({ tag }) => tag)
  const now = Math.min(...level.map((head) => startOf(turns, head)))
  const after = withOwner(turns, taken, Math.max(now, levelOf(turns, priority).now), {
    finish: startOf(turns, taken) + cost,
    now: Math.max(nowOf(turns, taken), Math.min(...tags)),
  })
  const waiting = heads.map((head) => head.priority)
  return afterTurns(after, waiting, priority, 1)
}

/** The turns after an owner got less, or more, than was expected. */
export function afterCharge(turns: Turns, of: Class, ms: number): Turns {
  const level = levelOf(turns, of.priority)
  const before = level.owners[of.owner]
  return before ? withOwner(turns, of, level.now, { ...before, finish: before.finish + ms }) : turns
}

/** A class, how many of its runs wait, and how much GPU time such a run takes. */
export interface Waiters extends Class {
  readonly count: number
  readonly cost: number
}

/** How many runs of all classes come before the one with this rank in its own class, or `most`, if they are more. */
export function rankOf(
  turns: Turns,
  classes: readonly Waiters[],
  own: Waiters,
  rank: number,
  most: number = Infinity,
): number {
  const startAt = startOf(turns, own) + rank * own.cost
  let before = rank
  for (const one of classes) {
    if (one.priority !== own.priority || one.owner === own.owner) continue
    const count = (startAt - startOf(turns, one)) / Math.max(1, one.cost)
    before += Math.min(
      one.count,
      Math.max(0, one.owner < own.owner ? Math.floor(count) + 1 : Math.ceil(count)),
    )
  }
  const left = new Map<number, number>()
  for (const { priority, count } of classes) left.set(priority, (left.get(priority) ?? 0) + count)
  let place = 0
  for (let now = turns; left.size > 0 && place < most; ) {
    const waiting = [...left.keys()]
    const priority = priorityInTurn(now, waiting)
    const waits = left.get(priority)!
    const isHighest = waiting.every((one) => one <= priority)
    const count = waiting.length === 1 ? waits : isHighest ? Math.min(NINE - now.high, waits) : 1
    if (priority === own.priority) {
      if (before < count) return place + before
      before -= count
    }
    place += count
    now = afterTurns(now, waiting, priority, count)
    if (count < waits) left.set(priority, waits - count)
    else left.delete(priority)
  }
  return place
}
