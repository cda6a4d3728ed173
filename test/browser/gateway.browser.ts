// The page that the gateway serves, on the small ComfyUI: in a real Chromium.

import { comfyui, createGateway } from '@flowscale/gateway'
import { readWorkflows, serve } from '@flowscale/gateway/node'
import { type Browser, chromium, type Page } from 'playwright-core'
import { assert, suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { isAccessible } from './kit/isAccessible.ts'

const test = suite('playground on a gateway')
let browser: Browser
test.before(async () => {
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
})
test.after(() => browser.close())

type Comfy = Awaited<ReturnType<typeof startComfy>>

async function withPage(
  apiKey: string | null,
  use: (page: Page, comfy: Comfy) => Promise<void>,
): Promise<void> {
  const comfy = await startComfy({ version: '0.8.0' })
  const workflows = await readWorkflows('test/comfyui/workflows')
  const gateway = createGateway({ engine: comfyui({ url: comfy.url }), workflows, apiKey })
  const server = await serve(gateway)
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(server.url)
    if (apiKey !== null) {
      await page.getByLabel('API key').fill(apiKey)
      await page.getByRole('button', { name: 'Connect' }).click()
    }
    await page.getByRole('banner').getByRole('status').filter({ hasText: 'Live' }).waitFor()
    await page.getByRole('radio', { name: 'slow', exact: true }).check()
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await use(page, comfy)
    assert.equal(faults, [], 'no error in the page')
    assertNoCanary(await page.content(), 'the document')
  } finally {
    await context.close()
    await server.close()
    gateway.close()
    await comfy.stop()
  }
}

const stage = (page: Page) => page.getByRole('region', { name: 'Selected run' })
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
      await page.waitForFunction(
        () => document.querySelector<HTMLImageElement>('.outputs img')?.naturalWidth === 128,
      )
      assert.is(runs(comfy), 1)
      // The seed that the gateway has drawn.
      await stage(page)
        .locator('.given')
        .filter({ hasText: /^seed_2\d+$/ })
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

test('the first sight asks for the key, and alarms nobody', async () => {
  const comfy = await startComfy({ version: '0.8.0' })
  const gateway = createGateway({ engine: comfyui({ url: comfy.url }), workflows: [], apiKey: CANARY })
  const server = await serve(gateway)
  const page = await browser.newPage()
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  try {
    await page.goto(server.url)
    const hint = page.getByText('This server needs an API key.')
    await hint.waitFor()
    assert.is(await page.getByLabel('API key').inputValue(), '')
    assert.is(await page.getByLabel('API key').getAttribute('aria-invalid'), 'false')
    assert.is(await hint.getAttribute('class'), 'hint')
    await isAccessible(page, 'at first sight')
    await page.keyboard.type(CANARY)
    await page.keyboard.press('Enter')
    await page.getByRole('banner').getByRole('status').filter({ hasText: 'Live' }).waitFor()
    await page.reload()
    await hint.waitFor()
    assert.equal(said, [], 'the console')
  } finally {
    await page.close()
    await server.close()
    gateway.close()
    await comfy.stop()
  }
})

const notice = (page: Page) => page.locator('#waiting')
const queue = (page: Page) => page.getByRole('region', { name: 'Queue' })

test('a ComfyUI that goes away and comes back', () =>
  withPage(null, async (page, comfy) => {
    await stage(page).getByText('completed').waitFor()
    await comfy.kill()
    await notice(page).filter({ hasText: "ComfyUI doesn't answer." }).waitFor()
    await queue(page).getByText("doesn't answer").waitFor()
    assert.is(await queue(page).getByText('idle').count(), 0)
    await page.getByRole('banner').getByRole('status').filter({ hasText: 'Waiting' }).waitFor()
    await isAccessible(page, 'without ComfyUI')
    await comfy.start()
    await notice(page).waitFor({ state: 'hidden' })
    await page.getByRole('banner').getByRole('status').filter({ hasText: 'Live' }).waitFor()
    await queue(page).getByText('idle').waitFor()
  }))

test('a ComfyUI that starts after the page', async () => {
  const comfy = await startComfy({ version: '0.8.0' })
  await comfy.kill()
  const workflows = await readWorkflows('test/comfyui/workflows')
  const gateway = createGateway({ engine: comfyui({ url: comfy.url }), workflows, apiKey: null })
  const server = await serve(gateway)
  const page = await browser.newPage()
  try {
    await page.goto(server.url)
    await notice(page).filter({ hasText: 'ComfyUI' }).waitFor()
    await page.getByText('No workflows yet.').waitFor()
    assert.is(await page.getByText('not FlowScale').count(), 0)
    await comfy.start()
    await page.getByRole('radio', { name: 'slow', exact: true }).waitFor()
    await notice(page).waitFor({ state: 'hidden' })
  } finally {
    await page.close()
    await server.close()
    gateway.close()
    await comfy.stop()
  }
})
