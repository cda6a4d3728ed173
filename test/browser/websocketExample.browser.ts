// The example without a bundler: its import map, the build of the client, and one run, in a real Chromium.

import { readdirSync, readFileSync } from 'node:fs'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import type { Page } from 'playwright-core'
import { assert } from '#test'
import { answerTo, browser, suiteWithBrowser } from './kit/browser.ts'
import { isAccessible } from './kit/isAccessible.ts'
import { type Files, serveSite } from './kit/serveSite.ts'

const test = suiteWithBrowser('websocket-example')

const address = 'http://127.0.0.1:4188'
const example = readFileSync('examples/websocket-example.html', 'utf8')
const script = (file: string) => readFileSync(`packages/client/dist/${file}`, 'utf8')

/** The page, beside the files of the client, and a local FlowScale whose port it knows. */
async function withExample(use: (page: Page) => Promise<void>): Promise<void> {
  const emulator = createEmulator({ speed: 2 })
  const pod = await serve(emulator)
  assert.is(example.split(address).length, 2)
  const files: Files = { '/': ['text/html', example.replace(address, pod.url)] }
  for (const file of readdirSync('packages/client/dist').filter((name) => name.endsWith('.js'))) {
    files[`/client/${file}`] = ['text/javascript', script(file)]
  }
  const site = await serveSite(files, () => new Response(null, { status: 404 }))
  const page = await browser.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  try {
    await page.goto(site.url)
    await use(page)
    assert.equal(faults, [])
  } finally {
    await page.close()
    site.close()
    await pod.close()
    emulator.close()
  }
}

test('a run whose progress comes over the WebSocket, and its picture', () =>
  withExample(async (page) => {
    // No poll has a progress.
    await page.route(/\/api\/v1\/runs/, async (route) => {
      const answer = await answerTo(route)
      const json = JSON.parse(await answer.text(), (key, value) => (key === 'progress' ? undefined : value))
      await route.fulfill({ response: answer, json })
    })
    await page.getByLabel('Prompt').fill('a red fox in snow')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.waitForFunction(() => {
      const { value } = document.querySelector('progress')!
      return value > 0 && value < 1
    })
    await isAccessible(page, 'while it is running')
    const image = page.getByRole('img', { name: 'a red fox in snow' })
    await image.waitFor()
    await page.waitForFunction(() => document.querySelector('img')!.naturalWidth === 768)
    assert.ok(await page.getByRole('button', { name: 'Run' }).isEnabled())
    await isAccessible(page, 'at the end')
  }))

test('a failure stands in words, and the next run can start', () =>
  withExample(async (page) => {
    await page.route(/\/api\/v1\/runs\?/, (route) =>
      route.fulfill({ status: 403, json: { status: 'error', errors: ['Not today'] } }),
    )
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByRole('status').filter({ hasText: 'Not today' }).waitFor()
    assert.ok(await page.getByRole('button', { name: 'Run' }).isEnabled())
  }))
