import { type Browser, chromium } from 'playwright-core'
import { suite } from 'uvu'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { testMount } from './kit/testMount.ts'

const test = suite('Hono')
let browser: Browser
test.before(async () => {
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
})
test.after(() => browser.close())

testMount(test, { name: 'Hono', document: 'proxy-hono.md', browser: () => browser })

test.run()
