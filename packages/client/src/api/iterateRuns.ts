import type { Client, Run } from '../types.ts'
import { type GetRunsOptions, getRuns } from './getRuns.ts'

/**
 * Iterates over all runs, page after page, each run once, also on servers that know no pages. Starts at
 * `page` (default 1), and asks for 100 runs at a time unless `pageSize` says otherwise.
 *
 * @throws (from the iteration) what {@link getRuns} throws.
 *
 * @example
 * ```ts
 * for await (const run of iterateRuns(client, { groupId: 'test_group' })) console.log(run._id, run.status)
 * ```
 */
export async function* iterateRuns(
  client: Client,
  options: GetRunsOptions = {},
): AsyncGenerator<Run, void, undefined> {
  const seen = new Set<string>()
  for (let page = options?.page ?? 1; ; page++) {
    const { data, meta } = await getRuns(client, options && { pageSize: 100, ...options, page })
    const before = seen.size
    for (const run of data.runs) {
      let key = run._id
      try {
        // A run without an id is known by what it says, unless that is nested too deep for JSON.
        key ||= JSON.stringify(run)
      } catch {}
      if (seen.has(key)) continue
      seen.add(key)
      yield run
    }
    const { page: told, total_pages: last } = meta ?? {}
    // Nothing new: the end, unless new runs have pushed known ones there, and the server tells that more pages follow.
    const follows = told === page && page < (last as number)
    if (page === last || (seen.size === before && !follows)) return
  }
}
