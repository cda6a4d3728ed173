// The site of `npm run docs` in Chromium: pages fit their windows, can be read and used, and the search finds.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { assert, suite } from '#test'
import { runCommand } from '../../scripts/test/runFile.ts'
import { hold, launch } from './kit/browser.ts'
import { isAccessible } from './kit/isAccessible.ts'

const test = suite('the site')
const site = mkdtempSync(join(tmpdir(), 'flowscale-site-'))
const guides = readdirSync('docs')
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
const executeMany = 'api/client/poller/functions/executeMany.html'
const clientOptions = 'api/client/index/interfaces/ClientOptions.html'

let browser: Browser
test.before(async () => {
  const { code, output } = await runCommand('npm', ['run', 'docs', '--', '--out', site])
  assert.is(code, 0, output)
  browser = await launch()
})
test.after(async () => {
  await browser?.close()
  rmSync(site, { recursive: true })
})

const text = (file: string): string => readFileSync(join(site, file), 'utf8')

/** Opens a page, and fails if it reports an error. */
async function visit(
  file: string,
  { width = 1280, colorScheme = 'light' }: { width?: number; colorScheme?: 'light' | 'dark' },
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.route('http://site/**', (route) => {
    const path = join(site, decodeURIComponent(new URL(route.request().url()).pathname))
    return route.fulfill({ path: path.endsWith('/') ? `${path}index.html` : path })
  })
  await page.goto(`http://site/${file}`)
  // Till then its buttons do nothing.
  await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
  try {
    await use(page)
  } finally {
    await page.close()
  }
  assert.equal(errors, [], file)
}

test('no page scrolls sideways, from 320 to 3840 px', async () => {
  const html = guides.map((file) => file.replace('.md', '.html'))
  for (const file of ['', 'readme.html', executeMany, clientOptions, 'examples/node-batch-mjs.html', ...html])
    await visit(file, {}, async (page) => {
      for (const width of [320, 390, 1280, 2560, 3840]) {
        await page.setViewportSize({ width, height: 900 })
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(over <= 0, `${file} is ${over} px too wide at ${width} px`)
      }
    })
})

async function search(page: Page, words: string): Promise<string[]> {
  const input = page.locator('#localsearch-input')
  if (!(await input.isVisible())) await page.keyboard.press('Control+k')
  const results = page.locator('#localsearch-list a')
  // Nothing is left of the search before.
  await input.fill('')
  await results.first().waitFor({ state: 'detached' })
  await input.fill(words)
  await results.first().waitFor()
  return results.evaluateAll((links) => links.map((link) => link.getAttribute('href')!))
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the ${colorScheme} theme`, async () => {
    for (const file of ['', 'readme.html', 'docs/gateway-failures.html', executeMany, clientOptions])
      await visit(file, { colorScheme }, (page) => isAccessible(page, file))
    await visit('', { colorScheme }, async (page) => {
      await search(page, 'cancel')
      await isAccessible(page, 'a search')
    })
    await visit('readme.html', { colorScheme, width: 390 }, async (page) => {
      await page.locator('.VPLocalNav .menu').click()
      await isAccessible(page, 'the menu')
    })
  })
}

test('the menu has the guides first, and shows them', () =>
  visit('docs/files.html', {}, async (page) => {
    const groups = await page.locator('.VPSidebarItem.level-0 > .item .text').allTextContents()
    assert.is(groups.join(), 'Guides,Commands and servers,Reference,For engineers,Examples')
    assert.ok(await page.locator('.VPSidebar a[href="/docs/many-runs.html"]').isVisible())
    // Parts of the API open by themselves.
    assert.not.ok(await page.locator(`.VPSidebar a[href="/${executeMany}"]`).isVisible())
    await page.goto(`http://site/${executeMany}`)
    const link = page.locator(`.VPSidebar a[href="/${executeMany}"]`)
    await link.waitFor()
    // The menu scrolls to the open page, and a wider window makes it no narrower.
    await page.waitForFunction(
      (link) => {
        const { top, bottom } = link!.getBoundingClientRect()
        return top >= 0 && bottom <= innerHeight
      },
      await link.elementHandle(),
    )
    const widthOfMenu = () => page.locator('.VPSidebar').evaluate((menu) => menu.clientWidth)
    const width = await widthOfMenu()
    await page.setViewportSize({ width: 1440, height: 900 })
    assert.is(await widthOfMenu(), width, 'the menu at 1440 px')
  }))

test('the start page has a picture, the version, and three doors that open', () =>
  visit('', {}, async (page) => {
    const picture = page.locator('.VPHero img')
    assert.ok(
      await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
    )
    const { version } = JSON.parse(readFileSync('packages/client/package.json', 'utf8'))
    assert.ok(await page.locator('.VPNavBar a', { hasText: version }).isVisible())
    assert.ok(
      await page.locator('.VPNavBar img.logo').evaluate((logo: HTMLImageElement) => logo.naturalWidth),
    )
    for (const [door, heading] of ['Run the gateway', 'Running a workflow', 'In a page'].entries()) {
      await page.locator('a.VPFeature').nth(door).click()
      await page.locator('h1', { hasText: heading }).waitFor()
      await page.goBack()
    }
  }))

