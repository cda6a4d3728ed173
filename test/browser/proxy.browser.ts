// The page that the servers show, behind the proxy, without a key, driven in a real Chromium.
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { createClient } from '@flowscale/client'
import { createProxyHandler } from '@flowscale/client/proxy'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { getRequestListener } from '@hono/node-server'
import { encode } from 'fast-png'
import { type Browser, chromium, type Page } from 'playwright-core'
import { assert, suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { assertNoCanary, CANARY } from '../support/canary.ts'

const test = suite('playground behind the proxy')
const playground = 'packages/gateway/dist/playground'
const session = 'session=of-ada'
const photo = Buffer.from(
  encode({ width: 64, height: 48, channels: 3, data: new Uint8Array(64 * 48 * 3).fill(120) }),
)

let browser: Browser
test.before(async () => {
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
})
test.after(() => browser.close())

const stop = (server: Server) =>
  new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })

/** The app of a user: its page at `/`, which signs in by a cookie, and the handler at `/api/flowscale`. */
async function serveApp(podUrl: string) {
  const client = createClient({ baseUrl: podUrl, apiKey: CANARY })
  const handler = createProxyHandler(client, {
    basePath: '/api/flowscale',
    authorize: (request) => (request.headers.get('cookie')?.includes(session) ? { groupId: 'ada' } : false),
  })
  const proxy = getRequestListener(handler)
  /** What came over the wire, the handshakes of WebSockets included. */
  const seen: string[][] = []
  const server = createServer((request, response) => {
    const { url = '' } = request
    seen.push([url, ...request.rawHeaders])
    if (url.startsWith('/api/flowscale/')) return void proxy(request, response)
    const file = url === '/' ? 'index.html' : /^\/main\.(js|css)$/.test(url) ? url.slice(1) : undefined
    if (!file) return void response.writeHead(404).end()
    response.writeHead(200, {
      'content-type': `text/${{ '.js': 'javascript', '.css': 'css' }[extname(file)] ?? 'html'}`,
      'set-cookie': `${session}; HttpOnly; SameSite=Lax`,
    })
    response.end(readFileSync(`${playground}/${file}`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { seen, port: (server.address() as AddressInfo).port, close: () => stop(server) }
}

const status = (page: Page, word: string) =>
  page.getByRole('banner').getByRole('status').filter({ hasText: word }).waitFor()
const stage = (page: Page) => page.getByRole('region', { name: 'Selected run' })
const choose = (page: Page, name: string) => page.getByRole('radio', { name, exact: true }).check()
const run = (page: Page) => page.getByRole('button', { name: 'Run', exact: true }).click()

for (const server of ['/api/flowscale', 'the URL']) {
  test(`a whole run, an upload and a cancel, by ${server}`, async () => {
    const emulator = createEmulator({ apiKey: CANARY, speed: 20 })
    const pod = await serve(emulator)
    const app = await serveApp(pod.url)
    const origin = `http://127.0.0.1:${app.port}`
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      page.setDefaultTimeout(60_000)
      const faults: string[] = []
      page.on('pageerror', (error) => faults.push(String(error)))
      await page.goto(origin)
      // There is no FlowScale at the page's own origin.
      await page.getByLabel('Server').fill(server.startsWith('/') ? server : `${origin}/api/flowscale`)
      await page.getByLabel('API key').fill('')

      const requests: { url: string; headers: Record<string, string>; data: string | undefined }[] = []
      const sockets: string[] = []
      const asked: Promise<unknown>[] = []
      page.on('websocket', (socket) => sockets.push(socket.url()))
      page.on('request', (request) => {
        const noted = request.allHeaders().then((headers) => {
          const data = request.postDataBuffer()?.toString('latin1')
          requests.push({ url: request.url(), headers, data })
        })
        asked.push(noted.catch(() => {}))
      })
      const words: string[] = []
      await page.exposeFunction('note', (word: string) => words.push(word))
      await page.evaluate(() => {
        const live = document.getElementById('live')!
        new MutationObserver(() => (window as any).note(live.textContent)).observe(live, {
          childList: true,
          characterData: true,
          subtree: true,
        })
      })
      await page.getByRole('button', { name: 'Connect' }).click()
      await status(page, 'Polling')

      await page.getByLabel('Text text_51536').fill('a red fox in snow')
      await run(page)
      await stage(page).getByRole('img', { name: 'a red fox in snow' }).waitFor()
      await page.waitForFunction(
        () => (document.querySelector('.outputs img') as HTMLImageElement).naturalWidth === 768,
      )

      await choose(page, 'Image to Image')
      await page
        .getByLabel('Image input')
        .setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: photo })
      await page.getByRole('textbox', { name: 'Prompt' }).fill('in oil')
      await run(page)
      await page.waitForFunction(
        () => (document.querySelector('.outputs img') as HTMLImageElement)?.naturalWidth === 64,
      )

      await choose(page, 'Never Ends')
      await run(page)
      await stage(page).getByText('running').first().waitFor()
      await stage(page).getByRole('button', { name: 'Cancel' }).click()
      await stage(page).getByText('This run was cancelled.').waitFor()
      await status(page, 'Polling')

      assert.is(emulator.stats.runsStarted, 3)
      const inGroup = await emulator.fetch(`${emulator.url}/api/v1/runs?group_id=ada`, {
        headers: { 'x-api-key': CANARY },
      })
      assert.is((await inGroup.json()).data.runs.length, 3)
      assert.equal(
        words.filter((word) => !/^(Connecting …|Polling)$/.test(word)),
        [],
      )
      await Promise.all(asked)
      assert.ok(requests.length > 10)
      for (const request of requests) {
        assertNoCanary(request, 'a request of the page')
        assert.is(request.headers['x-api-key'], undefined)
      }
      assertNoCanary(app.seen, 'what came over the wire')
      assert.ok(app.seen.some(([url]) => url === '/api/flowscale/api/v1/ws'))
      assertNoCanary(sockets, 'an address of a WebSocket')
      assert.ok(sockets.length && sockets.every((url) => !url.includes('?')))
      assertNoCanary(await page.content(), 'the document')
      assert.is(emulator.stats.keysRefusedAtFiles, 0)
      assert.equal(faults, [])
      console.log(`[show] the page behind the proxy: ${requests.length} requests, the key in none of them`)
    } finally {
      await context.close()
      await app.close()
      await pod.close()
      emulator.close()
    }
  })
}

test('a page of another site can neither run, nor cancel, nor read', async () => {
  const emulator = createEmulator({ apiKey: CANARY, speed: 20 })
  const pod = await serve(emulator)
  const app = await serveApp(pod.url)
  const evil = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Free pictures</h1>')
  })
  await new Promise<void>((resolve) => evil.listen(0, 'localhost', resolve))
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    await page.goto(`http://127.0.0.1:${app.port}`)
    await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}`)
    const api = `http://127.0.0.1:${app.port}/api/flowscale/api/v1`
    const read = await page.evaluate(async (api) => {
      const body = new FormData()
      body.append('text_51536', 'on your bill')
      // A simple request: it is sent, with the cookies that the browser gives it.
      const options: RequestInit = { method: 'POST', mode: 'no-cors', credentials: 'include' }
      await fetch(`${api}/runs?workflow_id=bncu0a1kipv`, { ...options, body })
      await fetch(`${api}/runs/some-run/cancel`, options)
      return fetch(`${api}/runs`, { credentials: 'include' }).then(
        () => 'read',
        () => 'refused',
      )
    }, api)
    assert.is(read, 'refused')
    const [answer] = await Promise.all([
      page.waitForResponse(/\/runs\?workflow_id/),
      page.evaluate((api) => {
        const form = document.createElement('form')
        Object.assign(form, { method: 'post', action: `${api}/runs?workflow_id=bncu0a1kipv` })
        form.enctype = 'multipart/form-data'
        document.body.append(form)
        form.submit()
      }, api),
    ])
    assert.is(answer.status(), 403)
    assert.is(emulator.stats.runsStarted, 0)
    assert.is(emulator.stats.requests, 0, 'nothing gets to the pod')
  } finally {
    await context.close()
    await stop(evil)
    await app.close()
    await pod.close()
    emulator.close()
  }
})
