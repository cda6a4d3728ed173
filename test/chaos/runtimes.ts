// Executes under faults outside Node: the client as it is shipped, in Deno, Bun and workerd.
import { rmSync } from 'node:fs'
import { haveRuntimes } from '../../scripts/lib/ensure.mjs'
import { bun, deno, type Row, workerdToday } from '../runtimes/commands.ts'
import { compareCalls } from './lib/compareCalls.ts'
import { findMaybes } from './lib/findMaybes.ts'
import { inParallel } from './lib/guard.ts'
import { hostileToExecutes } from './lib/hostileToExecutes.ts'
import { startServer } from './lib/server.ts'
import { bundle } from './runtimes/bundle.ts'
import { runIn } from './runtimes/runIn.ts'
import type { Finding, Part, Settings } from './types.ts'

const rows = [deno('Deno', '@deno/linux-x64-glibc'), bun('Bun', '@oven/bun-linux-x64'), workerdToday]

export const runtimes: Part = {
  name: 'runtimes',
  async run(settings) {
    if (!haveRuntimes()) return { checks: 0, failures: [], lines: [], skipped: 'no runtimes are installed' }
    const app = await bundle()
    try {
      const findings: Finding[] = []
      // All at once is faster, but so busy that most calls reach their time limit.
      const atOnce = settings.scale === 'short' ? rows.length : 1
      await inParallel(rows.length, atOnce, async (index) => {
        findings[index] = await measure(rows[index]!, app, settings)
      })
      return {
        checks: findings.reduce((sum, { checks }) => sum + checks, 0),
        failures: findings.flatMap(({ failures }) => failures),
        lines: findings.flatMap(({ lines }) => lines),
        ledgers: findings.flatMap(({ ledgers = [] }) => ledgers),
      }
    } finally {
      rmSync(app, { recursive: true, force: true })
    }
  },
}

async function measure(row: Row, app: string, { seed, scale }: Settings): Promise<Finding> {
  const count = scale === 'short' ? 60 : 1000
  const [name = ''] = row.runtime.split(' ')
  const server = await startServer(hostileToExecutes(seed))
  try {
    const { version, calls, lines, leaks } = await runIn(row, app, { url: server.url, seed, count })
    const report = await server.settled()
    const { runs, keys } = report.ledger
    const { failures, ends, known, started, twice, resent } = compareCalls(calls, report, seed)
    if (calls.length !== count) failures.push(`${calls.length} calls were made, not ${count}`)
    const found = await findMaybes(server, calls, started)
    failures.push(...leaks, ...found.failures)
    return {
      checks: count + runs.length + found.looked,
      ledgers: [report.ledger],
      failures: failures.map((failure) => `${name}: ${failure}`),
      lines: [
        `${name} ${version}, ${count} calls: ${ends.text()}`,
        `${name}: ${runs.length} runs started, known ${known.text()}; started twice by one call: ${twice}; POSTs that it sent again by itself: ${resent}; ${found.looked} of those that were maybe submitted found by getRuns`,
        `${name}: key ${keys.header} times in X-API-KEY, elsewhere ${Object.keys(keys.elsewhere).length}; searched in ${lines} log lines and every error`,
      ],
    }
  } catch (error) {
    return { checks: 1, failures: [`${name}: ${error}`], lines: [] }
  } finally {
    await server.stop()
  }
}
