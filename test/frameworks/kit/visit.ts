import { encode } from 'fast-png'
import type { Browser, Page } from 'playwright-core'
import { assert } from '#test'
import { assertNoCanary } from '../../support/canary.ts'

const data = new Uint8Array(64 * 48 * 3).map((_, index) => index % 251)
export const photo = {
  name: 'photo.png',
  mimeType: 'image/png',
  buffer: Buffer.from(encode({ width: 64, height: 48, channels: 3, data })),
}

interface Visitor {
  readonly page: Page
  /** The session, as a header. */
  readonly cookie: string
  /** Of the session, as the pod knows it. */
  readonly groupId: string
  /** How many streams of events the page has opened. */
  streams(): number
  /** Sends the form with a prompt, and a file where there is a field for one, by so many clicks at once. */
  generate(prompt: string, clicks?: number): Promise<void>
  says(text: string | RegExp): Promise<void>
  /** Waits for a bar that says how far the run is; gives its values until one is above `least`, or none if the run ends. */
  progress(least: number): Promise<number[]>
  image(): Promise<void>
  /** Clicks, even if the run has just ended. */
  cancel(): Promise<void>
  /** Closes the browser, and checks what it got and said; `expected` are errors of its own. */
  leave(expected?: RegExp): Promise<void>
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
  const [session] = await context.cookies(url)
  const image = page.getByRole('img')
  return {
    page,
    cookie: `${session!.name}=${session!.value}`,
    groupId: `visitor-${session!.value}`,
    streams: () => streams,
    async generate(prompt, clicks = 1) {
      await page.getByLabel('Prompt').fill(prompt)
      const file = page.getByLabel('Image')
      if (await file.count()) await file.setInputFiles(photo)
      const button = page.getByRole('button', { name: 'Generate' })
      await button.evaluate((button: HTMLElement, clicks) => {
        for (let click = 0; click < clicks; click++) button.click()
      }, clicks)
    },
    says: (text) => page.getByRole('status').filter({ hasText: text }).waitFor(),
    async progress(least) {
      const bar = await page.waitForFunction((least) => {
        // A page has its own: a reload begins anew.
        const page = window as { seen?: number[] }
        page.seen ??= []
        const { position = 0 } = document.querySelector('progress') ?? {}
        if (position > 0 && position < 1 && position !== page.seen.at(-1)) page.seen.push(position)
        if (/completed/.test(document.querySelector('[role=status]')?.textContent ?? '')) return []
        return page.seen.length > 1 && page.seen.at(-1)! > least && page.seen
      }, least)
      return (await bar.jsonValue()) as number[]
    },
    async image() {
      await image.waitFor()
      await page.waitForFunction(() => document.querySelector('img')!.naturalWidth > 0)
    },
    cancel: () =>
      page.getByRole('button', { name: 'Cancel' }).evaluate((button: HTMLElement) => button.click()),
    async leave(expected) {
      assertNoCanary(await page.content(), 'the document')
      await Promise.all(got)
      await context.close()
      const unexpected = faults.filter((fault) => !expected?.test(fault))
      assert.equal(unexpected, [], 'neither errors nor warnings')
    },
  }
}

/** A body can't be read any more once its page has gone; anything else is a failure. */
function ignoreGone(error: unknown): void {
  if (
    !/No resource with given identifier|Target (page, context|closed)|evicted|No data found|unavailable for redirect|Response body is/.test(
      String(error),
    )
  )
    throw error
}
