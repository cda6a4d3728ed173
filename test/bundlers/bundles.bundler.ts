// Bundles of the packed tarballs by every bundler: each runs in the runtime it is for, and holds what it imports and
// no more. A pattern picks rows: `node --import tsx test/support/child.ts test/bundlers/bundles.bundler.ts Parcel`.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { createClient } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { chromium } from 'playwright-core'
import { record } from '#test'
import { chromium as chromiumPath } from '../../scripts/lib/ensure.mjs'
import { workflows } from '../conformance/workflows.ts'
import { command } from '../runtimes/command.ts'
import { inspect } from './inspect.mjs'
import { marks, marksBut } from './marks.ts'
import { emptyFolder, install, pack } from './pack.ts'
import { type Machines, type Row, rows, runBundle, runFromVite } from './rows.ts'

/** Only code of `ws` holds this, which no bundle may have. */
const ofWs = 'permessage-deflate'

const otherEntries = marksBut('operations')

/** What is bundled, in the order of the table. */
const apps: Record<string, { title: string; gives: unknown; without: string[]; lazy: number }> = {
  health: {
    title: 'checkHealth',
    gives: 2,
    without: ['comfy/queue', ...marksBut()],
    lazy: 0,
  },
  poller: {
    title: 'executeWorkflowAsync',
    gives: 1,
    without: ['sort_by', 'comfy/', ...marksBut('operations', 'poller')],
    lazy: 0,
  },
  websocket: {
    title: 'connectWebSocket',
    gives: 'completed',
    without: [...marksBut('websocket'), ofWs],
    lazy: 1,
  },
  class: { title: 'FlowscaleAPI', gives: [2, true], without: [...marks.proxy, ofWs], lazy: 1 },
}

interface Job {
  app: string
  /** Where it is bundled: `app` as users have it, `peers` with the optional peers, `bare` with nothing but `.`. */
  place: 'app' | 'peers' | 'bare'
  dev: boolean
  entry: string
  outfile: string
  runtime: string
  folder: string
}

const [pattern = ''] = process.argv.slice(2)
const root = emptyFolder('flowscale-bundlers-')
const path = (...below: string[]) => join(root, ...below)
process.on('exit', () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))

// Parcel reads `exports` only when asked to.
const manifest = { private: true, type: 'module', '@parcel/resolver-default': { packageExports: true } }

/** The tarballs installed as a user has them; and the same with the peers, and without the other entries. */
function prepare(): void {
  mkdirSync(path('app'))
  cpSync('test/bundlers/app', path('app'), { recursive: true })
  writeFileSync(path('app/package.json'), JSON.stringify(manifest))
  const tarballs = pack(root, 'client', 'flowscale')
  install(path('app'), ...tarballs)
  for (const name of ['peers', 'bare']) cpSync(path('app'), path(name), { recursive: true })
  for (const place of ['peers', 'out']) {
    for (const peer of ['isomorphic-ws', 'ws']) {
      cpSync(join('node_modules', peer), path(place, 'node_modules', peer), { recursive: true })
    }
  }
  for (const entry of [
    'poller',
    'websocket',
    'logger',
    'proxy',
    'typed',
    'events',
    'store',
    'react',
    'webhook',
  ]) {
    rmSync(path(`bare/node_modules/@flowscale/client/dist/${entry}.js`))
  }
  if (existsSync(path('app/node_modules/ws'))) throw new Error('a peer was installed unasked')
}

const jobsOf = ({ tool, runtime, extension }: Row): Job[] =>
  (
    [
      ...[...Object.keys(apps), 'whole'].map((app) => [app, 'app', false]),
      ['websocket', 'peers', false],
      ['health', 'app', true],
      ['whole', 'app', true],
      ['health', 'bare', true],
      ['poller', 'bare', true],
    ] as [string, Job['place'], boolean][]
  ).map(([app, place, dev]) => ({
    app,
    place,
    dev,
    entry: path(place, `${app}.mjs`),
    outfile: path('out', `${tool}-${runtime}`, `${app}-${place}-${dev ? 'dev' : 'min'}.${extension}`),
    runtime,
    folder: path(place),
  }))

interface Bundled {
  version: string
  results: { warnings: string[]; error?: string }[]
  /** Whatever the tool printed. */
  said: string
}

