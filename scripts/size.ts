// `npm run size`: what imports weigh in an app's bundle, in bytes, and their limits. `npm run -s size -- --all` prints every
// public export, sorted by name: `LC_ALL=C join BEFORE AFTER` compares two commits.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { ensureBuilt, root } from './lib/ensure.mjs'

ensureBuilt()

/**
 * The most bytes of brotli. `ENTRY#NAME` is one export, together with `createClient` if it needs a client; `ENTRY` is all
 * of its exports. A page has its own form of an upload.
 */
const limits: readonly (readonly [name: string, limit: number, condition?: 'browser'])[] = [
  ['@flowscale/client#checkHealth', 3420],
  ['@flowscale/client', 7870],
  ['@flowscale/client/poller#executeWorkflowAsync', 8810],
  ['@flowscale/client/poller#executeWorkflowAsync', 8280, 'browser'],
  ['@flowscale/client/poller#executeMany', 11_560],
  ['@flowscale/client/typed#run', 9180],
  ['@flowscale/client/events#connectEvents', 4350],
  ['@flowscale/client/store#createRunStore', 10_570],
  ['@flowscale/client/react#useRun', 10_750],
  ['@flowscale/client/websocket#connectWebSocket', 4810],
  ['@flowscale/client/proxy#createProxyHandler', 7740],
  ['@flowscale/client/proxy#toNodeHandler', 1290],
  ['@flowscale/client/logger#createLogger', 720],
  ['@flowscale/client/node', 6780],
  ['@flowscale/ai-sdk#createFlowscale', 17_000],
  ['flowscale', 14_190],
]

const { exports: ofClient } = JSON.parse(readFileSync(join(root, 'packages/client/package.json'), 'utf8'))
const entries = Object.keys(ofClient)
  .filter((path) => path !== './package.json')
  .map((path) => `@flowscale/client${path.slice(1)}`)

/** A page or a Worker can't import the entry for Node. */
const isPortable = (entry: string) => entry !== '@flowscale/client/node'

const withoutClient = ['createClient', 'createLogger', 'fileInput', 'toNodeHandler']

/** What an app imports for a name of the table. */
function codeOf(name: string): string {
  const [entry, own] = name.split('#')
  if (!own) return `export * from '${entry}'`
  const code = `export { ${own} } from '${entry}'`
  const isClass = /^[A-Z]/.test(own)
  if (isClass || entry === 'flowscale' || withoutClient.includes(own)) return code
  return `export { createClient } from '@flowscale/client'; ${code}`
}

/** Bundles code as an app's build does. React is the app's own. */
async function bundle(code: string, condition?: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
    external: ['react', 'node:*'],
    // No condition but the one that is asked for.
    platform: 'neutral',
    conditions: condition ? [condition] : [],
  })
  const { contents } = outputFiles[0]!
  return {
    raw: contents.length,
    gzip: gzipSync(contents).length,
    brotli: brotliCompressSync(contents).length,
    exports: Object.values(metafile.outputs)[0]!.exports,
    files: Object.keys(metafile.inputs).filter((file) => file !== '<stdin>'),
  }
}

const line = (name: string, ...columns: unknown[]) =>
  console.log(name.padEnd(56) + columns.map((column) => String(column).padStart(8)).join(''))

async function printAll(): Promise<void> {
  const codes = new Map([['every-entry-but-node', entries.filter(isPortable).map(codeOf).join(';')]])
  for (const entry of [...entries, '@flowscale/ai-sdk', 'flowscale']) {
    const { exports } = await bundle(codeOf(entry))
    for (const name of [entry, ...exports.map((own) => `${entry}#${own}`)]) codes.set(name, codeOf(name))
  }
  line('import', 'raw', 'brotli')
  for (const name of [...codes.keys()].sort()) {
    const { raw, brotli } = await bundle(codes.get(name)!)
    line(name, raw, brotli)
  }
}

function fail(what: string): void {
  console.error(`✖ ${what}`)
  process.exitCode = 1
}

async function check(): Promise<void> {
  line('import', 'raw', 'gzip', 'brotli', 'limit')
  for (const [name, limit, condition] of limits) {
    const { raw, gzip, brotli } = await bundle(codeOf(name), condition)
    line(condition ? `${name} (${condition})` : name, raw, gzip, brotli, limit)
    if (brotli > limit) fail(`${name} is ${brotli - limit} bytes over its limit`)
  }

  for (const entry of entries.filter(isPortable)) {
    const { files } = await bundle(codeOf(entry))
    for (const file of files) {
      if (file.endsWith('/node.js') || /['"]node:/.test(readFileSync(join(root, file), 'utf8')))
        fail(`the import of ${entry} needs Node: ${file}`)
    }
  }

  // Bundlers leave only this form alone: with a literal, they look for the package, and don't find it.
  const adapter = readFileSync(join(root, 'packages/client/dist/websocket.js'), 'utf8')
  if (!/import\(\s*\/\* webpackIgnore: true \*\/\s*\/\* @vite-ignore \*\/\s*name\s*\)/.test(adapter))
    fail('dist/websocket.js does not import isomorphic-ws by a variable, with the comments for bundlers')
}

await (process.argv.includes('--all') ? printAll() : check())
