import { type APIResponse, type Browser, chromium, type Page, type Route } from 'playwright-core'
import { suite, type Test } from '#test'
import { chromium as executablePath } from '../../../scripts/lib/ensure.mjs'

/** That of the suite that runs. */
export let browser: Browser

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })

/** A suite with a Chromium of its own, `browser`. */
export function suiteWithBrowser(name: string): Test {
  const test = suite(name)
  test.before(async () => {
    browser = await launch()
  })
  test.after(() => browser.close())
  return test
}

/** Keeps the answers to these requests until the function is called. */
export async function hold(page: Page, address: RegExp): Promise<() => void> {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route(address, async (route) => {
    await held
    await route.fallback()
  })
  return release
}

/** The server's answer. The server may just have closed the connection that Playwright uses again. */
export const answerTo = (route: Route): Promise<APIResponse> => route.fetch({ maxRetries: 1 })