/** Bundles all jobs of a tool, in a process of its own. */
async function bundleAll(tool: string, jobs: Job[]): Promise<Bundled> {
  const list = path(`${tool}-jobs.json`)
  const report = path(`${tool}-report.json`)
  writeFileSync(list, JSON.stringify(jobs))
  for (const { outfile } of jobs) mkdirSync(dirname(outfile), { recursive: true })
  const args = [join(process.cwd(), 'test/bundlers/bundle.mjs'), tool, list, report]
  // A tool that looks at NODE_ENV gets what a user's shell has: none.
  const { exit, output } = command(process.execPath, args, root, { NO_COLOR: '1', FORCE_COLOR: '0' })
  const code = await exit
  if (code !== 0 || !existsSync(report)) throw new Error(`${tool} ended with ${code}\n${output()}`)
  return { ...JSON.parse(readFileSync(report, 'utf8')), said: output() }
}

interface Result {
  bundler: string
  version: string
  runtime: string
  sizes: Record<string, { minified: number; brotli: number }>
  passed: number
  failed: string[]
}

function fail(what: string): never {
  throw new Error(what)
}
const equal = (given: unknown, wanted: unknown, what: string) => {
  const [a, b] = [JSON.stringify(given), JSON.stringify(wanted)]
  if (a !== b) fail(`${what}: ${a}, not ${b}`)
}
const holds = (text: string, words: string[]) => words.filter((word) => text.includes(word))

async function checkRow(
  row: Row,
  jobs: Job[],
  { version, results, said }: Bundled,
  run: (file: string) => Promise<unknown>,
  names: string[],
): Promise<Result> {
  const { bundler, runtime, canKeepAll } = row
  const result: Result = { bundler, version, runtime, sizes: {}, passed: 0, failed: [] }
  const check = async (name: string, body: () => unknown) => {
    try {
      await body()
      result.passed++
    } catch (error) {
      result.failed.push(`${name}: ${error instanceof Error ? error.message : error}`)
    }
  }
  const find = (app: string, place = 'app', dev = false) => {
    const index = jobs.findIndex((job) => job.app === app && job.place === place && job.dev === dev)
    const { outfile } = jobs[index]!
    return { outfile, ...results[index]!, text: () => readFileSync(outfile, 'utf8') }
  }
  const isClean = ({ error, warnings }: { error?: string; warnings: string[] }) => {
    if (error) fail(error)
    equal(warnings, [], 'warnings')
  }
  const asksNothing = (text: string, lazy: number | undefined) => {
    const asked = inspect(text)
    equal(asked.imports, [], 'imports left')
    if (lazy !== undefined) equal(asked.lazy, lazy, 'imports by a name that is not known')
    if (runtime !== 'Node') equal(asked.nodeNames, [], "names of Node's, or polyfills")
  }

  await check('the tool prints nothing', () => equal(said, '', 'it said'))
  for (const [app, { gives, without, lazy }] of Object.entries(apps)) {
    const bundled = find(app)
    await check(`${app}: no warning`, () => isClean(bundled))
    if (bundled.error) continue
    await check(`${app}: runs in ${runtime}`, async () => equal(await run(bundled.outfile), gives, 'it gave'))
    await check(`${app}: nothing of other entries`, () =>
      equal(holds(bundled.text(), without), [], 'it holds'),
    )
    await check(`${app}: asks for nothing from outside`, () => asksNothing(bundled.text(), lazy))
    const minified = Buffer.byteLength(bundled.text())
    result.sizes[app] = { minified, brotli: brotliCompressSync(bundled.text()).length }
  }

  const { upload, ...everywhere } = marks
  const takesBrowserForm = runtime === 'Chromium' || runtime === 'workerd'
  const all = [...Object.values(everywhere).flat(), ...(takesBrowserForm ? [] : upload)]
  const whole = find('whole')
  await check('whole: no warning', () => isClean(whole))
  await check('whole: has each mark that is looked for', () =>
    equal(holds(whole.text(), [...all, 'comfy/queue']), [...all, 'comfy/queue'], 'it holds'),
  )
  if (takesBrowserForm) {
    await check("whole: without Node's upload", () => equal(holds(whole.text(), upload), [], 'it holds'))
  }
  await check('whole: has every export', async () => equal(await run(whole.outfile), names, 'exports'))

  const beside = find('websocket', 'peers')
  await check('websocket beside its peers: no warning', () => isClean(beside))
  await check('websocket beside its peers: does not take them in', () => {
    equal(holds(beside.text(), [ofWs]), [], 'it holds')
    asksNothing(beside.text(), 1)
  })

  const dev = find('health', 'app', true)
  const devWhole = find('whole', 'app', true)
  await check('development: no warning', () => {
    isClean(dev)
    isClean(devWhole)
  })
  await check('development: runs', async () => equal(await run(dev.outfile), apps.health!.gives, 'it gave'))
  if (canKeepAll) {
    await check('development: nothing of other entries without tree shaking', () => {
      // Whether the rest is there shows that nothing was dropped.
      equal(holds(dev.text(), ['comfy/queue', 'comfy/workflows']).length, 2, 'operations')
      equal(holds(dev.text(), otherEntries), [], 'it holds')
      equal(holds(devWhole.text(), all), all, 'the whole holds')
    })
  }
  if (bundler === 'Vite' && runtime === 'Chromium') {
    for (const app of ['health', 'websocket']) {
      await check(
        `development server: ${app} runs, with nothing of other entries, without a warning`,
        async () => {
          const { gives, without } = apps[app]!
          const { result, code, said } = await runFromVite(path('app'), app, given, machines.browser)
          equal(result, gives, 'it gave')
          equal(said, '', 'it said')
          // Whether the rest is there shows that it is seen, and that nothing was dropped.
          if (app === 'health') equal(holds(code, ['comfy/queue', 'comfy/workflows']).length, 2, 'operations')
          equal(
            holds(
              code,
              otherEntries.filter((word) => without.includes(word)),
            ),
            [],
            'it holds',
          )
        },
      )
    }
  }
  const bare = find('health', 'bare', true)
  await check('development: . loads no file of other entries', async () => {
    isClean(bare)
    equal(await run(bare.outfile), apps.health!.gives, 'it gave')
    if (!find('poller', 'bare', true).error) fail('the poller was bundled without its file')
  })
  return result
}

