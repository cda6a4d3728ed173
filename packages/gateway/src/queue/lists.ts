import type { RunsQuery } from '../engine.ts'
import type { Means } from './costs.ts'
import type { Entry, Waiting } from './runQueue.ts'
import { below, classOf, idIn, isLive, NEVER, placeOf, readableRun, runKey, scopeOf } from './runs.ts'
import type { Found, Store } from './store.ts'
import { type Head, NO_TURNS, rankOf, type Turns, UNKNOWN_COST_MS, type Waiters } from './turns.ts'

/** The ids of a page. Runs without the time in question come last in either order. */
export async function listRuns(
  store: Store,
  { groupId, sortBy, sortOrder, offset, limit }: RunsQuery,
): Promise<{ ids: string[]; total: number }> {
  const list = { created_at: 'created', started_at: 'started', completed_at: 'ended' }[sortBy]
  const prefix = `i/${list}/${scopeOf(undefined, groupId)}/`
  const all = below(prefix)
  if (sortOrder === 'asc') {
    const [total, marks] = await Promise.all([store.count(all), store.range(all, { offset, limit })])
    return { ids: marks.map(idIn), total }
  }
  const [known, none] = [
    { from: prefix, to: prefix + NEVER },
    { from: prefix + NEVER, to: all.to },
  ]
  const [total, count] = await Promise.all([store.count(all), store.count(known)])
  const isReverse = true
  const first = offset < count ? await store.range(known, { offset, limit, isReverse }) : []
  const left = limit - first.length
  const skip = Math.max(0, offset - count)
  const rest =
    left > 0 && count < total ? await store.range(none, { offset: skip, limit: left, isReverse }) : []
  return { ids: [...first, ...rest].map(idIn), total }
}

interface NamedClass extends Waiters {
  readonly name: string
}

/** All classes of runs that wait. */
async function readClasses(store: Store): Promise<NamedClass[]> {
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
      return { name, count, cost, priority: 9 - Number(level), owner: decodeURIComponent(owner!) }
    }),
  )
}

const toTurns = (found: Found | undefined): Turns =>
  found?.text === undefined ? NO_TURNS : JSON.parse(found.text)

/** The first runs of those that wait, by what they need. */
export async function readWaiting(store: Store): Promise<Waiting> {
  const [marks, [turns, means]] = await Promise.all([store.heads('w/'), store.read(['turns', 'means'])])
  const known: Means = JSON.parse(means!.text ?? '{}')
  return { turns: toTurns(turns), heads: marks.map((mark) => toHead(mark, known)) }
}

/** `w/LEVEL:OWNER:NEEDS:WORKFLOW/TAG.NUMBER/CALLER/ID` */
function toHead(mark: string, means: Means): Head {
  const [, group = '', place = '', caller = '', id = ''] = mark.split('/')
  const [level, owner, needs, workflow] = group.split(':').map(decodeURIComponent)
  const [tag, number] = place.split('.').map(Number)
  return {
    ...{ id, caller, owner: owner!, needs: needs!, workflowId: workflow!, tag: tag!, number: number! },
    priority: 9 - Number(level),
    cost: means[workflow!]?.ms ?? UNKNOWN_COST_MS,
  }
}

/** Places that are so close to each other are read together. */
const NEAR = 1_000

/** How many marks come before each of these places. */
async function readRanks(
  store: Store,
  prefix: string,
  places: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const marks = [...new Set(places)].sort().map((place) => prefix + place)
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

/** Counts the runs that have not ended and come before one. The runs of a page share what has to be read. */
export function createPlaces(store: Store): (entry: Entry) => Promise<number> {
  let reading: Promise<[number, readonly Found[], NamedClass[]]> | undefined
  const readShared = () =>
    (reading ??= Promise.all([store.count(below('h/')), store.read(['turns']), readClasses(store)]).finally(
      () => (reading = undefined),
    ))
  /** By class, the places that are asked for at this moment. */
  const asked = new Map<string, { places: string[]; ranks: Promise<ReadonlyMap<string, number>> }>()

  async function readRank(prefix: string, place: string): Promise<number> {
    let batch = asked.get(prefix)
    if (!batch) {
      const places: string[] = []
      const ranks = Promise.resolve().then(() => {
        asked.delete(prefix)
        return readRanks(store, prefix, places)
      })
      batch = { places, ranks }
      asked.set(prefix, batch)
    }
    batch.places.push(place)
    return (await batch.ranks).get(place)!
  }

  return async (entry) => {
    // Those that servers have come before all others.
    if (entry.server !== undefined) return await store.count(below('s/'))
    const { owner = '', priority = 0 } = entry
    const [[held, [found], classes], rank] = await Promise.all([
      readShared(),
      readRank(`t/${classOf(entry)}/`, placeOf(entry)),
    ])
    const own = classes.find((one) => one.priority === priority && one.owner === owner)
    return held + (own && classes.length > 1 ? rankOf(toTurns(found), classes, own, rank) : rank)
  }
}

/** How many runs wait, and the first ones. */
export async function readLine(
  store: Store,
  limit: number,
): Promise<{ count: number; first: (readonly [number, string])[] }> {
  const [[found], classes] = await Promise.all([store.read(['turns']), readClasses(store)])
  const turns = toTurns(found)
  const parts = await Promise.all(
    classes.map(async (own) => {
      const ranks: number[] = []
      while (ranks.length < Math.min(own.count, limit)) {
        const rank = rankOf(turns, classes, own, ranks.length, limit)
        if (rank >= limit) break
        ranks.push(rank)
      }
      const marks = await store.range(below(`t/${own.name}/`), { limit: ranks.length })
      return marks.map(
        (mark, at) => [ranks[at]!, Number(mark.split('/')[2]!.split('.')[1]), idIn(mark)] as const,
      )
    }),
  )
  const all = parts.flat().sort((a, b) => a[0] - b[0])
  return {
    count: classes.reduce((sum, { count }) => sum + count, 0),
    first: all.map(([, number, id]) => [number, id] as const),
  }
}
