// Events of many runs in Chromium over HTTP/1.1, which opens six connections to a host: through the proxy, without a key.
import { createClient } from '@flowscale/client'
import { createProxyHandler } from '@flowscale/client/proxy'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { build } from 'esbuild'
import { assert } from '#test'
import { workflows } from '../conformance/workflows.ts'
import { CANARY } from '../support/canary.ts'
import { until } from '../support/until.ts'
import { browser, suiteWithBrowser } from './kit/browser.ts'
import { serveSite } from './kit/serveSite.ts'

const test = suiteWithBrowser('events of many runs in a page')

/** Runs that never end take the streams; those after them, and other requests, must not wait for that. */
const script = `
  import { createClient } from '@flowscale/client'
  import { connectEvents } from '@flowscale/client/events'
  import { executeMany, executeWorkflowAsync } from '@flowscale/client/poller'

  // Streams are counted where they are read: the server hears later that the page has left one.
  const told = { streams: 0, open: 0, most: 0 }
  const count = async (url, init) => {
    const response = await fetch(url, init)
    if (!url.endsWith('/events')) return response
    const reader = response.body.getReader()
    const { cancel } = reader
    reader.cancel = () => {
      told.open--
      return cancel.call(reader)
    }
    response.body.getReader = () => reader
    told.streams++
    told.most = Math.max(told.most, ++told.open)
    return response
  }
  const client = createClient({ baseUrl: '/api/flowscale', fetch: count })
  const events = connectEvents(client)
  const options = { push: events, pollIntervalMs: 200 }
  const inputs = Array.from({ length: 20 }, (_, index) => ({ text: 'fox ' + index }))
  const leave = new AbortController()
  const until = async (isSo) => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  const runAll = async () => {
    const waits = inputs.map((input) => executeWorkflowAsync(client, 'quick', input, options))
    return (await Promise.all(waits)).map(({ outputs }) => outputs.length)
  }
  told.before = await runAll()
  let submitted = 0
  const endless = Array.from({ length: 6 }, () =>
    executeWorkflowAsync(client, 'nev3rend5run', {}, {
      ...options,
      signal: leave.signal,
      onSubmitted: () => submitted++,
    }).catch((error) => error),
  )
  await until(() => submitted === 6 && events.connected)
  told.beside = await runAll()
  told.live = events.connected
  const many = await executeMany(client, 'quick', inputs, { ...options, maxRequestsPerSecond: 1000 })
  told.many = many.map(({ status }) => status)
  told.hello = await (await fetch('/hello')).text()
  leave.abort('enough')
  told.endless = await Promise.all(endless)
  // The places are free again: runs end by events.
  const alone = { push: events, pollIntervalMs: 100_000 }
  told.after = (await executeWorkflowAsync(client, 'quick', inputs[0], alone)).outputs.length
  document.told = told
`

test('20 runs alone, and beside six that never end: none starves, and there are never more than three streams', async () => {
  const emulator = createEmulator({ apiKey: CANARY, speed: 20, containers: 40, workflows })
  const pod = await serve(emulator)
  const client = createClient({ baseUrl: pod.url, apiKey: CANARY })
  const handler = createProxyHandler(client, {
    basePath: '/api/flowscale',
    authorize: () => ({ groupId: 'ada' }),
  })
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['browser'],
  })
  const html = '<!doctype html><title>x</title><script type="module" src="/page.js"></script>'
  const site = await serveSite(
    {
      '/': ['text/html', html],
      '/page.js': ['text/javascript', outputFiles[0]!.text],
      '/hello': ['text/plain', 'hello'],
    },
    handler,
  )
  const page = await browser.newPage()
  try {
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(site.url)
    await page.waitForFunction(() => 'told' in document, undefined, { timeout: 120_000 })
    const { streams, ...told } = await page.evaluate(() => (document as any).told)
    console.log(`[show] ${streams} streams in all`)
    assert.equal(told, {
      most: 3,
      open: 0,
      before: Array(20).fill(1),
      beside: Array(20).fill(1),
      live: true,
      many: Array(20).fill('fulfilled'),
      hello: 'hello',
      endless: Array(6).fill('enough'),
      after: 1,
    })
    assert.equal(faults, [])
    await until(() => !site.open())
  } finally {
    await page.close()
    await site.close()
    await pod.close()
    emulator.close()
  }
})