prepare()
const installed = path('app/names.mjs')
writeFileSync(
  installed,
  `${readFileSync(path('app/whole.mjs'))}\nconsole.log(JSON.stringify(globalThis.app()))`,
)
const names: string[] = JSON.parse(execFileSync(process.execPath, [installed], { encoding: 'utf8' }))
if (names.length < 40) throw new Error(`only ${names.length} exports`)
if (!readFileSync('node_modules/ws/lib/permessage-deflate.js', 'utf8').includes(`'${ofWs}'`))
  throw new Error(`${ofWs} is not in ws: the checks would not see what they look for`)

const emulator = createEmulator({ speed: 200, workflows })
const pod = await serve(emulator)
const options = { baseUrl: pod.url, apiKey: emulator.apiKey, allowDangerouslyExposeApiKey: true }
const workflow = 'quick'
const inputs = { text: 'dawn' }
const waits = { pollIntervalMs: 10 }
const { runId } = await executeWorkflowAsync(createClient(options), workflow, inputs, waits)
const given = { options, workflow, inputs, waits, runId }

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url!, 'http://bundles')
  const file = searchParams.get('file') ?? ''
  if (pathname !== '/bundle') {
    const source = `/bundle?${new URLSearchParams({ file })}`
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(
      `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${source}"></script>`,
    )
  } else if (file.startsWith(root) && existsSync(file)) {
    response.setHeader('content-type', 'text/javascript').end(readFileSync(file))
  } else response.writeHead(404).end()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const browser = await chromium.launch({
  executablePath: chromiumPath,
  args: ['--no-sandbox'],
  timeout: 120_000,
})
const machines: Machines = { browser, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }

const wanted = rows.filter(({ bundler, runtime }) =>
  `${bundler} ${runtime}`.toLowerCase().includes(pattern.toLowerCase()),
)
const results: Result[] = []
// The slowest first.
const tools = [...new Set(wanted.map(({ tool }) => tool))].sort(
  (a, b) => Number(b === 'parcel') - Number(a === 'parcel'),
)
const work = async () => {
  for (let tool = tools.shift(); tool; tool = tools.shift()) {
    const own = wanted.filter((row) => row.tool === tool)
    const jobs = own.map(jobsOf)
    const bundled = await bundleAll(tool, jobs.flat())
    for (const [index, row] of own.entries()) {
      const start = jobs.slice(0, index).flat().length
      const part = { ...bundled, results: bundled.results.slice(start, start + jobs[index]!.length) }
      const run = (file: string) => runBundle(row.runtime, file, given, machines)
      results.push(await checkRow(row, jobs[index]!, part, run, names))
    }
  }
}
try {
  await Promise.all([work(), work()])
} finally {
  await browser.close()
  server.close()
  await pod.close()
  emulator.close()
}

for (const { bundler, version, runtime, sizes, passed, failed } of results) {
  const shown = Object.entries(sizes).map(([app, { brotli }]) => `${apps[app]!.title} ${brotli} B`)
  console.log(
    `[show] ${bundler} ${version} for ${runtime}: ${passed} of ${passed + failed.length} checks; brotli: ${shown.join(', ')}`,
  )
}
for (const { bundler, runtime, passed, failed } of results) {
  record(
    `${bundler} for ${runtime}`,
    passed,
    failed.map((what) => ({ name: what.split('\n')[0]!, error: what })),
  )
}
if (results.length < wanted.length) throw new Error('a bundler gave no result')
