// The gateway in each runtime that it is for, without a port, on the small ComfyUI.
import { mkdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readWorkflows } from '@flowscale/gateway/node'
import { build } from 'esbuild'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { command } from './command.ts'
import { serveWorkerd } from './serveWorkerd.ts'

const test = suite('gateway in each runtime')
const folder = resolve('.tmp/gateway-runtimes')
const modules = resolve('test/runtimes/node_modules')
const workflows = await readWorkflows('test/comfyui/workflows')
const wanted = ['PNG', 'PNG', 2]

/** As an app bundles it; `ws` is asked for only where a runtime has no WebSocket. */
async function bundle(code: string, conditions: string[]): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: resolve('test/runtimes/app') },
    bundle: true,
    format: 'esm',
    conditions,
    external: ['ws', 'isomorphic-ws'],
    write: false,
  })
  return outputFiles[0]!.text
}

const runtimes: [name: string, file: string, ...args: string[]][] = [
  ...[20, 22, 24, 26].map((major): [string, string] => [`Node ${major}`, `${modules}/node${major}/bin/node`]),
  ['Bun', `${modules}/@oven/bun-linux-x64/bin/bun`],
  ['Deno', `${modules}/@deno/linux-x64-glibc/deno`, 'run', '--no-prompt', '--allow-net=127.0.0.1'],
]

for (const [name, file, ...args] of runtimes) {
  test(name, async () => {
    const comfy = await startComfy({ version: '0.8.0', speed: 100 })
    const code = `import { trip } from './gateway.mjs'
      console.log(JSON.stringify(await trip(${JSON.stringify(comfy.url)}, ${JSON.stringify(workflows)})))`
    mkdirSync(folder, { recursive: true })
    const script = resolve(folder, `${name.replace(' ', '')}.mjs`)
    writeFileSync(script, await bundle(code, ['node', 'module']))
    const run = command(file, [...args, script], '.')
    try {
      const code = await run.exit
      assert.is(code, 0, run.output())
      assert.equal(JSON.parse(run.output().trim().split('\n').at(-1)!), wanted)
    } finally {
      await run.end()
      await comfy.stop()
    }
  })
}

for (const date of ['2025-05-01', '2026-11-17']) {
  test(`workerd, ${date}`, async () => {
    const comfy = await startComfy({ version: '0.8.0', speed: 100 })
    const code = `import { trip } from './gateway.mjs'
      export default {
        fetch: async () => Response.json(await trip(${JSON.stringify(comfy.url)}, ${JSON.stringify(workflows)}))
      }`
    const worker = await serveWorkerd(
      resolve('.tmp/gateway-workerd'),
      { 'gateway.js': await bundle(code, ['workerd', 'worker', 'browser']) },
      `
  services = [
    (name = "gateway", worker = (
      modules = [(name = "gateway.js", esModule = embed "gateway.js")],
      compatibilityDate = "${date}",
      globalOutbound = "private",
    )),
    (name = "private", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "gateway")],
`,
    )
    try {
      const response = await fetch(worker.url)
      const text = await response.text()
      assert.equal([response.status, text], [200, JSON.stringify(wanted)])
    } finally {
      await worker.stop()
      await comfy.stop()
    }
  })
}
