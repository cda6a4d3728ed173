import * as index from '@flowscale/client'
import * as poller from '@flowscale/client/poller'
import { compareCalls } from './lib/compareCalls.ts'
import { executeCalls } from './lib/executeCalls.ts'
import { findMaybes } from './lib/findMaybes.ts'
import { within } from './lib/guard.ts'
import { hostileToExecutes } from './lib/hostileToExecutes.ts'
import { type HostileServer, startServer } from './lib/server.ts'
import { createSpy } from './lib/spy.ts'
import { tooRare } from './lib/tables.ts'
import type { Finding, Part, Settings } from './types.ts'

const OVERALL_MS = 540_000

export const executes: Part = {
  name: 'executes',
  async run(settings) {
    let server: HostileServer | undefined
    try {
      server = await startServer(hostileToExecutes(settings.seed))
      return await within(OVERALL_MS, 'executes', measure(settings, server))
    } catch (error) {
      return { checks: 1, failures: [String(error)], lines: [] }
    } finally {
      await server?.stop()
    }
  },
}

async function measure({ seed, scale }: Settings, server: HostileServer): Promise<Finding> {
  const count = scale === 'short' ? 300 : 10_000
  const logger = createSpy()
  const calls = await executeCalls({ ...index, ...poller }, { url: server.url, seed, count }, logger)
  const report = await server.settled()
  const { ledger } = report
  const { failures, ends, known, started, twice, resent } = compareCalls(calls, report, seed)
  failures.push(...logger.leaks)
  const found = await findMaybes(server, calls, started)
  failures.push(...found.failures)
  if (scale !== 'short') failures.push(...tooRare(ledger.faults, ['executeWorkflow']))
  return {
    checks: count + ledger.runs.length + found.looked,
    failures,
    ledgers: [ledger],
    lines: [
      `${count} calls: ${ends.text()}`,
      `${ledger.runs.length} runs started, known ${known.text()}; started twice by one call: ${twice}; POSTs that Node sent again by itself: ${resent}`,
      `${found.looked} of those that were maybe submitted: looked for by getRuns, and found as the ledger has them`,
      `key: ${ledger.keys.header} times in X-API-KEY, elsewhere ${Object.keys(ledger.keys.elsewhere).length}; searched in ${logger.lines} log lines and every error`,
    ],
  }
}
