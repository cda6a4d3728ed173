// The conformance cases, on the packed tarballs, in every runtime: one row each. A pattern picks rows:
// `node --import tsx test/support/child.ts test/runtimes/conformance.runtime.ts Deno`.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { record } from '#test'
import { install, pack } from '../bundlers/pack.ts'
import type { Report } from '../conformance/runCases.ts'
import { serveControl } from '../conformance/serveControl.ts'
import { CANARY } from '../support/canary.ts'
import { told } from './command.ts'
import { type Row, rows } from './rows.ts'

const limitMs = 900_000
const app = resolve('.tmp/runtimes')
const [pattern = ''] = process.argv.slice(2)

/** A folder as a user has it: the tarballs installed, the suite and its starters beside them. */
async function prepare(): Promise<void> {
  rmSync(app, { recursive: true, force: true })
  mkdirSync(app, { recursive: true })
  cpSync('test/runtimes/app', app, { recursive: true })
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }')
  // The socket of Node 18 and 20 has to come from somewhere.
  install(app, ...pack(app, 'client', 'flowscale'), 'isomorphic-ws@5', 'ws@8')
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
const count = waiting.length
const work = async () => {
  for (let row = waiting.shift(); row; row = waiting.shift()) results.push(await runRow(row, control))
}
await Promise.all(Array.from({ length: 4 }, work))
await control.close()

for (const { runtime, version, cases, passed, skipped, seconds } of results) {
  const reasons = [...new Set(skipped.map(({ reason }) => reason))].join('; ')
  const missed = skipped.length ? `, ${skipped.length} not run: ${reasons}` : ''
  console.log(
    `[show] ${runtime} (${version}): ${passed} of ${cases} cases in ${seconds.toFixed(1)} s${missed}`,
  )
}
for (const { runtime, passed, failed } of results) record(runtime, passed, failed)
if (results.length < count) throw new Error('a runtime gave no result')
