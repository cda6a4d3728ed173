import { type Browser, chromium } from 'playwright-core'
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
