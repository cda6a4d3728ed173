// Computes places in the queue: how many unended runs come before a run, and the first runs of the line.
import { below, classOf, type Entry, idIn, isLive, orderOf, readableRun, runKey } from './runs.ts'
import { readOne, type Store } from './store.ts'
import { NO_TURNS, rankOf, type Turns, UNKNOWN_COST_MS, type Waiters } from './turns.ts'

/** Calls at the same moment share their reads. */
export function createPlaces(store: Store): (entry: Entry) => Promise<number> {
  let reading: Promise<[number, Turns, Waiters[]]> | undefined
  const readShared = () =>
    (reading ??= Promise.all([store.count(below('h/')), readTurns(store), readClasses(store)]).finally(
      () => (reading = undefined),
    ))
  /** The runs that calls of this moment ask for, by class. */
  const asked = new Map<string, { orders: string[]; ranks: Promise<ReadonlyMap<string, number>> }>()

  async function readRank(prefix: string, order: string): Promise<number> {
    let batch = asked.get(prefix)
    if (!batch) {
      const orders: string[] = []
      const ranks = Promise.resolve().then(() => {
        asked.delete(prefix)
        return readRanks(store, prefix, orders)
      })
      batch = { orders, ranks }
      asked.set(prefix, batch)
    }
    batch.orders.push(order)
    return (await batch.ranks).get(order)!
  }

  return async (entry) => {
    // A run that a server has comes before all that wait: only sent runs are ahead.
    if (entry.server !== undefined) return await store.count(below('s/'))
    const { owner = '', priority = 0 } = entry
    const [[held, turns, classes], rank] = await Promise.all([
      readShared(),
      readRank(`t/${classOf(entry)}/`, orderOf(entry)),
    ])
    const own = classes.find((one) => one.priority === priority && one.owner === owner)
    return held + (own && classes.length > 1 ? rankOf(turns, classes, own, rank) : rank)
  }
}

/** The most marks that are read together. */
const NEAR = 1_000

/** How many runs of a class come before each of these. */
async function readRanks(
  store: Store,
  prefix: string,
  orders: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const marks = [...new Set(orders)].sort().map((order) => prefix + order)
  const [first, last] = [marks[0]!, marks.at(-1)!]
  const rankOne = (to: string): Promise<number> => store.count({ from: prefix, to })
  const [before, between] = await Promise.all([
    rankOne(first),
    first === last ? [] : store.range({ from: first, to: last }, { limit: NEAR }),
  ])
  const ranks = new Map<string, number>()
  let at = 0
  for (const mark of marks) {
    while (at < between.length && between[at]! < mark) at++
    const isFar = at === NEAR
    ranks.set(mark.slice(prefix.length), isFar ? await rankOne(mark) : before + at)
  }
  return ranks
}

const readTurns = async (store: Store): Promise<Turns> => (await readOne(store, 'turns')) ?? NO_TURNS

/** All classes of runs that wait. */
async function readClasses(store: Store): Promise<Waiters[]> {
  const first = await store.heads('t/')
  if (first.length === 0) return []
  const records = await store.read(first.map((mark) => runKey(idIn(mark))))
  return await Promise.all(
    first.map(async (mark, at) => {
      const name = mark.split('/', 2)[1]!
      const [level, owner] = name.split(':')
      const record = readableRun(records[at])
      const cost = isLive(record) ? record.cost : UNKNOWN_COST_MS
      const count = await store.count(below(`t/${name}/`))
      return { count, cost, priority: 9 - Number(level), owner: decodeURIComponent(owner!) }
    }),
  )
}

/** How many runs wait, and the numbers, ids and owners of the first ones. */
export interface Line {
  readonly count: number
  readonly first: readonly (readonly [number, string, owner?: string | undefined])[]
}

export async function readLine(store: Store, limit: number): Promise<Line> {
  const [turns, classes] = await Promise.all([readTurns(store), readClasses(store)])
  const parts = await Promise.all(
    classes.map(async (own) => {
      const ranks: number[] = []
      while (ranks.length < Math.min(own.count, limit)) {
        const rank = rankOf(turns, classes, own, ranks.length, limit)
        if (rank >= limit) break
        ranks.push(rank)
      }
      const marks = await store.range(below(`t/${classOf(own)}/`), { limit: ranks.length })
      return marks.map((mark, at) => {
        const [, number] = mark.split('/')[2]!.split('.')
        return [ranks[at]!, Number(number), idIn(mark), own.owner || undefined] as const
      })
    }),
  )
  const all = parts.flat().sort((a, b) => a[0] - b[0])
  return {
    count: classes.reduce((sum, { count }) => sum + count, 0),
    first: all.map(([, ...entry]) => entry),
  }
}
