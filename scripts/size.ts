// `npm run size`: what imports weigh in an app's bundle, in bytes, and their limits.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { ensure, root } from './lib/ensure.mjs'

ensure('build')

/**
 * The most bytes of brotli. `ENTRY#NAME` is one export, together with `createClient` if it needs a client; `ENTRY` is all
 * of its exports. A bundle for pages has its own form of an upload.
 */
const limits: readonly (readonly [name: string, limit: number, condition?: 'browser'])[] = [
  ['@flowscale/client#checkHealth', 3420],
  ['@flowscale/client', 8600],
  ['@flowscale/client/poller#executeWorkflowAsync', 9100],
  ['@flowscale/client/poller#executeWorkflowAsync', 8340, 'browser'],
  ['@flowscale/client/poller#executeMany', 11_850],
  ['@flowscale/client/typed#run', 9410],
  ['@flowscale/client/events#connectEvents', 4350],
  ['@flowscale/client/store#createRunStore', 10_830],
  ['@flowscale/client/react#useRun', 10_980],
  ['@flowscale/client/websocket#connectWebSocket', 4810],
  ['@flowscale/client/proxy#createProxyHandler', 8240],
  ['@flowscale/client/proxy#toNodeHandler', 1290],
  ['@flowscale/client/logger#createLogger', 720],
  ['@flowscale/client/webhook#verifyWebhook', 870],
  ['@flowscale/client/node', 6780],
  ['@flowscale/ai-sdk#createFlowscale', 17_190],
  ['flowscale', 15_110],
]

const withoutClient = ['createLogger', 'toNodeHandler', 'verifyWebhook']

/** What an app imports for a name of the table. */
function codeOf(name: string): string {
  const [entry, own] = name.split('#')
  const code = `export ${own ? `{ ${own} }` : '*'} from '${entry}'`
  const needsClient = own && !withoutClient.includes(own)
  return needsClient ? `export { createClient } from '@flowscale/client'; ${code}` : code
}

/** Bundles code as an app's build does. React is the app's own. */
async function bundle(code: string, platform: 'neutral' | 'browser' = 'neutral') {
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
    platform,
    // No condition but those of the platform.
    conditions: [],
  })
  const files = Object.keys(metafile.inputs).filter((file) => file !== '<stdin>')
  return { contents: outputFiles[0]!.contents, files }
}

const line = (name: string, ...columns: unknown[]) =>
  console.log(name.padEnd(56) + columns.map((column) => String(column).padStart(8)).join(''))

function fail(what: string): void {
  console.error(`✖ ${what}`)
  process.exitCode = 1
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

line('import', 'raw', 'gzip', 'brotli', 'limit')
for (const [name, limit, platform] of limits) {
  const { contents } = await bundle(codeOf(name), platform)
  const brotli = brotliCompressSync(contents).length
  const title = platform ? `${name} (${platform})` : name
  line(title, contents.length, gzipSync(contents).length, brotli, limit)
  if (brotli > limit) fail(`${name} is ${brotli - limit} bytes over its limit`)
}

for (const path of Object.keys(JSON.parse(read('packages/client/package.json')).exports)) {
  // A page or a Worker can't import the entry for Node.
  if (path === './package.json' || path === './node') continue
  const { files } = await bundle(codeOf(`@flowscale/client${path.slice(1)}`))
  for (const file of files) {
    if (file.endsWith('/node.js') || /['"]node:/.test(read(file)))
      fail(`the import of ${path} needs Node: ${file}`)
  }
}

// Bundlers leave only this form alone: with a literal, they look for the package, and don't find it.
const form = /import\(\s*\/\* webpackIgnore: true \*\/\s*\/\* @vite-ignore \*\/\s*name\s*\)/
if (!form.test(read('packages/client/dist/websocket.js')))
  fail('dist/websocket.js does not import isomorphic-ws by a variable, with the comments for bundlers')
