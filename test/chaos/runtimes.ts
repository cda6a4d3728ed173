// Executes under faults outside Node: the client as it is shipped, in Deno, Bun and workerd.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { haveRuntimes } from '../../scripts/lib/ensure.mjs'
import { told } from '../runtimes/command.ts'
import { type Row, rowOf } from '../runtimes/rows.ts'
import { assertNoCanary } from '../support/canary.ts'
import { listen } from '../support/listen.ts'
import { compareCalls, findMaybes, hostileToExecutes } from './executes.ts'
import type { Orders } from './lib/executeCalls.ts'
import { type Finding, keyLine, type Settings } from './lib/finding.ts'
import { inParallel } from './lib/guard.ts'
import type { Told } from './lib/runtimeSuite.ts'
import { startServer } from './lib/server.ts'

const rows = ['Deno', 'Bun', 'workerd 2026-11-17, nodejs_compat'].map(rowOf)

export async function runtimes(settings: Settings): Promise<Finding> {
  if (!haveRuntimes()) return { checks: 0, failures: [], lines: [], skipped: 'no runtimes are installed' }
  const app = await bundle()
  try {
    const findings: Finding[] = []
    // All at once is faster, but so busy that most calls reach their time limit.
    const atOnce = settings.isLong ? 1 : rows.length
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
}

async function measure(row: Row, app: string, { seed, isLong }: Settings): Promise<Finding> {
  const count = isLong ? 1000 : 60
  const [name = ''] = row.runtime.split(' ')
  const server = await startServer(hostileToExecutes(seed))
  try {
    const { version, calls, lines, leaks } = await runIn(row, app, { url: server.url, seed, count })
    const report = await server.settled()
    const { runs } = report.ledger
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
        `${name}: ${keyLine(report.ledger, { lines })}`,
      ],
    }
  } finally {
    await server.stop()
  }
}

/** A folder with the suite in it, for every runtime that is a command. */
export async function bundle(): Promise<string> {
  const app = mkdtempSync(join(tmpdir(), 'flowscale-chaos-'))
  for (const name of ['command.mjs', 'workerd.mjs']) cpSync(`test/runtimes/app/${name}`, join(app, name))
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }')
  const common: BuildOptions = {
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    // All of them have it.
    external: ['node:util'],
  }
  await build({ ...common, entryPoints: ['test/chaos/lib/runtimeSuite.ts'], outfile: join(app, 'suite.mjs') })
  await build({ ...common, entryPoints: [join(app, 'workerd.mjs')], outfile: join(app, 'workerd.js') })
  return app
}

const LIMIT_MS = 300_000
const END_MS = 60_000

/** Runs the suite in a runtime. Throws where it tells nothing, or does not end by itself. */
async function runIn({ runtime, start }: Row, app: string, orders: Orders): Promise<Told> {
  let resolve!: (told: Told) => void
  const coming = new Promise<Told>((done) => {
    resolve = done
  })
  const control = await listen(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    if (request.url === '/done') resolve(JSON.parse(text))
    response.end(request.url === '/orders' ? JSON.stringify(orders) : undefined)
  })
  const started = await start(control.url, app)
  try {
    const given = await told(started, coming, LIMIT_MS)
    assertNoCanary(started.output(), `what ${runtime} said`)
    if (!given) throw new Error(`${runtime} has told nothing\n${started.output()}`)
    if (started.exit) {
      // By itself: a timer or a socket left behind would hold it.
      const code = await told(started, started.exit, END_MS)
      if (code !== 0) throw new Error(`${runtime} has ended with ${code}\n${started.output()}`)
    }
    return given
  } finally {
    await started.end()
    await control.close()
  }
}
