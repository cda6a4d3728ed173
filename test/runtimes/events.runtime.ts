// Events through a proxy in real workerd, where no request may await what another one began: each reader asks for itself.
import { assert, suite } from '#test'
import { occupy, pod } from '../examples/kit.ts'
import { bundleWorker, serveWorkerd } from './serveWorkerd.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
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
  const texts = { baseUrl: local.url, apiKey: local.emulator.apiKey }
  const proxy = { code: await bundleWorker(worker), date: '2026-05-03', texts }
  const { url, output, stop } = await serveWorkerd({ proxy }).catch(async (error) => {
    await local.close()
    throw error
  })
  return {
    ...local,
    url,
    output,
    async stop() {
      await stop()
      await local.close()
    },
  }
}

test('each of two readers sees the end, though the first has left; who left asks no more', async () => {
  const { emulator, url, timesAsked, output, stop } = await start()
  try {
    const release = await occupy(emulator)
    const submit = async () => {
      const body = new FormData()
      body.append('prompt', 'x')
      const sent = await fetch(`${url}/api/v1/runs?workflow_id=t3xtwr1ter00`, { method: 'POST', body })
      return ((await sent.json()) as { data: { run_id: string } }).data.run_id
    }
    const open = async (runId: string, signal = AbortSignal.timeout(60_000)) => {
      const response = await fetch(`${url}/api/v1/runs/${runId}/events`, { signal })
      assert.is(response.status, 200, output())
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      assert.match(`${(await reader.read()).value}`, /^id: queued/)
      return reader
    }
    const [shared, alone] = [await submit(), await submit()]
    const left = new AbortController()
    await open(shared, left.signal)
    await open(alone, left.signal)
    const readers = [await open(shared), await open(shared)]
    left.abort()
    // That is noticed at the next write: the comment that comes every 15 s.
    await pause(18_000)
    const before = timesAsked(alone)
    await pause(3000)
    assert.is(timesAsked(alone), before)
    await release()
    for (const reader of readers) {
      let text = ''
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
      assert.match(text, /id: completed\ndata: .*\n\n$/)
    }
    const headers = { 'last-event-id': 'completed' }
    assert.is((await fetch(`${url}/api/v1/runs/${shared}/events`, { headers })).status, 204)
    assert.is((await fetch(`${url}/api/v1/runs/unknown/events`)).status, 404)
  } finally {
    await stop()
  }
})
