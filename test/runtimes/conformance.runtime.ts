// The conformance cases, on the packed tarballs, in every runtime: one row each. A pattern picks rows:
// `node --import tsx test/support/child.ts test/runtimes/conformance.runtime.ts Deno`.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { record } from '#test'
import type { Report } from '../conformance/runCases.ts'
import { serveControl } from '../conformance/serveControl.ts'
import { CANARY } from '../support/canary.ts'
import type { Row } from './commands.ts'
import { rows } from './rows.ts'
import { told } from './told.ts'

const limitMs = 900_000
const app = resolve('.tmp/runtimes')
const [pattern = ''] = process.argv.slice(2)

/** A folder as a user has it: the tarballs installed, the suite and its starters beside them. */
async function prepare(): Promise<void> {
  rmSync(app, { recursive: true, force: true })
  mkdirSync(app, { recursive: true })
  cpSync('test/runtimes/app', app, { recursive: true })
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }')
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const tarballs = ['client', 'flowscale'].map((name) => {
    const [packed] = JSON.parse(npm('pack', '--json', '--pack-destination', app, '-w', `packages/${name}`))
    return join(app, packed.filename)
  })
  // The socket of Node 18 and 20 has to come from somewhere.
  const peers = ['isomorphic-ws@5', 'ws@8']
  npm('install', '--prefix', app, '--no-audit', '--no-fund', '--prefer-offline', ...tarballs, ...peers)
  cpSync(join(app, 'node_modules/@flowscale/client'), join(app, 'node_modules/flowscale-client-copy'), {
    recursive: true,
  })
  const common = { bundle: true, format: 'esm', target: 'es2022', logLevel: 'error' } as const
  await build({
    ...common,
    entryPoints: ['test/runtimes/app/suite.ts'],
    outfile: join(app, 'suite.mjs'),
    // Not what Node's own resolution would find in the workspace.
    external: ['@flowscale/client', '@flowscale/client/*', 'flowscale', 'flowscale-client-copy'],
  })
  for (const [name, conditions] of [
    ['workerd', ['workerd', 'worker', 'browser']],
    ['browser', ['browser']],
  ] as const) {
    await build({
      ...common,
      entryPoints: [join(app, `${name}.mjs`)],
      outfile: join(app, `${name}.js`),
      conditions: [...conditions],
    })
  }
}

interface Result extends Report {
  runtime: string
  seconds: number
}

async function runRow(
  { runtime, start }: Row,
  control: Awaited<ReturnType<typeof serveControl>>,
): Promise<Result> {
  const begin = performance.now()
  const none: Report = { version: '', cases: 0, passed: 0, skipped: [], failed: [] }
  const fail = (report: Report, error: string): Report => ({
    ...report,
    failed: [...report.failed, { name: runtime, error }],
  })
  const started = await start(control.url, app)
  try {
    const given = await told(started, control.report(runtime), limitMs)
    let report = given ?? fail(none, `no report\n${started.output()}`)
    const { cases, passed, skipped, failed } = report
    if (given && (!passed || cases !== passed + skipped.length + failed.length)) {
      report = fail(report, 'its cases don’t add up')
    }
    if (given && started.exit) {
      // By itself: a timer or a socket left behind would hold it.
      const code = await Promise.race([started.exit, pause(60_000)])
      if (code !== 0) report = fail(report, `ended with ${code}\n${started.output()}`)
      const said = started.output().replace(ownWarning, '').trim()
      if (said) report = fail(report, `said something\n${said}`)
    }
    return { runtime, ...report, seconds: (performance.now() - begin) / 1000 }
  } finally {
    await started.end()
  }
}

/** Node 18 says so itself of each FormData with a file. */
const ownWarning = /^\(node:\d+\) ExperimentalWarning: buffer\.File is .*\n\(Use `node --trace-warnings .*\n/m

const pause = (ms: number) => new Promise<undefined>((done) => setTimeout(done, ms))

await prepare()
const page = '<!doctype html><title>cases</title><script type="module" src="/browser.js"></script>'
const files = { '/page': page, '/browser.js': readFileSync(join(app, 'browser.js'), 'utf8') }
const control = await serveControl(CANARY, files)
const results: Result[] = []
const waiting = rows.filter(({ runtime }) => runtime.toLowerCase().includes(pattern.toLowerCase()))
const order = waiting.map(({ runtime }) => runtime)
const work = async () => {
  for (let row = waiting.shift(); row; row = waiting.shift()) results.push(await runRow(row, control))
}
await Promise.all(Array.from({ length: 4 }, work))
await control.close()
results.sort((a, b) => order.indexOf(a.runtime) - order.indexOf(b.runtime))

const reasons = (skipped: Report['skipped']) => {
  const counts = new Map<string, number>()
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].map(([reason, count]) => `${count}: ${reason}`).join('; ')
}
console.log(
  '[show] runtime                             version            cases  passed  skipped  failed  seconds',
)
for (const { runtime, version, cases, passed, skipped, failed, seconds } of results) {
  const figures = [cases, passed, skipped.length, failed.length, seconds.toFixed(1)]
  const columns = figures.map((figure, place) => String(figure).padStart([7, 8, 9, 8, 9][place]!))
  console.log(`[show] ${runtime.padEnd(36)}${version.padEnd(17)}${columns.join('')}  ${reasons(skipped)}`)
}
if (!pattern) {
  const shown = results.map(({ runtime, version, cases, passed, skipped, failed }) => ({
    runtime,
    version,
    cases,
    passed,
    skipped: skipped.length,
    reasons: reasons(skipped),
    failed: failed.length,
  }))
  writeFileSync('test/runtimes/results.json', `${JSON.stringify(shown, null, 2)}\n`)
}
for (const { runtime, passed, failed } of results) record(runtime, passed, failed)
if (results.length < order.length) throw new Error('a runtime gave no result')
