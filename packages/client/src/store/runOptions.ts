import { getRun } from '../api/getRun.ts'
import { check, isId } from '../internal/options.ts'
import { transient } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import { isEnded } from '../run.ts'
import type { Client, Run } from '../types.ts'

/** The options for `useQuery` of TanStack Query that concern a run. */
export interface RunQuery {
  readonly queryKey: readonly ['flowscale', string, 'run', string]
  readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<Run>
  /** 1000 (ms) while the run goes on. `false` after its end, and after an error that another request would get, too. */
  readonly refetchInterval: (query: {
    readonly state: { readonly data?: Run | undefined; readonly error?: Error | null }
  }) => number | false
  /** The client itself retries requests. */
  readonly retry: false
}

/**
 * Gives the options of a query for TanStack Query 5, which polls a run until it has ended: `useQuery(runOptions(client,
 * runId))`. You can add other options.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if the id is illegal. The query fails like {@link getRun}.
 *
 * @example
 * ```ts
 * const { queryKey, queryFn } = runOptions(client, runId)
 * const run = await queryFn({ signal: AbortSignal.timeout(10_000) })
 * console.log(queryKey, run.status)
 * ```
 */
export function runOptions(client: Client, runId: string): RunQuery {
  reveal(client)
  check('runId', runId, isId)
  return {
    queryKey: ['flowscale', client.baseUrl, 'run', runId],
    queryFn: async ({ signal }) => (await getRun(client, runId, { signal })).data,
    refetchInterval({ state: { data, error } }) {
      const isFinal = error != null && !transient.includes((error as Error & { status: number }).status)
      return isFinal || isEnded(data?.status) ? false : 1000
    },
    retry: false,
  }
}
