// The gateway as the pages of docs set it up on Workers, Deno and Bun, before small ComfyUIs, driven by HTTP from outside.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { blockOf } from '../support/blockOf.ts'
import { CANARY } from '../support/canary.ts'
import { freePort } from '../support/listen.ts'
import { until } from '../support/until.ts'
import { bunPath, command, denoPath } from './command.ts'
import { driveGateway } from './driveGateway.ts'
import { serveWorkerd, startKv } from './serveWorkerd.ts'

const test = suite('the gateway served by each runtime')
const folder = resolve('.tmp/gateway-served')

const node = (class_type: string, inputs: object) => ({ class_type, inputs })
const graph = {
  1: node('LoadImage', { image: 'example.png' }),
  2: node('TestSleep', { image: ['1', 0], seconds: 0, fail: false, cooperative: true, seed: 0 }),
  3: node('SaveImage', { images: ['2', 0], filename_prefix: 'made' }),
}
const sidecar = {
  inputs: {
    photo: { node: '1', input: 'image' },
    seconds: { node: '2', input: 'seconds' },
    seed: { node: '2', input: 'seed' },
  },
  outputs: { picture: { node: '3' } },
}

async function withComfies(count: number, use: (urls: string[]) => Promise<void>): Promise<void> {
  const comfies = await Promise.all(Array.from({ length: count }, () => startComfy({ version: '0.8.0' })))
  mkdirSync(resolve(folder, 'workflows'), { recursive: true })
  for (const place of ['.', 'workflows']) {
    writeFileSync(resolve(folder, place, 'text-to-image.json'), JSON.stringify(graph))
    writeFileSync(resolve(folder, place, 'text-to-image.flowscale.json'), JSON.stringify(sidecar))
  }
  try {
    await use(comfies.map(({ url }) => url))
  } finally {
    await Promise.all(comfies.map((comfy) => comfy.stop()))
  }
}

/** As an app bundles it; `ws` is asked for only where a runtime has no WebSocket. */
async function bundle(name: string, code: string, platform: 'node' | 'neutral'): Promise<string> {
  const entry = resolve(folder, name)
  writeFileSync(entry, code)
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform,
    mainFields: ['module', 'main'],
    conditions: platform === 'node' ? ['node', 'module'] : ['workerd', 'worker', 'browser'],
    external: ['ws', 'classic-level'],
    write: false,
  })
  return outputFiles[0]!.text
}

for (const [date, storages] of [
  ['2025-05-01', ['ComfyUI']],
  ['2026-11-17', ['ComfyUI', 'KV']],
] as const) {
  for (const storage of storages) {
    test(`workerd, ${date}, records in ${storage}`, () =>
      withComfies(1, async ([url]) => {
        let code = blockOf('docs/gateway-hosting.md', 'worker')
        if (storage === 'KV') {
          code = code.replace('publicUrl:', 'storage: storageOf(env),\n      publicUrl:')
          code = blockOf('docs/gateway-hosting.md', 'kv') + code
        }
        const kv = await startKv()
        const texts = {
          COMFYUI_URL: url!,
          PUBLIC_URL: 'http://gpu.example',
          FLOWSCALE_API_KEY: CANARY,
          ACCESS_ID: 'id',
          ACCESS_SECRET: 'secret',
        }
        const gateway = {
          code: await bundle(`worker-${storage}.mjs`, code, 'neutral'),
          date,
          texts,
          bindings: '(name = "RUNS", kvNamespace = "kv")',
        }
        try {
          const worker = await serveWorkerd({ gateway }, kv.service)
          try {
            const heard = await driveGateway(worker.url, CANARY, 'text-to-image', 1)
            // There are no sockets, and nothing that one request has begun goes on in another.
            assert.ok(
              heard.every((state) => /^(queued \d+|running 0|completed)$/.test(state)),
              heard.join(),
            )
            assert.is(kv.map.size > 0, storage === 'KV')
          } catch (error) {
            console.log(worker.output())
            throw error
          } finally {
            await worker.stop()
          }
          assert.not.match(worker.output(), CANARY)
        } finally {
          await kv.close()
        }
      }))
  }
}

const runtimes: [name: string, file: string, ...args: string[]][] = [
  ['Bun', bunPath()],
  [
    'Deno',
    denoPath(),
    ...'run --no-prompt --allow-net=127.0.0.1 --allow-read=workflows --allow-env'.split(' '),
  ],
]
/** What Deno needs for the folder of a queue, and for LevelDB, which is a native module. */
const forQueue = [
  '--node-modules-dir=manual',
  '--allow-ffi',
  '--allow-read',
  '--allow-write=data',
  '--allow-sys=hostname,statfs',
]
for (const [name, file, ...args] of runtimes) {
  for (const count of [1, 2]) {
    test(count === 1 ? name : `${name}, with a queue`, () =>
      withComfies(count, async (urls) => {
        const port = await freePort()
        const deno = blockOf('docs/gateway-reference.md', 'deno')
        const server = blockOf('docs/gateway-reference.md', name.toLowerCase())
        const queue = "queue: folderQueue({ folder: 'data' }), engine: comfyui({ urls: "
        const code = (name === 'Deno' ? deno : deno.replace(/^Deno\.serve.*\n/m, server))
          .replace(
            "engine: comfyui({ url: 'http://127.0.0.1:8188'",
            count === 1 ? `engine: comfyui({ url: '${urls[0]}'` : `${queue}${JSON.stringify(urls)}`,
          )
          .replace('{ watchWorkflows }', '{ folderQueue, watchWorkflows }')
          .replaceAll('4188', port)
        assert.ok(code.includes(urls.at(-1)!))
        const script = resolve(folder, `${name}.mjs`)
        writeFileSync(script, await bundle(`${name}-source.ts`, code, 'node'))
        rmSync(resolve(folder, 'data'), { recursive: true, force: true })
        const flags =
          name === 'Deno' && count > 1
            ? [...args.filter((flag) => !flag.startsWith('--allow-read')), ...forQueue]
            : args
        const run = command(file, [...flags, script], folder, { FLOWSCALE_API_KEY: CANARY })
        try {
          const url = `http://127.0.0.1:${port}`
          await until(() => fetch(url).then(Boolean, () => false))
          const heard = await driveGateway(url, CANARY, 'text-to-image', urls.length)
          assert.ok(
            heard.some((state) => /^running 0\.\d/.test(state)),
            heard.join(),
          )
        } catch (error) {
          console.log(run.output())
          throw error
        } finally {
          await run.end()
        }
      }),
    )
  }
}
