// Decides whose turn it is, by start-time fair queueing: each caller gets the same GPU time, whatever its runs cost.
// A run gets its tag, an amount of GPU time, when it is submitted, so that its place is its rank. Priorities take turns first,
// then the owners of a priority, then the callers of an owner. No store is used here: a simulation plays these rules, too.

/** The expected GPU time of a run of an unknown workflow, in ms. */
export const UNKNOWN_COST_MS = 5_000
/** How long a run may be passed over, in favor of a run whose model is loaded. */
const PASSED_OVER_MS = 10_000
/** How much later that other run's tag may be, or twice the cost of the first run, if this is more. Each limit alone fails. */
const LAG_MS = 60_000
/** How many turns the highest waiting priority has before another one has a turn. */
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
  /** The GPU time that each waiting owner has had. */
  readonly now: number
  /** The value of `others` after its last turn as one of the others. The priority with the lowest value is next. */
  readonly last: number
  readonly owners: Readonly<Record<string, OwnerTurns>>
}

/** The turns of an owner in a priority. */
interface OwnerTurns {
  /** When its next turn is. */
  readonly finish: number
  /** The GPU time that each of its waiting callers has had. */
  readonly now: number
}

export const NO_TURNS: Turns = { high: 0, others: 0, levels: {} }
const NO_LEVEL: LevelTurns = { now: 0, last: 0, owners: {} }

/** Runs that wait in one class: a priority and an owner. */
export interface Class {
  readonly priority: number
  readonly owner: string
}

/** The first waiting run of a class with these needs and this workflow. */
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

/** The facts about a server with a free place. */
interface Asking {
  /** The workflow whose models it has loaded. */
  readonly loaded: string | undefined
  /** Whether another server has the models of a workflow loaded: such runs wait for that server, while they may. */
  readonly isElsewhere?: ((workflowId: string) => boolean) | undefined
}

const levelOf = (turns: Turns, priority: number): LevelTurns => turns.levels[priority] ?? NO_LEVEL

/** When the next turn of an owner is. */
function startOf(turns: Turns, { priority, owner }: Class): number {
  const { now, owners } = levelOf(turns, priority)
  return Math.max(owners[owner]?.finish ?? 0, now)
}

/** The GPU time that each waiting caller of the class has had. */
export const nowOf = (turns: Turns, { priority, owner }: Class): number =>
  levelOf(turns, priority).owners[owner]?.now ?? 0

/** The waiting priority whose turn it is. */
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
export type Chooser = ReturnType<typeof createChooser>

export function createChooser() {
  const passedSince = new Map<string, number>()
  return {
    /** The run that a server takes. `fitting`: the first runs that fit it. `nowMs`: by a clock that never goes back */
    choose(turns: Turns, fitting: readonly Head[], asking: Asking, nowMs: number): Head | undefined {
      const { loaded, isElsewhere = () => false } = asking
      if (fitting.length === 0) return undefined
      const priorities = fitting.map((head) => head.priority)
      const priority = priorityInTurn(turns, priorities)
      const inTurn = fitting.filter((head) => head.priority === priority)
      const all = inOrder(turns, inTurn)
      const first = all[0]!
      const firstTags = new Map<string, number>()
      for (const { owner, tag } of all) if (!firstTags.has(owner)) firstTags.set(owner, tag)
      const lagOf = (head: Head): number =>
        startOf(turns, head) - startOf(turns, first) + head.tag - firstTags.get(head.owner)!
      const isLate = nowMs - (passedSince.get(first.id) ?? nowMs) >= PASSED_OVER_MS
      const near = isLate ? [first] : all.filter((head) => lagOf(head) <= Math.max(LAG_MS, 2 * first.cost))
      // Another server can go on with its models.
      const isSpare = loaded !== undefined && isElsewhere(loaded)
      const taken =
        near.find(({ workflowId: id }) => id === loaded || (isSpare && !isElsewhere(id))) ??
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

/** The turns after a run was taken. `heads`: the first runs that fit the server, with the taken one */
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

/** The turns after an owner used `ms` more GPU time than was charged, or less if `ms` is negative. */
export function afterCharge(turns: Turns, of: Class, ms: number): Turns {
  const level = levelOf(turns, of.priority)
  const before = level.owners[of.owner]
  return before ? withOwner(turns, of, level.now, { ...before, finish: before.finish + ms }) : turns
}

/** The turns after so many rounds. In a round, each of these priorities has one turn. */
function afterRounds(turns: Turns, others: readonly number[], rounds: number): Turns {
  const lastOf = (priority: number): number => levelOf(turns, priority).last
  const order = [...others].sort((a, b) => lastOf(a) - lastOf(b) || b - a)
  const end = turns.others + rounds * others.length
  const levels = { ...turns.levels }
  for (const [at, priority] of order.entries())
    levels[priority] = { ...levelOf(turns, priority), last: end - others.length + at + 1 }
  return { high: 0, others: end, levels }
}

/** A class, how many of its runs wait, and how much GPU time such a run takes. */
export interface Waiters extends Class {
  readonly count: number
  readonly cost: number
}

/** Counts the runs of all classes before the run with this rank in its own class, up to `most`. */
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
    const highest = Math.max(...waiting)
    const others = waiting.filter((one) => one < highest)
    // In a round, each other priority has a turn. Whole rounds are passed at once: a long queue has thousands.
    const turnsOf = (one: number): number => (one === highest ? NINE * others.length : 1)
    const limits = [
      ...waiting.map((one) => (left.get(one)! - 1) / turnsOf(one)),
      before / turnsOf(own.priority),
      (most - place) / ((NINE + 1) * others.length),
    ]
    const rounds = Math.floor(Math.min(...limits))
    if (rounds > 0 && now.high === 0 && others.length > 0) {
      for (const one of waiting) left.set(one, left.get(one)! - rounds * turnsOf(one))
      before -= rounds * turnsOf(own.priority)
      place += rounds * (NINE + 1) * others.length
      now = afterRounds(now, others, rounds)
      continue
    }
    const priority = priorityInTurn(now, waiting)
    const waits = left.get(priority)!
    const inRow = priority === highest ? NINE - now.high : 1
    const count = others.length === 0 ? waits : Math.min(inRow, waits)
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
