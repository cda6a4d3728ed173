import type { Client, Run } from '../types.ts'
import { type GetRunsOptions, getRuns } from './getRuns.ts'

/**
 * Iterates over all runs, page by page. Each run comes once, also on servers without pages. It starts at
 * `page` (default 1). A page has 100 runs unless you set `pageSize`.
 *
 * @throws (during the iteration) the errors of {@link getRuns}.
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
        // A run without an id is known by its content, unless that is nested too deep for JSON.
        key ||= JSON.stringify(run)
      } catch {}
      if (seen.has(key)) continue
      seen.add(key)
      yield run
    }
    const { page: told, total_pages: last } = meta ?? {}
    // A page of known runs is the last one, unless new runs have moved the known ones and the server has more pages.
    const follows = told === page && page < (last as number)
    if (page === last || (seen.size === before && !follows)) return
  }
}
