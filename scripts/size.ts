// Sizes of what an app imports, against their budgets; and that one function brings no other along.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { bundleSize } from './lib/bundleSize.ts'
import { marks, marksBut } from './lib/marks.ts'
import { entries } from './lib/sizeCases.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const index = './packages/client/dist/index.js'
const poller = './packages/client/dist/poller.js'
const websocket = './packages/client/dist/websocket.js'
const logger = './packages/client/dist/logger.js'
const proxy = './packages/client/dist/proxy.js'
const typed = './packages/client/dist/typed.js'
const events = './packages/client/dist/events.js'
const store = './packages/client/dist/store.js'
const react = './packages/client/dist/react.js'
const node = './packages/client/dist/node.js'

interface Case {
  name: string
  code: string
  /** Bytes, minified and brotli; 1 KB = 1,000 bytes. */
  budget: number
  /** Of the `imports` and `exports` that a bundler resolves. */
  conditions?: string[]
  /** Words that only code of other operations holds. */
  without?: string[]
}

const cases: Case[] = [
  {
    name: 'createClient + checkHealth',
    code: `export { createClient, checkHealth } from '${index}'`,
    budget: 3400,
    without: ['comfy/queue', ...marksBut()],
  },
  {
    name: 'all of @flowscale/client',
    code: `export * from '${index}'`,
    budget: 7820,
    without: marksBut('operations'),
  },
  {
    name: 'createClient + executeWorkflowAsync',
    code: `export { createClient } from '${index}'; export { executeWorkflowAsync } from '${poller}'`,
    budget: 9020,
    without: ['sort_by', 'comfy/', ...marksBut('operations', 'poller')],
  },
  {
    name: 'the same, for a page',
    code: `export { createClient } from '${index}'; export { executeWorkflowAsync } from '${poller}'`,
    budget: 8640,
    conditions: ['browser'],
    // What only Node needs for an upload.
    without: marks.upload,
  },
  {
    name: 'createClient + executeMany',
    code: `export { createClient } from '${index}'; export { executeMany } from '${poller}'`,
    budget: 11_660,
    without: marksBut('operations', 'poller'),
  },
  {
    name: 'createClient + connectWebSocket',
    code: `export { createClient } from '${index}'; export { connectWebSocket } from '${websocket}'`,
    budget: 4750,
    // The last one is of `ws`, which no bundle may hold.
    without: [...marksBut('websocket'), 'permessage-deflate'],
  },
  {
    name: 'all of flowscale',
    code: "export * from './packages/flowscale/dist/index.js'",
    budget: 14_260,
  },
  {
    name: 'createLogger',
    code: `export { createLogger } from '${logger}'`,
    budget: 720,
    without: marksBut('logger'),
  },
  {
    name: 'createClient + createProxyHandler',
    code: `export { createClient } from '${index}'; export { createProxyHandler } from '${proxy}'`,
    // The names that the minifier finds change with what else is in the file: by 20 bytes.
    budget: 7770,
    without: ['appendHeader', ...marksBut('operations', 'proxy', 'events')],
  },
  {
    name: 'toNodeHandler',
    code: `export { toNodeHandler } from '${proxy}'`,
    budget: 1350,
    without: marksBut(),
  },
]

/** What a function of `typed` may add to the one that it calls, in bytes of brotli. */
const MOST_ADDED = 360
const typedCalls = [
  ['run', 'executeWorkflowAsync', poller],
  ['submit', 'executeWorkflow', index],
  ['runMany', 'executeMany', poller],
] as const

/** The `api` files that the sources of one operation reach by imports, whether or not tree shaking drops them. */
async function reach(operation: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [join(root, `packages/client/src/api/${operation}.ts`)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    metafile: true,
    ignoreAnnotations: true,
    absWorkingDir: root,
    logLevel: 'silent',
  })
  return Object.keys(metafile.inputs)
    .filter((file) => /\/src\/(api|poller)\//.test(file))
    .map((file) => file.replace('packages/client/src/', ''))
}

/** The files that Node reads to import an entry point. */
async function files(entry: string): Promise<string[]> {
  const seen = new Set<string>()
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, from] of readFileSync(join(root, file), 'utf8').matchAll(/\bfrom ['"]([.#][^'"]+)['"]/g)) {
      visit(join(file, '..', from!.replace('#upload', './upload.js')))
    }
  }
  visit(entry)
  return [...seen]
}

let failures = 0
const fail = (what: string) => {
  failures++
  console.error(`✖ ${what}`)
}

const { text: whole } = await bundleSize(
  [index, poller, websocket, logger, proxy, typed, events, store]
    .map((file) => `export * from '${file}'`)
    .join(';'),
)
for (const word of Object.values(marks).flat()) {
  if (!whole.includes(word)) fail(`the mark ${word} is nowhere: the check would not see what it looks for`)
}

