// The page that the servers show, behind the proxy, without a key, driven in a real Chromium.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '@flowscale/client'
import { createProxyHandler } from '@flowscale/client/proxy'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert } from '#test'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { browser, suiteWithBrowser } from './kit/browser.ts'
import {
  attach,
  choose,
  colorOf,
  isPreviewed,
  isShown,
  preview,
  run,
  stage,
  status,
  stepwise,
} from './kit/playground.ts'
import { serveSite } from './kit/serveSite.ts'

const test = suiteWithBrowser('playground behind the proxy')
const session = 'session=of-ada'

const file = (name: string) => readFileSync(`packages/gateway/dist/playground/${name}`, 'utf8')

/** The app of a user: its page at `/`, which is signed in by a cookie, and the handler at `/api/flowscale`. */
async function openApp(podUrl: string) {
  const client = createClient({ baseUrl: podUrl, apiKey: CANARY })
  const handler = createProxyHandler(client, {
    basePath: '/api/flowscale',
    authorize: (request) => (request.headers.get('cookie')?.includes(session) ? { groupId: 'ada' } : false),
  })
  /** What came over the wire for the proxy, the handshakes of WebSockets included. */
  const seen: unknown[][] = []
  const { url, close } = await serveSite(
    {
      '/': ['text/html', file('index.html')],
      '/main.js': ['text/javascript', file('main.js')],
      '/main.css': ['text/css', file('main.css')],
    },
    (request) => {
      const { pathname, search } = new URL(request.url)
      seen.push([pathname + search, ...request.headers])
      return pathname.startsWith('/api/flowscale/') ? handler(request) : new Response(null, { status: 404 })
    },
  )
  const context = await browser.newContext()
  const [name = '', value = ''] = session.split('=')
  await context.addCookies([{ name, value, url, httpOnly: true, sameSite: 'Lax' }])
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  return {
    ...{ page, seen, url },
    async close() {
      await context.close()
      await close()
    },
  }
}

for (const server of ['/api/flowscale', 'the URL']) {
  test(`a whole run, an upload and a cancel, by ${server}`, async () => {
    const emulator = createEmulator({ apiKey: CANARY, speed: 20 })
    const pod = await serve(emulator)
    const app = await openApp(pod.url)
    const { page, url } = app
    try {
      const faults: string[] = []
      page.on('pageerror', (error) => faults.push(String(error)))
      await page.goto(url)
      // There is no FlowScale at the page's own origin.
      await page.getByLabel('Server').fill(server.startsWith('/') ? server : `${url}api/flowscale`)
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
      await page.getByRole('button', { name: 'Connect', exact: true }).click()
      await status(page, 'Polling')

      await page.getByLabel('Text text_51536').fill('a red fox in snow')
      await run(page)
      await stage(page).getByRole('img', { name: 'a red fox in snow' }).waitFor()
      await isShown(page, 768)

      await choose(page, 'Image to Image')
      await attach(page, 'Image input')
      await page.getByRole('textbox', { name: 'Prompt' }).fill('in oil')
      await run(page)
      await isShown(page, 64)

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
        words.filter((word) => !/^Connection: (Connecting …|Polling)$/.test(word)),
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
      await app.close()
      await pod.close()
      emulator.close()
    }
  })
}

test('previews of a run at work, without the key', async () => {
  const steps = stepwise()
  const emulator = createEmulator({ apiKey: CANARY, speed: 20, workflows: [steps.definition] })
  const pod = await serve(emulator)
  const app = await openApp(pod.url)
  const { page, url } = app
  try {
    await page.goto(url)
    await page.getByLabel('Server').fill('/api/flowscale')
    await page.getByLabel('API key').fill('')
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await status(page, 'Polling')
    await choose(page, 'Stepwise')
    await run(page)
    const context = await steps.started
    for (const [index, color] of [[200, 30, 40] as const, [30, 160, 40] as const].entries()) {
      context.preview!(preview(...color))
      await isPreviewed(page, index + 1)
      assert.is(await colorOf(page.locator('.canvas')), String(color))
    }
    const asked = app.seen.filter(([address]) => String(address).includes('/preview?'))
    assert.is(asked.length, 2)
    assertNoCanary(app.seen, 'what came over the wire')
    steps.end()
    await isShown(page, 64)
  } finally {
    await app.close()
    await pod.close()
    emulator.close()
  }
})

test('a page of another site can neither run, nor cancel, nor read', async () => {
  const emulator = createEmulator({ apiKey: CANARY, speed: 20 })
  const pod = await serve(emulator)
  const app = await openApp(pod.url)
  const evil = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Free pictures</h1>')
  })
  await new Promise<void>((resolve) => evil.listen(0, 'localhost', resolve))
  const { page, url } = app
  try {
    await page.goto(url)
    await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}`)
    const api = `${url}api/flowscale/api/v1`
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
    await app.close()
    evil.close()
    evil.closeAllConnections()
    await pod.close()
    emulator.close()
  }
})
