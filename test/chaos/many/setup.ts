import { type Client, cancelRun, createClient, type Fetch, type Inputs } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { CANARY } from '../../support/canary.ts'
import { createRandom } from '../../support/random.ts'
import { inParallel, type Spy, within } from '../lib/guard.ts'
import type { HostileServer } from '../lib/server.ts'

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

/** How often single waits ask, when as many are begun as `executeMany` begins, and nothing goes wrong. */
export async function singleWaits(setup: Setup): Promise<number> {
  const { fetch, counts } = listOf(setup, false)
  const client = createClient({ baseUrl: setup.server.url, apiKey: CANARY, fetch })
  const waits: Promise<unknown>[] = []
  await inParallel(setup.count, AT_A_TIME, async (index) => {
    await new Promise<void>((resolve, reject) => {
      const inputs = inputsOf(setup, index, 'completed')
      const onSubmitted = (): void => resolve()
      const wait = executeWorkflowAsync(client, WORKFLOW, inputs, { groupId: 'single', onSubmitted })
      waits.push(wait)
      wait.catch(reject)
    })
  })
  await within(STUCK_MS, 'the single waits', Promise.all(waits))
  return counts.lists + counts.runs + counts.outputs
}

export interface UnsteadyList {
  fetch: Fetch
  /** What was asked for. */
  readonly counts: Record<'executes' | 'cancels' | 'lists' | 'runs' | 'outputs', number>
  /** How many runs were missing from lists, and how many were shown as they had been before. */
  readonly spoiled: { missing: number; backwards: number }
}

/** How often a list is hit, and how many of its runs. */
const CHANCE = 0.15
const PART = 0.03

/**
 * A fetch that counts. With `isUnsteady` some lists lack some of their runs, and some show runs as they were before: what
 * is paged while runs arrive, or read from a copy that is behind.
 */
function unsteadyList(seed: number, isUnsteady: boolean): UnsteadyList {
  const random = createRandom(seed, 'lists')
  const counts = { executes: 0, cancels: 0, lists: 0, runs: 0, outputs: 0 }
  const spoiled = { missing: 0, backwards: 0 }

  const kindOf = (url: string, method: string | undefined): keyof typeof counts => {
    const path = new URL(url).pathname.split('/').slice(4).join('/')
    if (method === 'POST') return path ? 'cancels' : 'executes'
    return path === '' ? 'lists' : path === 'output' ? 'outputs' : 'runs'
  }

  function spoil(text: string): string {
    const draw = random()
    if (draw > CHANCE) return text
    const envelope = JSON.parse(text)
    const runs: object[] = envelope.data.runs
    envelope.data.runs = runs.flatMap((run) => {
      if (random() > PART) return run
      if (draw < CHANCE / 2) {
        spoiled.missing++
        return []
      }
      spoiled.backwards++
      return { ...run, status: 'queued', outputs: [] }
    })
    return JSON.stringify(envelope)
  }

  return {
    counts,
    spoiled,
    async fetch(url, init) {
      const kind = kindOf(url, init.method)
      counts[kind]++
      const response = await globalThis.fetch(url, init)
      if (kind !== 'lists' || !isUnsteady || !response.ok) return response
      let text = await response.text()
      try {
        text = spoil(text)
      } catch {
        // A fault was first.
      }
      const { status, headers } = response
      return new Response(text || null, { status, headers })
    },
  }
}