test('a guide leads to the previous and the next one', () =>
  visit('readme.html', {}, async (page) => {
    await page.locator('.pager-link.next').click()
    await page.locator('h1', { hasText: 'Running a workflow' }).waitFor()
    await page.locator('.pager-link.prev').click()
    await page.locator('h1', { hasText: 'FlowScale for JavaScript' }).waitFor()
  }))

for (const width of [320, 1024, 1440]) {
  test(`the switch of the theme is in sight at ${width} px`, () =>
    visit('docs/files.html', { width }, async (page) => {
      const isDark = () => page.evaluate(() => document.documentElement.classList.contains('dark'))
      assert.not.ok(await isDark())
      await page.locator('.VPSwitchAppearance >> visible=true').click()
      assert.ok(await isDark())
    }))
}

test('on a phone, the menu comes before the headings of the page', () =>
  visit('docs/files.html', { width: 390 }, async (page) => {
    assert.equal(await page.locator('.VPLocalNav button').allInnerTexts(), ['Menu', 'On this page'])
    const link = page.locator('.VPSidebar a[href="/docs/many-runs.html"]')
    await page.locator('.VPLocalNav .menu').click()
    await link.click()
    await page.locator('h1', { hasText: 'Many runs' }).waitFor()
  }))

/** Words, and what the address of the first result, or of one of the first three, has in it. */
const found = `
429          /docs/errors
abort        /docs/running
agent        /docs/(ai-sdk|mcp)  first
app router   /docs/in-a-page|/docs/proxy
authorize    /docs/proxy
axios        /MIGRATING
batch        /docs/command-scripts
bun          /docs/runtimes
cancel       /cancelRun
comfyui      /docs/gateway.html
cors         /docs/proxy
deno         /docs/runtimes
docker       /docs/gateway-hosting
download     /downloadOutput
error        /docs/errors
executeMany  /executeMany
express      /docs/proxy
files        /docs/files
gateway      /docs/gateway
hono         /docs/proxy
key          /docs/gateway-keys
log          /createLogger
lora         /docs/gateway.html  first
mcp          /docs/mcp
mock         /docs/emulator
next.js      /docs/in-a-page
open webui   /docs/openai
price        /docs/guarantees
progress     /docs/progress
python       /docs/without-client  first
queue        /(getQueue|docs/gateway-several)
react        /docs/store
redis        /docs/gateway-many  first
redirect     /docs/errors
resume       /docs/running
retry        /docs/errors
seed         /docs/ai-sdk|/docs/command
several gpus /docs/gateway-several
svelte       /docs/in-a-page
timeout      /TimeoutError|/docs/errors
types        /docs/typed-workflows
upload       /docs/files
video        /docs/ai-sdk
vue          /docs/in-a-page
webhook      /docs/webhooks  first
websocket    /docs/progress
worker       /docs/proxy|/docs/runtimes
`
test('the search finds', () =>
  visit('', {}, async (page) => {
    const wrong: string[] = []
    for (const row of found.trim().split('\n')) {
      const [, words, path, only] = /^(\S.*?) +(\/\S+)( {2}first)?$/.exec(row)!
      const first = (await search(page, words!)).slice(0, only ? 1 : 3)
      if (!first.some((href) => new RegExp(path!).test(href))) wrong.push(`${words}: ${first.join(', ')}`)
    }
    assert.equal(wrong, [])
  }))

test('a search whose index is still loading says so', () =>
  visit('', {}, async (page) => {
    const release = await hold(page, /localSearchIndex/)
    await page.keyboard.press('Control+k')
    const loading = page.locator('.VPLocalSearchBox', { hasText: 'Loading…' })
    await loading.waitFor()
    release()
    await loading.waitFor({ state: 'detached' })
    await search(page, 'cancel')
  }))

test('a link to a heading leads to one', () => {
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' })
  const pages = files.filter((name) => name.endsWith('.html')).map((name) => name.replaceAll('\\', '/'))
  const dead = pages.flatMap((name) =>
    [...text(name).matchAll(/<a [^>]*?href="([^"]+)"/g)].flatMap(([, href]) => {
      const { host, pathname, hash } = new URL(href!, `http://site/${name}`)
      if (host !== 'site') return []
      const file = decodeURIComponent(pathname).replace(/\/$/, '/index.html').slice(1)
      const isThere = existsSync(join(site, file)) && (!hash || text(file).includes(`id="${hash.slice(1)}"`))
      return isThere ? [] : [`${name}: ${href}`]
    }),
  )
  assert.equal(dead, [])
})

test('llms.txt lists pages that are there, and llms-full.txt holds all guides', () => {
  const list = text('llms.txt')
  assert.match(list, /^# FlowScale for JavaScript\n\n> .+\n\n## Guides\n\n- \[/)
  const links = [...list.matchAll(/^- \[.+\]\((.+)\): .+$/gm)].map(([, link]) => link!)
  assert.is(links.length, list.match(/^- /gm)!.length)
  for (const link of links) assert.ok(existsSync(join(site, link)), link)
  const full = text('llms-full.txt').split('\n')
  for (const file of guides) {
    assert.ok(links.includes(file), file)
    assert.ok(full.includes(readFileSync(file, 'utf8').split('\n', 1)[0]!), file)
  }
})
