// Many runs at once, by `executeMany` and by one watcher: the promises of a single wait, at the cost of a few.
import { FAULT_KINDS } from '../../packages/emulator/src/faults/table.ts'
import { CANARY } from '../support/canary.ts'
import { type Finding, keyLine, keysElsewhere, type Settings } from './lib/finding.ts'
import { createSpy } from './lib/guard.ts'
import { type HostileServer, startServer } from './lib/server.ts'
import { type Setup, singleWaits } from './many/setup.ts'
import { submitMany } from './many/submitMany.ts'
import { watchMany } from './many/watchMany.ts'

/** Of the requests and messages that meet a fault. */
const CHANCE = 0.1
/** How long it may take until nothing is left, in ms: fetch keeps idle connections for 4 s. */
const SETTLE_MS = 60_000
/** Not what ends a wait as it documents, nor what holds a single request up for longer than all of this takes. */
const MILD = FAULT_KINDS.filter(
  (kind) => !/^(error-envelope|vanished|redirect-|drip|http-429-(year|absurd))/.test(kind),
)

export async function many(settings: Settings): Promise<Finding> {
  const { seed } = settings
  const server = await startServer({
    apiKey: CANARY,
    seed,
    containers: 100,
    maxRuns: 1_000_000,
    faults: {
      seed,
      chance: 0,
      kinds: MILD,
      operations: ['executeWorkflow', 'getRuns', 'getRun', 'getOutput', 'connect', 'message'],
    },
  })
  try {
    return await measure(settings, server)
  } finally {
    await server.stop()
  }
}

async function measure({ seed, isLong }: Settings, server: HostileServer): Promise<Finding> {
  const count = isLong ? 1000 : 60
  const failures: string[] = []
  const lines: string[] = []
  const logger = createSpy()
  const setup: Setup = { server, seed, count, logger, failures }
  const before = left()

  const polls = await singleWaits(setup)
  for (const isHostile of [false, true]) {
    await server.setChance(isHostile ? CHANCE : 0)
    const { counts, lines: told } = await submitMany(setup, isHostile)
    const asked = counts.lists + counts.runs
    lines.push(
      ...told,
      `  target: 1/20 of the ${polls} polls of single waits without faults; it was ${asked}`,
    )
    // Few runs are few polls, of which a twentieth is nothing.
    if (isLong && asked > polls / 20) failures.push(`${asked} polls are over the target`)
  }
  for (const withPush of [false, true]) lines.push(...(await watchMany(setup, withPush, CHANCE)))

  const { ledger } = await server.report()
  failures.push(...keysElsewhere(ledger))
  const after = await settled(before)
  for (const what of ['timers', 'sockets'] as const) {
    if (after[what] > before[what]) failures.push(`${after[what]} ${what} are left, before ${before[what]}`)
  }
  failures.push(...logger.leaks)
  return {
    checks: count * 5,
    failures,
    ledgers: [ledger],
    lines: [
      ...lines,
      `left: ${after.timers} timers and ${after.sockets} sockets (before ${before.timers} and ${before.sockets})`,
      keyLine(ledger, logger),
    ],
  }
}

interface Left {
  timers: number
  sockets: number
}

function left(): Left {
  const resources = process.getActiveResourcesInfo()
  const many = (name: string): number => resources.filter((resource) => resource === name).length
  return { timers: many('Timeout'), sockets: many('TCPSocketWrap') }
}

/** Once no more is left than before, or when it takes too long. */
async function settled(before: Left): Promise<Left> {
  const end = Date.now() + SETTLE_MS
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = left()
    if ((now.timers <= before.timers && now.sockets <= before.sockets) || Date.now() > end) return now
  }
}
