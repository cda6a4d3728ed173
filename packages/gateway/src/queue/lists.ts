// Reads lists from marks: pages of runs and of usage, and the runs that servers may take next.
import { dayOf, type RunsQuery, type UsagePage, type UsageQuery, type UsageRow } from '../engine.ts'
import type { Means } from './costs.ts'
import type { Usage } from './endRun.ts'
import { below, DAY_MS, encode, idIn, NEVER, scopeOf } from './runs.ts'
import { parse, type Range, type Store } from './store.ts'
import { type Head, NO_TURNS, type Turns, UNKNOWN_COST_MS } from './turns.ts'

/** The ids of a page. Runs without the time to sort by come last in either order. */
export async function listRuns(
  store: Store,
  { groupId, owner, sortBy, sortOrder, offset, limit }: RunsQuery,
): Promise<{ ids: string[]; total: number }> {
  const list = { created_at: 'created', started_at: 'started', completed_at: 'ended' }[sortBy]
  const { from, to } = below(`i/${list}/${scopeOf(owner, groupId)}/`)
  const never = from + NEVER
  const isReverse = sortOrder === 'desc'
  // Runs without such a time come last in both orders.
  const ranges = isReverse
    ? [
        { from, to: never },
        { from: never, to },
      ]
    : [{ from, to }]
  const { marks, total } = await readPage(store, ranges, { offset, limit, isReverse })
  return { ids: marks.map(idIn), total }
}

/** Reads a page of the marks of several ranges, one range after another, and how many marks there are in all. */
async function readPage(
  store: Store,
  ranges: readonly Range[],
  { offset, limit, isReverse }: { offset: number; limit: number; isReverse: boolean },
): Promise<{ marks: readonly string[]; total: number }> {
  const counts = await Promise.all(ranges.map((range) => store.count(range)))
  const marks: string[] = []
  let skip = offset
  for (const [at, range] of ranges.entries()) {
    if (skip < counts[at]! && marks.length < limit)
      marks.push(...(await store.range(range, { offset: skip, limit: limit - marks.length, isReverse })))
    skip = Math.max(0, skip - counts[at]!)
  }
  return { marks, total: counts.reduce((sum, count) => sum + count, 0) }
}

/** Reads the counts of runs that have ended, which `endRun.ts` writes. */
export async function readUsage(
  store: Store,
  { from, to, owner, offset, limit }: UsageQuery,
): Promise<UsagePage> {
  // `0` is the character after `/`. All rows of a time are neighbours, and those of an owner on one day.
  const ranges: Range[] = owner === undefined ? [{ from: `u/${from}/`, to: `u/${to}0` }] : []
  for (let at = Date.parse(from); owner !== undefined && at <= Date.parse(to); at += DAY_MS) {
    const start = `u/${dayOf(at)}/${encode(owner)}`
    ranges.push({ from: `${start}/`, to: `${start}0` })
  }
  const { marks, total } = await readPage(store, ranges, { offset, limit, isReverse: false })
  const found = await store.read(marks.map((mark) => `usage/${mark.slice(2)}`))
  const rows = marks.map((mark, at): UsageRow => {
    const [, day = '', ...names] = mark.split('/')
    const [name = '', workflowId = ''] = names.map(decodeURIComponent)
    const { completed = 0, failed = 0, cancelled = 0, gpuMs = 0 } = parse<Usage>(found[at]) ?? {}
    return { day, owner: name || undefined, workflowId, completed, failed, cancelled, gpuMs }
  })
  return { rows, total }
}

/** The facts about waiting runs that decide about turns. */
export interface Waiting {
  readonly turns: Turns
  readonly heads: readonly Head[]
  /** The names of the servers that take no runs. */
  readonly paused: readonly string[]
}

/** Reads the first waiting runs, one for each combination of class, needs and workflow. */
export async function readWaiting(store: Store): Promise<Waiting> {
  const [marks, [turns, means, paused]] = await Promise.all([
    store.heads('w/'),
    store.read(['turns', 'means', PAUSED]),
  ])
  const known = parse<Means>(means) ?? {}
  const heads = marks.map((mark) => toHead(mark, known))
  return { turns: parse(turns) ?? NO_TURNS, heads, paused: parse(paused) ?? [] }
}

/** The record with the names of paused servers. */
export const PAUSED = 'paused'

/** `w/LEVEL:OWNER:NEEDS:WORKFLOW/TAG.NUMBER/CALLER/ID` */
function toHead(mark: string, means: Means): Head {
  const [, group = '', order = '', caller = '', id = ''] = mark.split('/')
  const [level = '', owner = '', needs = '', workflowId = ''] = group.split(':').map(decode)
  const [tag = 0, number = 0] = order.split('.').map(Number)
  const cost = means[workflowId]?.ms ?? UNKNOWN_COST_MS
  return { id, caller, owner, needs, workflowId, tag, number, priority: 9 - Number(level), cost }
}

/** Decodes only names with a `%`: there may be thousands, and most have none. */
const decode = (name: string): string => (name.includes('%') ? decodeURIComponent(name) : name)
