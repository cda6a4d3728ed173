import { type Client, cancelRun, createClient, type Inputs } from '@flowscale/client'
import { CANARY } from '../../support/canary.ts'
import { createRandom } from '../../support/random.ts'
import { inParallel } from '../lib/guard.ts'
import type { HostileServer } from '../lib/server.ts'
import type { Spy } from '../lib/spy.ts'
import { type UnsteadyList, unsteadyList } from './unsteadyList.ts'

/** What each of the many is run with. */
export interface Setup {
  server: HostileServer
  seed: number
  count: number
  logger: Spy
  failures: string[]
}

export type End = 'completed' | 'failed' | 'cancelled' | 'never'

export const WORKFLOW = 'qu1ck'
export const AT_A_TIME = 25
/** After so long something must be stuck, in ms. */
export const STUCK_MS = 180_000

/** With `isHostile` some requests hang; else none is to reach its time limit, on the slowest machine. */
export function clientOf({ server, logger }: Setup, list: UnsteadyList, isHostile: boolean): Client {
  return createClient({
    baseUrl: server.url,
    apiKey: CANARY,
    fetch: list.fetch,
    timeoutMs: isHostile ? 1000 : 60_000,
    retryDelayMs: 5,
    logger,
  })
}

/** By a client that has no part in it. */
export async function cancelRuns(setup: Setup, runIds: readonly string[]): Promise<void> {
  await inParallel(runIds.length, 4, async (at) => {
    await cancelRun(calmClient(setup), runIds[at]!)
  })
}

/** For what is looked at when the trouble is over. */
export const calmClient = ({ server }: Setup): Client =>
  createClient({ baseUrl: server.url, apiKey: CANARY, timeoutMs: 60_000 })

export const listOf = ({ seed }: Setup, isUnsteady: boolean): UnsteadyList => unsteadyList(seed, isUnsteady)

/** The inputs of a run, which tell how and when it ends. */
export function inputsOf({ seed, count }: Setup, index: number, end: End): Inputs {
  const random = createRandom(seed, `item ${index}`)
  // A hundred run at a time.
  const ms = (count > 100 ? 300 : 100) + random() * 600
  return { text: `item ${index}`, ms, end: end === 'cancelled' ? 'never' : end }
}

/** How a run is to end: most of them well. Those that never do are the last, so that none is queued behind them. */
export function endOf({ seed, count }: Setup, index: number): End {
  const draw = createRandom(seed, `end ${index}`)()
  if (index >= count * 0.94) return 'never'
  return draw < 0.92 ? 'completed' : draw < 0.96 ? 'failed' : 'cancelled'
}
