// Events through a proxy in real workerd, where no request may await what another one began: each reader asks for itself.
import { resolve } from 'node:path'
import { build } from 'esbuild'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { occupy, pod } from '../examples/kit.ts'
import { serveWorkerd } from './serveWorkerd.ts'

const test = suite('events of a proxy in workerd')

/** One handler for all requests, as a module may keep it. */
const worker = `
import { createClient } from '@flowscale/client'
import { createProxyHandler } from '@flowscale/client/proxy'
let handler
export default {
  fetch(request, { baseUrl, apiKey }) {
    handler ??= createProxyHandler(createClient({ baseUrl, apiKey }), { authorize: () => ({ groupId: 'ada' }) })
    return handler(request)
  },
}`

async function start() {
  const local = await pod({ containers: 1 })
  const { outputFiles } = await build({
    stdin: { contents: worker, resolveDir: resolve('.') },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    write: false,
  })
  const config = `
  services = [
    (name = "proxy", worker = (
      modules = [(name = "proxy.js", esModule = embed "proxy.js")],
      compatibilityDate = "2026-05-03",
      bindings = [
        (name = "baseUrl", text = "${local.url}"),
        (name = "apiKey", text = "${local.emulator.apiKey}"),
      ],
      globalOutbound = "private",
    )),
    (name = "private", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "proxy")],
`
  const folder = resolve('.tmp/events')
  const served = await serveWorkerd(folder, { 'proxy.js': outputFiles[0]!.text }, config).catch(
    async (error) => {
      await local.close()
      throw error
    },
  )
  return {
    ...local,
    url: served.url,
    output: served.output,
    async stop() {
      await served.stop()
      await local.close()
    },
  }
}

test('two readers of one run see its states and its end, and one that leaves asks no more', async () => {
  const { emulator, url, timesAsked, askedTimes, output, stop } = await start()
  try {
    const release = await occupy(emulator)
    const body = new FormData()
    body.append('prompt', 'x')
    const sent = await fetch(`${url}/api/v1/runs?workflow_id=t3xtwr1ter00`, { method: 'POST', body })
    const runId: string = ((await sent.json()) as any).data.run_id
    const events = (signal?: AbortSignal) =>
      fetch(`${url}/api/v1/runs/${runId}/events`, signal ? { signal } : {})
    const left = new AbortController()
    const leaving = await events(left.signal)
    const first = await leaving.body!.getReader().read()
    assert.match(new TextDecoder().decode(first.value), /^id: queued/)
    left.abort()
    // That is noticed at the next write: the comment that comes every 15 s.
    await new Promise((resolve) => setTimeout(resolve, 18_000))
    const before = timesAsked(runId)
    await new Promise((resolve) => setTimeout(resolve, 3000))
    assert.is(timesAsked(runId), before, 'who left asks no more')
    const readers = await Promise.all([events(), events()])
    assert.ok(
      readers.every(({ status }) => status === 200),
      output(),
    )
    await askedTimes(runId, timesAsked(runId) + 3)
    await release()
    for (const response of readers) {
      const text = await response.text()
      assert.match(text, /^id: queued/)
      assert.match(text, /id: completed\ndata: .*\n\n$/)
    }
    const again = await fetch(`${url}/api/v1/runs/${runId}/events`, {
      headers: { 'last-event-id': 'completed' },
    })
    assert.is(again.status, 204)
    assert.is((await fetch(`${url}/api/v1/runs/unknown/events`)).status, 404)
    assert.not.match(output(), /rror/)
  } finally {
    await stop()
  }
})

test.run()