console.log(
  `${'bundle (esbuild, minified)'.padEnd(38)}${'raw'.padStart(8)}${'gzip'.padStart(8)}${'brotli'.padStart(8)}${'budget'.padStart(8)}`,
)
for (const { name, code, budget, conditions, without = [] } of cases) {
  const { text, raw, gzip, brotli } = await bundleSize(code, undefined, undefined, conditions)
  const columns = [raw, gzip, brotli, budget].map((n) => String(n).padStart(8))
  console.log(name.padEnd(38) + columns.join(''))
  if (brotli > budget) fail(`${name} is ${brotli} bytes, ${brotli - budget} over its budget`)
  for (const word of without) if (text.includes(word)) fail(`${name} holds code of another part (${word})`)
}

for (const [name, called, from] of typedCalls) {
  const client = `export { createClient } from '${index}'; export { ${called} } from '${from}'`
  const without = await bundleSize(client)
  const own = `export { createClient } from '${index}'; export { ${name} } from '${typed}'`
  const { brotli } = await bundleSize(own)
  const added = brotli - without.brotli
  console.log(`${name} adds ${added} bytes (brotli) to ${called}, of ${MOST_ADDED}`)
  if (added > MOST_ADDED)
    fail(`${name} adds ${added} bytes to ${called}, ${added - MOST_ADDED} over its budget`)
  for (const word of marks.typed) {
    if (without.text.includes(word)) fail(`${called} holds code of typed workflows (${word})`)
  }
}

/** What the parts for a page may add to what they stand on, in bytes of brotli. */
const pageParts = [
  // To come down to 1000. The most is in naming outputs, the search for a lost run, and the storage.
  ['createRunStore', store, `export { executeWorkflowAsync } from '${poller}'`, '', 1710],
  ['useRun, useOutputUrl', react, `export { createRunStore } from '${store}'`, '', 330],
  [
    'connectEvents',
    events,
    `export { executeWorkflowAsync } from '${poller}'`,
    `export { executeWorkflowAsync } from '${poller}'`,
    840,
  ],
] as const
for (const [name, from, base, beside, most] of pageParts) {
  const client = `export { createClient } from '${index}'`
  const without = await bundleSize(`${client}; ${base}`)
  const own = await bundleSize(`${client}; ${beside}; export { ${name} } from '${from}'`)
  const added = own.brotli - without.brotli
  console.log(`${name} adds ${added} bytes (brotli), of ${most}`)
  if (added > most) fail(`${name} adds ${added} bytes, ${added - most} over its budget`)
}

// Folded into a literal, the specifier would be looked for, and not found, by every bundler.
const adapter = readFileSync(join(root, websocket), 'utf8')
if (!/import\(\s*\/\* webpackIgnore: true \*\/\s*\/\* @vite-ignore \*\/\s*name\s*\)/.test(adapter)) {
  fail('the import of isomorphic-ws in dist/websocket.js is not in the form that bundlers leave alone')
}

const reached = await reach('checkHealth')
if (reached.join() !== 'api/checkHealth.ts') fail(`checkHealth.ts reaches ${reached.join(', ')}`)

for (const [entry, most] of [
  ['index', 3],
  ['poller', 3],
  ['websocket', 3],
  ['logger', 3],
  ['proxy', 3],
  ['typed', 5],
  ['events', 3],
  ['store', 6],
  ['react', 7],
  ['node', 4],
] as const) {
  const read = await files(`packages/client/dist/${entry}.js`)
  console.log(`importing dist/${entry}.js reads ${read.length} files`)
  if (read.length > most) fail(`importing ${entry} reads ${read.join(', ')}`)
  if (entry === 'index' && read.some((file) => file.includes('poller'))) fail('importing . loads the poller')
}

// For Node alone: what a page or a Worker imports must not reach it.
for (const entry of entries) {
  const read = await files(`packages/client/dist/${entry}.js`)
  const texts = read.map((file) => readFileSync(join(root, file), 'utf8'))
  if (read.some((file) => file.endsWith('/node.js'))) fail(`importing ${entry} loads the part on Node`)
  if (texts.some((text) => /['"]node:/.test(text))) fail(`importing ${entry} loads modules of Node`)
}
const { raw, gzip, brotli } = await bundleSize(`export * from '${node}'`, undefined, ['node:*'])
console.log(
  'all of @flowscale/client/node'.padEnd(38) + [raw, gzip, brotli].map((n) => String(n).padStart(8)).join(''),
)

console.log(failures ? `sizes: ${failures} failures` : 'sizes: within their budgets')
process.exitCode = failures ? 1 : 0
