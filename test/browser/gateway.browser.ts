// The page that the gateway serves, on the small ComfyUI: in a real Chromium.
import { createHash } from 'node:crypto'
import { comfyui, createGateway } from '@flowscale/gateway'
import { readWorkflows, serve } from '@flowscale/gateway/node'
import type { Page } from 'playwright-core'
import { assert } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { listen } from '../support/listen.ts'
import { until } from '../support/until.ts'
import { answerTo, browser, suiteWithBrowser } from './kit/browser.ts'
import { isAccessible } from './kit/isAccessible.ts'
import { choose, connect, disconnect, isShown, run, stage, status } from './kit/playground.ts'

const test = suiteWithBrowser('playground on a gateway')

type Comfy = Awaited<ReturnType<typeof startComfy>>

/** The page of a gateway with a file of keys, which has this one, or without keys; nothing is filled in yet. */
async function withGateway(
  key: string | null,
  use: (page: Page, comfy: Comfy, url: string) => Promise<void>,
): Promise<void> {
  const comfy = await startComfy({ version: '0.8.0' })
  const workflows = await readWorkflows('test/comfyui/workflows')
  const sha256 = createHash('sha256').update(`${key}`).digest('hex')
  const access = key === null ? { apiKey: null } : { keys: [{ name: 'page', sha256 }], secret: 'of links' }
  const gateway = createGateway({ engine: comfyui({ url: comfy.url }), workflows, ...access })
  const server = await serve(gateway)
  const context = await browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  try {
    await use(page, comfy, server.url)
    assert.equal(faults, [], 'no error in the page')
    assertNoCanary(await page.content(), 'the document')
  } finally {
    await context.close()
    await server.close()
    gateway.close()
    await comfy.stop()
  }
}

/** A run that was begun. */
const withPage = (apiKey: string | null, use: (page: Page, comfy: Comfy) => Promise<void>) =>
  withGateway(apiKey, async (page, comfy, url) => {
    await page.goto(url)
    if (apiKey !== null) await connect(page, apiKey)
    await status(page, 'Live')
    await choose(page, 'slow')
    await run(page)
    await use(page, comfy)
  })

const runs = (comfy: Comfy) => Object.keys(comfy.executed.runs).length

for (const apiKey of [CANARY, null]) {
  test(`a run ${apiKey === null ? 'without' : 'with'} a key: its progress, and its picture`, () =>
    withPage(apiKey, async (page, comfy) => {
      const bar = stage(page).getByRole('progressbar')
      await page.waitForFunction(() => {
        const { value = 0 } = document.querySelector<HTMLProgressElement>('.canvas progress') ?? {}
        return value > 0.3 && value < 1
      })
      // The nodes that ran, and the one at work.
      await stage(page).locator('.canvas p').filter({ hasText: /Slow$/ }).waitFor()
      await isAccessible(page, 'while it is running')
      await bar.waitFor({ state: 'detached' })
      await stage(page).getByText('completed').waitFor()
      await isShown(page, 128)
      assert.is(runs(comfy), 1)
      // The seed that the gateway has drawn.
      await stage(page)
        .locator('.given')
        .filter({ hasText: /^seed\d+$/ })
        .waitFor()
      await isAccessible(page, 'at the end')
    }))
}

test('Cancel interrupts the run in ComfyUI', () =>
  withPage(CANARY, async (page, comfy) => {
    await stage(page).getByText('running').first().waitFor()
    await stage(page).getByRole('button', { name: 'Cancel' }).click()
    await stage(page).getByText('This run was cancelled.').waitFor()
    const queue = await (await fetch(`${comfy.url}/queue`)).json()
    assert.equal(queue, { queue_running: [], queue_pending: [] })
    assert.is(runs(comfy), 1)
  }))

test('the first sight asks for the key, and alarms nobody', () =>
  withGateway(CANARY, async (page, _, url) => {
    const said: string[] = []
    page.on('console', (message) => said.push(message.text()))
    await page.goto(url)
    const hint = page.getByText('This server needs an API key.')
    await hint.waitFor()
    assert.is(await page.getByLabel('API key').inputValue(), '')
    assert.is(await page.getByLabel('API key').getAttribute('aria-invalid'), 'false')
    assert.is(await hint.getAttribute('class'), 'hint')
    await isAccessible(page, 'at first sight')
    await page.keyboard.type(CANARY)
    await page.keyboard.press('Enter')
    await page.getByRole('radio', { name: 'slow', exact: true }).waitFor()
    await page.reload()
    await status(page, 'Live')
    assert.not.ok(await hint.isVisible(), 'it is asked once')
    assert.not.match(page.url(), CANARY)
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }))
    assertNoCanary(kept, 'the storage of other tabs')
    const tab = await page.context().newPage()
    await tab.goto(url)
    await tab.getByText('This server needs an API key.').waitFor()
    await tab.close()
    await disconnect(page)
    await page.reload()
    await hint.waitFor()
    assert.equal(said, [], 'the console')
  }))

const notice = (page: Page) => page.locator('#waiting')
const queue = (page: Page) => page.getByRole('region', { name: 'Queue' })

test('a ComfyUI that goes away and comes back', () =>
  withPage(null, async (page, comfy) => {
    await stage(page).getByText('completed').waitFor()
    await comfy.kill()
    await notice(page).filter({ hasText: 'ComfyUI: does not answer.' }).waitFor()
    await queue(page).getByText('does not answer').waitFor()
    assert.is(await queue(page).getByText('idle').count(), 0)
    await status(page, 'Waiting')
    await isAccessible(page, 'without ComfyUI')
    await comfy.start()
    await notice(page).waitFor({ state: 'hidden' })
    await status(page, 'Live')
    await queue(page).getByText('idle').waitFor()
  }))

test('a paused ComfyUI', () =>
  withGateway(null, async (page, _, url) => {
    await page.route(/\/comfy\/(health|queue)/, async (route) => {
      const { data } = await (await answerTo(route)).json()
      Object.assign(data[0], { status: 'stopped', reason: 'paused' })
      await route.fulfill({ json: { status: 'success', data } })
    })
    await page.goto(url)
    await notice(page).filter({ hasText: 'ComfyUI: paused.' }).waitFor()
    await queue(page).getByText('paused').waitFor()
  }))

test('a ComfyUI that starts after the page', () =>
  withGateway(null, async (page, comfy, url) => {
    await comfy.kill()
    await page.goto(url)
    await notice(page).filter({ hasText: 'ComfyUI' }).waitFor()
    await page.getByText('No workflows yet.').waitFor()
    assert.is(await page.getByText('not FlowScale').count(), 0)
    await comfy.start()
    await page.getByRole('radio', { name: 'slow', exact: true }).waitFor()
    await notice(page).waitFor({ state: 'hidden' })
  }))

test('a page of another site can show the page in no frame: a click there would start a run', () =>
  withGateway(null, async (page, _comfy, url) => {
    const site = await listen((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<iframe src="${url}/"></iframe>`)
    })
    try {
      await page.goto(site.url)
      await page.waitForFunction(() => window.frames.length === 1)
      const [frame] = page.mainFrame().childFrames()
      await until(() => frame!.url() !== 'about:blank' && frame!.url() !== '')
      assert.is(await frame!.locator('.stage').count(), 0)
      assert.match(frame!.url(), /^chrome-error:/)
    } finally {
      await site.close()
    }
  }))
