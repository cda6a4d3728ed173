// The Cloudflare Worker example, bundled as wrangler does, in real workerd with a real KV binding.
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'
import { decode } from 'fast-png'
import { assert, suite } from '#test'
import { cancel, occupy, pod, reached } from '../examples/kit.ts'
import { serveWorkerd, startKv } from './serveWorkerd.ts'

const test = suite('worker example in workerd')

/** Passes requests on, and calls the scheduled handler, which has no address of its own. */
const driver = `export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname !== '/__scheduled') return env.EXAMPLE.fetch(request)
    return Response.json(await env.EXAMPLE.scheduled({ cron: '* * * * *' }))
  },
}`

async function start() {
  const local = await pod({ containers: 1 })
  const kv = await startKv()
  const { metafile, outputFiles } = await build({
    entryPoints: ['examples/cloudflare-worker/src/index.ts'],
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    metafile: true,
    write: false,
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
  assert.equal(imports, [], 'nothing is left to resolve')
  const wrangler = readFileSync('examples/cloudflare-worker/wrangler.jsonc', 'utf8')
  const date = /"compatibility_date": "([\d-]+)"/.exec(wrangler)![1]!
  const texts = { FLOWSCALE_API_URL: local.url, FLOWSCALE_API_KEY: local.emulator.apiKey }
  const code = outputFiles[0]!.text
  const worker = await serveWorkerd(
    {
      example: { code, date, texts, bindings: '(name = "RUNS", kvNamespace = "kv")' },
      driver: {
        code: driver,
        date,
        flags: 'service_binding_extra_handlers',
        bindings: '(name = "EXAMPLE", service = "example")',
      },
    },
    kv.service,
  ).catch(async (error) => {
    await Promise.all([kv.close(), local.close()])
    throw error
  })
  const call = async (path: string, init?: RequestInit) => {
    const response = await fetch(worker.url + path, init)
    const text = await response.text()
    assert.not.match(text, local.emulator.apiKey)
    return { status: response.status, body: JSON.parse(text) }
  }
  return {
    ...local,
    kv: kv.map,
    call,
    generate: (key: string) =>
      call('/generate', {
        method: 'POST',
        headers: { 'Idempotency-Key': key },
        body: JSON.stringify({ prompt: 'a red fox' }),
      }),
    tick: async () => assert.is((await call('/__scheduled')).body.outcome, 'ok', worker.output()),
    async stop() {
      await worker.stop()
      await kv.close()
      await local.close()
      assert.not.match(worker.output(), local.emulator.apiKey)
    },
  }
}

test('submits once, finishes by the cron, records a failure', async () => {
  const { emulator, generate, tick, call, kv, stop } = await start()
  try {
    const release = await occupy(emulator)
    const good = await generate('good')
    assert.is(good.status, 202)
    assert.equal((await generate('good')).body, good.body)
    kv.clear()
    assert.equal((await generate('good')).body, good.body)
    const bad = await generate('bad')
    assert.is(emulator.stats.runsStarted, 1 + 2)

    await tick()
    assert.is((await call(`/runs/${good.body.runId}`)).body.status, 'pending')
    await cancel(emulator, bad.body.runId)
    await release()
    await reached(emulator, 'completed', good.body.runId)
    await tick()
    const { body } = await call(`/runs/${good.body.runId}`)
    assert.is(body.status, 'completed')
    const png = new Uint8Array(await (await fetch(body.outputs[0].url)).arrayBuffer())
    assert.is(decode(png).width, 768)
    assert.equal((await call(`/runs/${bad.body.runId}`)).body, {
      runId: bad.body.runId,
      status: 'failed',
      errors: ['cancelled'],
    })
    assert.equal(
      [...kv.keys()].filter((key) => key.startsWith('pending:')),
      [],
    )
    assert.is((await call('/runs/unknown')).status, 404)
  } finally {
    await stop()
  }
})
