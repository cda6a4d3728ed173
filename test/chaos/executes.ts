import * as index from '@flowscale/client'
import { createClient, getRuns } from '@flowscale/client'
import * as poller from '@flowscale/client/poller'
import { CANARY } from '../support/canary.ts'
import { type Call, executeCalls, groupOf, indexOf } from './lib/executeCalls.ts'
import {
  createTally,
  type Finding,
  keyLine,
  keysElsewhere,
  type Settings,
  type Tally,
  tooRare,
} from './lib/finding.ts'
import { createSpy } from './lib/guard.ts'
import { type HostileServer, type Report, type ServerOptions, startServer } from './lib/server.ts'

export async function executes({ seed, isLong }: Settings): Promise<Finding> {
  const server = await startServer(hostileToExecutes(seed))
  try {
    return await measure({ seed, isLong }, server)
  } finally {
    await server.stop()
  }
}

async function measure({ seed, isLong }: Settings, server: HostileServer): Promise<Finding> {
  const count = isLong ? 10_000 : 300
  const logger = createSpy()
  const calls = await executeCalls({ ...index, ...poller }, { url: server.url, seed, count }, logger)
  const report = await server.settled()
  const { ledger } = report
  const { failures, ends, known, started, twice, resent } = compareCalls(calls, report, seed)
  failures.push(...logger.leaks)
  const found = await findMaybes(server, calls, started)
  failures.push(...found.failures)
  if (isLong) failures.push(...tooRare(ledger.faults, ['executeWorkflow']))
  return {
    checks: count + ledger.runs.length + found.looked,
    failures,
    ledgers: [ledger],
    lines: [
      `${count} calls: ${ends.text()}`,
      `${ledger.runs.length} runs started, known ${known.text()}; started twice by one call: ${twice}; POSTs that Node sent again by itself: ${resent}`,
      `${found.looked} of those that were maybe submitted: looked for by getRuns, and found as the ledger has them`,
      keyLine(ledger, logger),
    ],
  }
}

interface Comparison {
  failures: string[]
  ends: Tally
  /** How the caller knows of the runs. */
  known: Tally
  /** The runs that were started for a call. */
  started: ReadonlyMap<number, readonly string[]>
  /** Calls that started more than one. */
  twice: number
  /** POSTs that came in although the client did not send them: the runtime did, by itself. */
  resent: number
}

/** What callers know beside what really happened. */
export function compareCalls(calls: readonly Call[], { ledger, submits }: Report, seed: number): Comparison {
  const failures: string[] = []
  const ends = createTally()
  const known = createTally()
  const started = new Map<number, string[]>()
  const say = (index: number, what: string): void =>
    void failures.push(`call ${index}, seed ${seed}: ${what}`)

  for (const { runId, groupId } of ledger.runs) {
    const index = indexOf(groupId)
    const { runIds, maybe, ownEnd } = calls[index]!
    started.set(index, [...(started.get(index) ?? []), runId])
    if (runIds.includes(runId)) known.add('by its id')
    else if (maybe) known.add('by maybeSubmitted')
    else if (ownEnd) known.add('lost to the caller’s own abort or error')
    else say(index, `run ${runId} was started, and the caller was not told`)
  }
  let twice = 0
  let resent = 0
  for (const [index, call] of calls.entries()) {
    if (call.end) ends.add(call.end)
    for (const what of call.wrongs) say(index, what)
    const runIds = started.get(index) ?? []
    for (const runId of new Set(call.runIds)) {
      if (!runIds.includes(runId)) say(index, `run ${runId} was never started`)
    }
    if (runIds.length > 1) {
      twice++
      say(index, `started ${runIds.length} runs`)
    }
    const more = (submits[index] ?? 0) - call.submits
    if (more > 0) {
      resent += more
      say(index, `its POST came in ${more} times more than the client sent it`)
    }
  }
  failures.push(...keysElsewhere(ledger))
  return { failures, ends, known, started, twice, resent }
}

const MOST = 100

/** Does what an error with `maybeSubmitted` says, with the server calm again: looks for the runs by their group. */
export async function findMaybes(
  server: HostileServer,
  calls: readonly Call[],
  started: Comparison['started'],
): Promise<{ looked: number; failures: string[] }> {
  await server.setChance(0)
  const client = createClient({ baseUrl: server.url, apiKey: CANARY })
  const maybes = [...calls.keys()].filter((index) => calls[index]!.maybe).slice(0, MOST)
  const failures: string[] = []
  for (const index of maybes) {
    const { data } = await getRuns(client, { groupId: groupOf(index) })
    const found = data.runs.map(({ _id }) => _id).sort()
    const wanted = [...(started.get(index) ?? [])].sort()
    if (String(found) !== String(wanted)) {
      failures.push(`call ${index}: getRuns found ${found}, not ${wanted}`)
    }
  }
  return { looked: maybes.length, failures }
}

/** A server that takes any number of calls at once, and plays a fault at most requests. */
export const hostileToExecutes = (seed: number): ServerOptions => ({
  apiKey: CANARY,
  seed,
  speed: Number.POSITIVE_INFINITY,
  containers: 100,
  maxRuns: 1_000_000,
  faults: { seed, chance: 0.6, operations: ['executeWorkflow', 'getRun', 'getOutput'] },
})
