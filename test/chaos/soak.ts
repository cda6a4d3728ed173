import { FAULT_KINDS } from '../../packages/emulator/src/faults/table.ts'
import { CANARY } from '../support/canary.ts'
import { type Finding, keysElsewhere, type Settings } from './lib/finding.ts'
import { within } from './lib/guard.ts'
import { type HostileServer, startChild, startServer } from './lib/server.ts'

/** Those that hold a run up for seconds would leave most of the time to waiting. */
const MILD = FAULT_KINDS.filter((kind) => !/^(hang-|drip|http-429-(year|absurd))/.test(kind))
/** How long it may take before it ends with what it has. */
const LIMIT_MS = 240_000

/** What the process that soaks tells in the end. */
export interface Soaked {
  asked: number
  seconds: number
  /** Calls that were right, by their end. */
  ends: Record<string, number>
  /** After each tenth, with nothing under way and after garbage was collected. */
  tenths: { heap: number; sockets: number; timers: number; listeners: number }[]
  failures: string[]
}

export interface SoakOrders {
  url: string
  runs: number
  limitMs: number
}

export async function soak({ seed, isLong }: Settings): Promise<Finding> {
  const server = await startServer({
    apiKey: CANARY,
    seed,
    speed: Number.POSITIVE_INFINITY,
    containers: 100,
    maxRuns: 2000,
    faults: { seed, chance: 0.02, kinds: MILD, operations: ['executeWorkflow', 'getRun', 'getOutput'] },
  })
  // A process that does nothing else, so that its heap is all the client's.
  const child = startChild('soakChild', '--expose-gc')
  try {
    const orders: SoakOrders = { url: server.url, runs: isLong ? 50_000 : 500, limitMs: LIMIT_MS }
    const soaked = await within(LIMIT_MS * 1.5, 'soak', child.ask(orders))
    return await judge(seed, soaked, orders, server)
  } finally {
    await child.stop()
    await server.stop()
  }
}

async function judge(
  seed: number,
  { asked, seconds, ends, tenths, failures }: Soaked,
  { runs }: SoakOrders,
  server: HostileServer,
): Promise<Finding> {
  const found = failures.map((failure) => `${failure}, seed ${seed}`)
  const [second, last] = [tenths[1]!, tenths.at(-1)!]
  const allowed = Math.max(second.heap * 0.05, 2 * 1024 * 1024)
  const grown = last.heap - second.heap
  if (grown > allowed) found.push(`the heap grew by ${mb(grown)} MB`)
  for (const what of ['sockets', 'timers', 'listeners'] as const) {
    if (last[what] > second[what]) found.push(`${what} grew from ${second[what]} to ${last[what]}`)
  }
  if ((ends.result ?? 0) < asked * 0.8) found.push(`only ${ends.result ?? 0} of ${asked} runs gave a result`)
  const { ledger } = await server.report()
  found.push(...keysElsewhere(ledger))
  const told = Object.entries(ends).map(([name, count]) => `${name} ${count}`)
  const rest = asked < runs ? ` (of ${runs}: the time was over)` : ''
  return {
    checks: asked + tenths.length,
    failures: found,
    ledgers: [ledger],
    lines: [
      `${asked} runs${rest} at concurrency 200, ${(asked / seconds).toFixed(0)} a second: ${told.join(', ')}`,
      `heap after each tenth: ${tenths.map(({ heap }) => mb(heap)).join(' ')} MB; from the second to the last ${grown > 0 ? '+' : ''}${mb(grown)} MB (allowed ${mb(allowed)})`,
      `after the second and the last: sockets ${second.sockets} and ${last.sockets}, timers ${second.timers} and ${last.timers}, listeners ${second.listeners} and ${last.listeners}`,
      `${ledger.runs.length} runs started; key: ${ledger.keys.header} times in X-API-KEY, elsewhere ${Object.keys(ledger.keys.elsewhere).length}`,
    ],
  }
}

const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(2)
