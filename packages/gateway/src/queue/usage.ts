// Reads the counts of runs that have ended, which endRun.ts writes.
import type { UsagePage, UsageQuery, UsageRow } from '../engine.ts'
import type { Usage } from './endRun.ts'
import { dayOf, encode } from './runs.ts'
import type { Range, Store } from './store.ts'

const DAY_MS = 86_400_000

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
  const counts = await Promise.all(ranges.map((range) => store.count(range)))
  const marks: string[] = []
  let skip = offset
  for (const [at, range] of ranges.entries()) {
    if (skip < counts[at]! && marks.length < limit)
      marks.push(...(await store.range(range, { offset: skip, limit: limit - marks.length })))
    skip = Math.max(0, skip - counts[at]!)
  }
  const found = await store.read(marks.map((mark) => `usage/${mark.slice(2)}`))
  const rows = marks.map((mark, at): UsageRow => {
    const [, day = '', ...names] = mark.split('/')
    const [name = '', workflowId = ''] = names.map(decodeURIComponent)
    const usage: Usage = JSON.parse(found[at]!.text ?? '{}')
    const { completed = 0, failed = 0, cancelled = 0, gpuMs = 0 } = usage
    return { day, owner: name || undefined, workflowId, completed, failed, cancelled, gpuMs }
  })
  return { rows, total: counts.reduce((sum, count) => sum + count, 0) }
}
