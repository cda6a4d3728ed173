// Pages of runs, and the runs that servers may take next, read from marks.
import type { RunsQuery } from '../engine.ts'
import type { Means } from './costs.ts'
import { toTurns } from './places.ts'
import { below, idIn, NEVER, scopeOf } from './runs.ts'
import type { Found, Store } from './store.ts'
import { type Head, type Turns, UNKNOWN_COST_MS } from './turns.ts'

/** The ids of a page. Runs without the time to sort by come last in either order. */
export async function listRuns(
  store: Store,
  { groupId, owner, sortBy, sortOrder, offset, limit }: RunsQuery,
): Promise<{ ids: string[]; total: number }> {
  const list = { created_at: 'created', started_at: 'started', completed_at: 'ended' }[sortBy]
  const prefix = `i/${list}/${scopeOf(owner, groupId)}/`
  const all = below(prefix)
  if (sortOrder === 'asc') {
    const [total, marks] = await Promise.all([store.count(all), store.range(all, { offset, limit })])
    return { ids: marks.map(idIn), total }
  }
  const known = { from: prefix, to: prefix + NEVER }
  const none = { from: prefix + NEVER, to: all.to }
  const [total, count] = await Promise.all([store.count(all), store.count(known)])
  const isReverse = true
  const first = offset < count ? await store.range(known, { offset, limit, isReverse }) : []
  const left = limit - first.length
  const skip = Math.max(0, offset - count)
  const rest =
    left > 0 && count < total ? await store.range(none, { offset: skip, limit: left, isReverse }) : []
  return { ids: [...first, ...rest].map(idIn), total }
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
  const known: Means = JSON.parse(means!.text ?? '{}')
  const heads = marks.map((mark) => toHead(mark, known))
  return { turns: toTurns(turns), heads, paused: toPaused(paused) }
}

/** The record with the names of paused servers. */
export const PAUSED = 'paused'
export const toPaused = (found: Found | undefined): readonly string[] => JSON.parse(found?.text ?? '[]')

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
