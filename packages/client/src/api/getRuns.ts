import { checkOptions, isFrom1, isId, type Rule, requestRules } from '../internal/options.ts'
import { request, withQuery } from '../internal/request.ts'
import { asText, isObject } from '../internal/values.ts'
import { isDone, readRun } from '../run.ts'
import type { Client, Envelope, RequestOptions, Run, RunList } from '../types.ts'

/** Options of {@link getRuns} and {@link iterateRuns}. Servers without pages use `groupId` only. */
export interface GetRunsOptions extends RequestOptions {
  /** The group whose runs are listed. Default: all runs of the team. */
  groupId?: string | undefined
  /** The time to sort by. The server's default: `created_at`. */
  sortBy?: 'created_at' | 'started_at' | 'completed_at' | undefined
  /** The order. The server's default: `desc`. */
  sortOrder?: 'asc' | 'desc' | undefined
  /** The number of the page, from 1. */
  page?: number | undefined
  /** The runs of a page, 1 to 100. The server's default: 10. */
  pageSize?: number | undefined
}

const oneOf = (value: string, words: string[]) => words.includes(value) || `one of ${words}`
const rules: Record<string, Rule> = {
  groupId: isId,
  sortBy: (value) => oneOf(value, ['created_at', 'started_at', 'completed_at']),
  sortOrder: (value) => oneOf(value, ['asc', 'desc']),
  page: isFrom1,
  pageSize: (value) => (isFrom1(value) === true && value <= 100) || 'a whole number from 1 to 100',
}

/**
 * Lists a page of runs, or all runs if the server has no pages. {@link iterateRuns} reads all pages.
 *
 * @throws {@link ArgumentError}, {@link NetworkError}, {@link TimeoutError}, {@link HttpError},
 * {@link ValidationError} (some servers require a `groupId`), {@link RedirectError}, {@link ResponseError}
 *
 * @example
 * ```ts
 * const { data } = await getRuns(client, { groupId: 'test_group', sortOrder: 'desc' })
 * console.log(data.count, data.runs.map((run) => run.status))
 * ```
 */
export async function getRuns(client: Client, options: GetRunsOptions = {}): Promise<Envelope<RunList>> {
  checkOptions(options, { ...requestRules, ...rules })
  const { groupId, sortBy, sortOrder, page, pageSize, ...rest } = options
  const query = { group_id: groupId, sort_by: sortBy, sort_order: sortOrder, page, page_size: pageSize }
  return request(client, withQuery('runs', query), {
    options: rest,
    parseData: (data, { meta }, headers) => {
      const list: Record<string, unknown> = isObject(data) ? data : { runs: data }
      const { runs } = list
      if (!Array.isArray(runs)) return undefined
      const count = list.count ?? meta?.total_count
      return {
        ...list,
        group_id: asText(list.group_id, meta?.group_id, groupId) || null,
        count: typeof count === 'number' ? count : runs.length,
        runs: runs.map((run) => readRun(run, headers)),
      }
    },
  })
}

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
        // The content identifies a run without an id, unless it is nested too deep for JSON.
        key ||= JSON.stringify(run)
      } catch {}
      if (seen.has(key)) continue
      seen.add(key)
      yield run
    }
    const { page: told, total_pages: last } = meta ?? {}
    // A page without new runs is the last page, unless the server says that more follow: runs that were started meanwhile
    // have moved known runs to this page.
    const follows = told === page && page < (last as number)
    if (page === last || (seen.size === before && !follows)) return
  }
}

/**
 * A page of the newest runs, for a batch of waits. `isWhole` means that the list has the whole run: some servers list runs
 * without their outputs.
 */
export function readPage(
  client: Client,
  groupId: string | undefined,
  page: number,
  signal: AbortSignal,
): Promise<Envelope<{ run: Run; isWhole: boolean }[]>> {
  const query = { group_id: groupId, sort_by: 'created_at', sort_order: 'desc', page, page_size: 100 }
  return request(client, withQuery('runs', query), {
    options: { signal },
    parseData: (data, _, headers) => {
      const runs: unknown = isObject(data) ? data.runs : data
      if (!Array.isArray(runs)) return undefined
      return runs.map((item) => {
        const run = readRun(item, headers)
        return { run, isWhole: !!run.status && !(isDone(run.status) && !Object(item).outputs) }
      })
    },
  })
}
