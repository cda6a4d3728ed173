// The gateway in each runtime that it is for, without a port, on the small ComfyUI.
import { resolve } from 'node:path'
import { readWorkflows } from '@flowscale/gateway/node'
import { build } from 'esbuild'
import { assert, suite } from '#test'
import { type Comfy, startComfy } from '../comfyui/server/startComfy.ts'
import { bunPath, command, denoPath, nodePath, usualNodes } from './command.ts'
import { bundleWorker, serveWorkerd } from './serveWorkerd.ts'

const test = suite('gateway in each runtime')
const apps = resolve('test/runtimes/app')
const workflows = await readWorkflows('test/comfyui/workflows')
const wanted = ['PNG', 'PNG', 3]
const login = 'Basic bWU6c2VjcmV0'
const options = { version: '0.8.0', speed: 0.6, login } as const
const addressOf = (url: string) => JSON.stringify(url.replace('//', '//me:secret@'))

/** A ComfyUI that takes the first run and loses its answer, upon which some runtimes send a POST again unasked. */
async function startForgetful(): Promise<Comfy> {
  const comfy = await startComfy(options)
  comfy.faults.push({ on: 'POST /prompt', do: 'reset-after', times: 1 })
  return comfy
}

function assertOnce({ requests, faults }: Comfy) {
  assert.is(faults[0]!.times, 0, 'the answer was lost')
  assert.is(requests.filter(({ method, path }) => method === 'POST' && /\/prompt$/.test(path)).length, 3)
}

const runtimes: [name: string, file: string, ...args: string[]][] = [
  ...usualNodes
    .filter((major) => major > 18)
    .map((major): [string, string] => [`Node ${major}`, nodePath(major)]),
  ['Bun', bunPath()],
  ['Deno', denoPath(), 'run', '--no-prompt', '--allow-net=127.0.0.1'],
]

for (const [name, file, ...args] of runtimes) {
  test(name, async () => {
    const comfy = await startForgetful()
    const code = `import { trip } from './gateway.mjs'
      console.log(JSON.stringify(await trip(${addressOf(comfy.url)}, ${JSON.stringify(workflows)})))`
    const script = resolve(`.tmp/gateway-runtimes/${name.replace(' ', '')}.mjs`)
    await build({
      stdin: { contents: code, resolveDir: apps },
      bundle: true,
      format: 'esm',
      conditions: ['node', 'module'],
      // Asked for only where a runtime has no WebSocket.
      external: ['ws', 'isomorphic-ws'],
      outfile: script,
    })
    const run = command(file, [...args, script], '.')
    try {
      const code = await run.exit
      assert.is(code, 0, run.output())
      assert.equal(JSON.parse(run.output().trim().split('\n').at(-1)!), [...wanted, true])
      assertOnce(comfy)
    } finally {
      await run.end()
      await comfy.stop()
    }
  })
}

for (const date of ['2025-05-01', '2026-11-17']) {
  test(`workerd, ${date}`, async () => {
    const comfy = await startForgetful()
    const code = `import { trip } from './gateway.mjs'
      export default {
        fetch: async () => Response.json(await trip(${addressOf(comfy.url)}, ${JSON.stringify(workflows)}))
      }`
    const worker = await serveWorkerd({ gateway: { code: await bundleWorker(code, apps), date } })
    try {
      const response = await fetch(worker.url)
      const text = await response.text()
      assert.equal([response.status, text], [200, JSON.stringify([...wanted, false])])
      assertOnce(comfy)
    } finally {
      await worker.stop()
      await comfy.stop()
    }
  })
}
