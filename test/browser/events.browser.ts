// Events of many runs in Chromium over HTTP/1.1, which opens six connections to a host: through the proxy, without a key.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '@flowscale/client'
import { createProxyHandler } from '@flowscale/client/proxy'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { getRequestListener } from '@hono/node-server'
import { build } from 'esbuild'
import { type Browser, chromium } from 'playwright-core'
import { assert, suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { workflows } from '../conformance/workflows.ts'
import { CANARY } from '../support/canary.ts'

const test = suite('events of many runs in a page')
let browser: Browser
test.before(async () => {
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
})
test.after(() => browser.close())

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
  const proxy = getRequestListener(
    createProxyHandler(createClient({ baseUrl: pod.url, apiKey: CANARY }), {
      basePath: '/api/flowscale',
      authorize: () => ({ groupId: 'ada' }),
    }),
  )
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['browser'],
  })
  const files: Record<string, [type: string, body: string]> = {
    '/': ['text/html', '<!doctype html><title>x</title><script type="module" src="/page.js"></script>'],
    '/page.js': ['text/javascript', outputFiles[0]!.text],
    '/hello': ['text/plain', 'hello'],
  }
  const open = new Set<unknown>()
  const versions = new Set<string>()
  const server = createServer((request, response) => {
    const { url = '', httpVersion } = request
    const file = files[url]
    if (file) return void response.writeHead(200, { 'content-type': file[0] }).end(file[1])
    versions.add(httpVersion)
    if (url.endsWith('/events')) {
      open.add(response)
      response.on('close', () => open.delete(response))
    }
    return void proxy(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const page = await browser.newPage()
  try {
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
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
    assert.equal([...versions], ['1.1'])
    while (open.size) await new Promise((resolve) => setTimeout(resolve, 10))
  } finally {
    await page.close()
    server.close()
    server.closeAllConnections()
    await pod.close()
    emulator.close()
  }
})
