import { encode } from 'fast-png'
import type { Browser, Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { assertNoCanary } from '../../support/canary.ts'

const data = new Uint8Array(64 * 48 * 3).map((_, index) => index % 251)
const photo = {
  name: 'photo.png',
  mimeType: 'image/png',
  buffer: Buffer.from(encode({ width: 64, height: 48, channels: 3, data })),
}

export interface Visitor {
  readonly page: Page
  /** The session, as a header. */
  cookie(): Promise<string>
  /** How many streams of events the page has opened. */
  streams(): number
  /** Sends the form with a file and a prompt. */
  generate(prompt: string): Promise<void>
  says(text: string): Promise<void>
  /** Waits for a bar that says how far the run is; gives the values that it shows until one is above `least`. */
  progress(least: number): Promise<number[]>
  image(): Promise<void>
  cancel(): Promise<void>
  /** Checks what the browser got and said, and closes it. */
  leave(): Promise<void>
}

/** Opens an app in a browser of its own. */
export async function visit(browser: Browser, url: string): Promise<Visitor> {
  const context = await browser.newContext()
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const faults: string[] = []
  const got: Promise<unknown>[] = []
  let streams = 0
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    if (/^(error|warning)$/.test(message.type())) faults.push(message.text())
  })
  page.on('response', (response) => {
    const headers = response.headers()
    assertNoCanary([response.url(), headers], 'an answer')
    if (headers['content-type']?.startsWith('text/event-stream')) streams++
    else got.push(response.text().then((text) => assertNoCanary(text, response.url()), ignoreGone))
  })
  page.on('request', (request) => assertNoCanary([request.url(), request.headers()], 'a request'))
  await page.goto(url)
  const image = page.getByRole('img')
  return {
    page,
    cookie: async () => (await context.cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; '),
    streams: () => streams,
    async generate(prompt) {
      await page.getByLabel('Image').setInputFiles(photo)
      await page.getByLabel('Prompt').fill(prompt)
      await page.getByRole('button', { name: 'Generate' }).click()
    },
    says: (text) => page.getByRole('status').filter({ hasText: text }).waitFor(),
    async progress(least) {
      const values = new Set<number>()
      const bar = await page.waitForFunction((least) => {
        const seen: number[] = ((window as any).seen ??= [])
        const bar = document.querySelector('progress')
        if (bar && bar.position > 0 && bar.position < 1 && bar.position !== seen.at(-1)) seen.push(bar.position)
        return seen.at(-1)! > least && seen.length > 1 && seen
      }, least)
      for (const value of (await bar.jsonValue()) as number[]) values.add(value)
      return [...values]
    },
    async image() {
      await image.waitFor()
      await page.waitForFunction(() => document.querySelector('img')!.naturalWidth > 0)
    },
    cancel: () => page.getByRole('button', { name: 'Cancel' }).click(),
    async leave() {
      assertNoCanary(await page.content(), 'the document')
      await Promise.all(got)
      await context.close()
      assert.equal(faults, [], 'neither errors nor warnings')
    },
  }
}

/** A body can't be read any more once its page has gone; anything else is a failure. */
function ignoreGone(error: unknown): void {
  if (!/No resource with given identifier|Target (page, context|closed)|evicted|No data found|unavailable for redirect|Response body is/.test(String(error))) throw error
}
