// The site of `npm run docs`, from a folder: pages fit narrow and wide windows, can be read, and the search finds.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { assert, suite } from '#test'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { runCommand } from '../../scripts/test/runFile.ts'
import { axe } from './kit/isAccessible.ts'

const test = suite('the site')
const site = mkdtempSync(join(tmpdir(), 'flowscale-site-'))
const urlOf = (file: string): string => pathToFileURL(join(site, file)).href
const shown = [
  'index.html',
  'docs/gateway-failures.html',
  'examples/node-batch.mjs.html',
  '_flowscale/client.html',
  '_flowscale/client/poller/executeMany.html',
]

let browser: Browser
test.before(async () => {
  const { code, output } = await runCommand(process.execPath, [
    ...['--import', 'tsx', 'scripts/docs.ts', '--out', site],
  ])
  assert.is(code, 0, output)
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
})
test.after(async () => {
  await browser?.close()
  rmSync(site, { recursive: true })
})

async function open(
  file: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<Page & { errors: string[] }> {
  const page = Object.assign(await browser.newPage(options), { errors: [] as string[] })
  page.on('pageerror', ({ message }) => page.errors.push(message))
  page.on('console', (message) => message.type() === 'error' && page.errors.push(message.text()))
  await page.goto(urlOf(file))
  // Till then its scripts have not run.
  await page.locator('#tsd-nav-container a').first().waitFor({ state: 'attached' })
  return page
}

for (const width of [320, 1280, 2560]) {
  test(`fits ${width} px, without an error`, async () => {
    for (const file of shown) {
      const page = await open(file, { viewport: { width, height: 900 } })
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.ok(over <= 0, `${file} is ${over} px too wide`)
      assert.equal(page.errors, [], file)
      await page.close()
    }
  })
}

test('every page of docs/ fits 320 px', async () => {
  const page = await open('index.html', { viewport: { width: 320, height: 900 } })
  const wide: string[] = []
  for (const file of readdirSync(join(site, 'docs'))) {
    await page.goto(urlOf(`docs/${file}`))
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    if (over > 0) wide.push(`${file}: ${over} px`)
  }
  assert.equal(wide, [])
  await page.close()
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`has enough contrast, links that show and a main part in its ${colorScheme} theme`, async () => {
    for (const file of shown) {
      const page = await open(file, { colorScheme })
      await page.evaluate(axe)
      const found: string[] = await page.evaluate(async () => {
        const { violations } = await (window as any).axe.run({
          runOnly: ['color-contrast', 'link-in-text-block', 'landmark-one-main'],
        })
        return violations.flatMap(({ nodes }: any) =>
          nodes.map(({ html, any }: any) => `${html} ${any[0].message}`),
        )
      })
      assert.equal(found, [], file)
      await page.close()
    }
  })
}

for (const [words, link] of [
  ['executeMany', '_flowscale/client/poller/executeMany.html'],
  // In the text of a page, in no title.
  ['tunnel', 'docs/gateway-several.html'],
]) {
  test(`the search finds ${words}`, async () => {
    const page = await open('index.html')
    await page.locator('#tsd-search-trigger').click()
    await page.locator('#tsd-search-input').fill(words!)
    await page.locator(`#tsd-search-results a[href$="${link}"]`).first().waitFor()
    await page.close()
  })
}

test('the search shows a guide before the members of the API that have its word', async () => {
  const page = await open('index.html')
  await page.locator('#tsd-search-trigger').click()
  await page.locator('#tsd-search-input').fill('progress')
  const results = page.locator('#tsd-search-results a')
  await results.nth(1).waitFor()
  assert.match((await results.first().getAttribute('href'))!, /docs\/progress\.html$/)
  await page.close()
})
