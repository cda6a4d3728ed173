// The connection behind its button, and a form that outlives a reload.

import { createClient } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import type { EmulatorOptions } from '@flowscale/emulator'
import type { Locator, Page } from 'playwright-core'
import { assert } from '#test'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { until } from '../support/until.ts'
import { suiteWithBrowser } from './kit/browser.ts'
import { isAccessible } from './kit/isAccessible.ts'
import { attach, choose, photo, run, runList, stage, status, untilPage, withPage } from './kit/playground.ts'

const test = suiteWithBrowser('form of the playground')

for (const [scheme, width] of [
  ['light', 320],
  ['dark', 2560],
] as const) {
  test(`the connection is behind its button, and gives the focus back: ${scheme}, ${width} pixels`, () =>
    withPage({ scheme, width }, async (page) => {
      const button = page.getByRole('button', { name: 'Connection: Live' })
      const popover = page.getByRole('dialog', { name: 'Connection' })
      assert.not.ok(await popover.isVisible())
      await button.press('Enter')
      await popover.waitFor()
      await page.keyboard.press('Tab')
      assert.ok(await page.getByLabel('Server').evaluate((input) => input === document.activeElement))
      await isAccessible(page, 'the connection')
      const href = await popover.getByRole('link', { name: 'OpenAPI document' }).getAttribute('href')
      assert.is((await (await fetch(new URL(href!, page.url()))).json()).openapi, '3.1.0')
      const { left = -1, right = 9999 } = (await popover.evaluate((box) => box.getBoundingClientRect())) ?? {}
      assert.ok(left >= 0 && right <= width, `from ${left} to ${right}`)
      await page.keyboard.press('Escape')
      await popover.waitFor({ state: 'hidden' })
      assert.ok(await button.evaluate((element) => element === document.activeElement))
      await button.press('Enter')
      await popover.waitFor()
      await page.keyboard.press('Tab')
      await button.click()
      await popover.waitFor({ state: 'hidden' })
      await button.press('Enter')
      for (let left = 5; left > 0; left--) await page.keyboard.press('Tab')
      await popover.waitFor({ state: 'hidden' })
      assert.ok(
        await button.evaluate((element) => !element.matches(':focus') && !document.body.matches(':focus')),
      )
      // It is left before the page has heard that it was opened.
      await button.evaluate((element: HTMLElement) => {
        element.click()
        document.getElementById('server')!.focus()
        document.querySelector('a')!.focus()
        return new Promise((heard) =>
          document.getElementById('connection')!.addEventListener('toggle', heard),
        )
      })
      assert.not.ok(await popover.isVisible())
    }))
}

test('the key is kept for a reload of this tab, and in no address', () =>
  withPage({}, async (page, { url }) => {
    await page.reload()
    await status(page, 'Live')
    await page.getByRole('radio', { name: 'Text to Image' }).waitFor()
    assertNoCanary(page.url(), 'the address')
    assertNoCanary(await page.evaluate(() => JSON.stringify({ ...localStorage })), 'the storage of all tabs')
    const tab = await page.context().newPage()
    await tab.goto(url)
    await tab.getByText('This server needs an API key.').waitFor()
    assert.ok(await tab.getByLabel('API key').evaluate((input) => input === document.activeElement))
    // A key that the server does not know any more is asked for again, and forgotten.
    await page.evaluate(() => {
      for (const name of Object.keys(sessionStorage))
        if (/key/.test(name)) sessionStorage.setItem(name, 'old')
    })
    await page.reload()
    await page.getByText('This server needs an API key.').waitFor()
    assert.not.match(await page.evaluate(() => JSON.stringify({ ...sessionStorage })), /"old"/)
  }))

const filled = {
  id: 'f1lled000000',
  name: 'Filled',
  description: 'Takes all kinds',
  inputs: {
    prompt: 'string',
    style: { kind: 'string', required: false, options: ['oil', 'ink'] },
    strong: { kind: 'boolean', required: false },
    steps: { kind: 'number', required: false },
    picture: { kind: 'image', required: false },
  },
  outputs: { picture: 'image' },
  run: () => ({ picture: { data: new Uint8Array(photo), type: 'image/png' } }),
} as NonNullable<EmulatorOptions['workflows']>[number]

const values = (page: Page) =>
  page
    .locator('#fields :is(textarea, select, input[type=number])')
    .evaluateAll((controls) => controls.map((control) => (control as HTMLInputElement).value))

test('a reload keeps texts, choices and numbers; a file is asked for again before a run costs something', () =>
  withPage({ options: { workflows: [filled] } }, async (page, { emulator }) => {
    await choose(page, 'Filled')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('two\nlines')
    await page.getByLabel('Style').selectOption('ink')
    await page.getByLabel('Strong').selectOption('No')
    await page.getByLabel('Steps').fill('7')
    await attach(page, 'Choose an image', 'heron.png')
    const before = await values(page)
    for (let count = 0; count < 2; count++) {
      await page.reload()
      await page.getByText('Choose the file again: heron.png').waitFor()
      assert.ok(await page.getByRole('radio', { name: 'Filled' }).isChecked())
      assert.equal(await values(page), before)
    }
    await run(page)
    await page.getByText('Choose again: heron.png. To run without, press the button again.').waitFor()
    assert.is(emulator.stats.runsStarted, 0)
    await run(page)
    await stage(page).getByText('completed').waitFor()
    assert.is(emulator.stats.runsStarted, 1)
    // An empty text stays empty.
    await page.getByRole('textbox', { name: 'Prompt' }).fill('')
    await page.reload()
    await stage(page).getByText('completed').waitFor()
    assert.equal(await values(page), ['', ...before.slice(1)])
  }))

test('a server that lists no workflows: a reload keeps names and values', () =>
  withPage({ options: { dialect: 'openapi' }, isListing: false }, async (page) => {
    await page.getByLabel('Workflow id').fill('a9bc45rt2kpm')
    await page.getByRole('button', { name: 'Add a text' }).click()
    await page.keyboard.type('prompt')
    await page.locator('.row').getByLabel('Value').fill('in oil')
    await page.getByRole('button', { name: 'Add a file' }).click()
    await page.keyboard.type('image_input')
    await attach(page, 'Choose a file')
    await page.reload()
    await page.getByText('Choose the file again: a.png').waitFor()
    assert.is(await page.getByLabel('Workflow id').inputValue(), 'a9bc45rt2kpm')
    assert.is(await page.locator('.row').getByLabel('Value').inputValue(), 'in oil')
    const names = page.getByLabel('Name of the input')
    assert.equal(await Promise.all([0, 1].map((index) => names.nth(index).inputValue())), [
      'prompt',
      'image_input',
    ])
  }))

test('a link to a run shows its inputs in the form', () =>
  withPage({}, async (page) => {
    await page.getByLabel('Text text_51536').fill('a red fox')
    await page.getByRole('spinbutton', { name: 'Seed' }).fill('7')
    await run(page)
    await stage(page).getByRole('img', { name: 'a red fox' }).waitFor()
    // Without what this tab keeps of the form.
    await page.addInitScript("sessionStorage.removeItem('flowscale-playground-form')")
    await page.reload()
    await untilPage(page, () => document.querySelector<HTMLInputElement>('input[type=number]')?.value === '7')
    assert.is(await page.getByLabel('Text text_51536').inputValue(), 'a red fox')
  }))

test('a text is dropped into a field, and into no other place', () =>
  withPage({}, async (page) => {
    const field = page.getByLabel('Text text_51536')
    await field.fill('')
    const drag = async (to: Locator) => {
      const title = page.locator('#queue-title')
      await title.evaluate((title) => getSelection()!.selectAllChildren(title))
      await title.hover({ position: { x: 15, y: 8 } })
      await page.mouse.down()
      await to.hover({ position: { x: 20, y: 20 } })
      await to.hover({ position: { x: 40, y: 20 } })
      await page.mouse.up()
    }
    await drag(field)
    await until(async () => (await field.inputValue()) === 'Queue')
    const address = page.url()
    await drag(page.locator('.drop').first())
    assert.is(page.url(), address)
  }))

test('a run without a text has a title of its own', () =>
  withPage({}, async (page, { url }) => {
    const client = createClient({ baseUrl: url, apiKey: CANARY })
    const video = new File(['no video'], 'clip.mp4', { type: 'video/mp4' })
    await executeWorkflowAsync(client, 'v1deoinf0000', { video })
    await runList(page).getByRole('button', { name: 'Video Info · clip.mp4 completed' }).waitFor()
  }))

for (const width of [320, 390]) {
  test(`no placeholder is cut at ${width} pixels`, () =>
    withPage({ width, options: { workflows: [filled] } }, async (page, { url }) => {
      const client = createClient({ baseUrl: url, apiKey: CANARY })
      for (const prompt of ['a', 'b']) await executeWorkflowAsync(client, filled.id, { prompt })
      await page.reload()
      await untilPage(page, () => document.querySelectorAll('#list li').length === 2)
      await page.getByRole('button', { name: 'Connection:' }).click()
      for (const name of ['Text to Image', 'Text to Video', 'Diptych', 'Filled']) {
        // Not by a click, which would close the connection.
        await page.getByRole('radio', { name }).evaluate((radio) => (radio as HTMLElement).click())
        const cut = await page.evaluate(() => {
          const all = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('[placeholder]')]
          return all.flatMap((control) => {
            if (!control.placeholder || !control.offsetParent) return []
            const copy = control.cloneNode() as HTMLInputElement
            if (copy.type === 'number') copy.type = 'text'
            control.after(copy)
            copy.value = control.placeholder
            const isCut =
              copy.scrollWidth > copy.clientWidth || copy.scrollHeight > Math.max(copy.clientHeight, 44)
            copy.remove()
            return isCut ? [control.placeholder] : []
          })
        })
        assert.equal(cut, [], name)
      }
      await page.getByRole('button', { name: 'Disconnect' }).click()
      await status(page, 'Offline')
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.ok(overflow <= 0, `${overflow} pixels too wide`)
    }))
}

test('at 1280 × 800 the bar with Run says how many inputs it hides, and leads to them', () =>
  withPage({}, async (page) => {
    await page.setViewportSize({ width: 1280, height: 800 })
    const cue = page.getByRole('button', { name: /^[123] more input/ })
    await cue.waitFor()
    await isAccessible(page, 'with hidden inputs')
    await cue.click()
    await cue.waitFor({ state: 'hidden' })
    const [field, bar] = await page.evaluate(() => [
      [...document.querySelectorAll('#fields .field')].at(-1)!.getBoundingClientRect().bottom,
      document.querySelector('.go')!.getBoundingClientRect().top,
    ])
    assert.ok(field! <= bar! + 1, `${field} is not above ${bar}`)
  }))

for (const count of [0, 30]) {
  test(`at 2560 × 1440 the list of ${count || 'eight'} workflows cuts no row`, () => {
    const workflows = Array.from({ length: count }, (_, index) => ({
      ...filled,
      id: `f1lled${String(index).padStart(6, '0')}`,
    }))
    return withPage({ options: { workflows } }, async (page) => {
      await page.setViewportSize({ width: 2560, height: 1440 })
      const rows = () =>
        page.evaluate(() => {
          const list = document.querySelector('#workflows')!.getBoundingClientRect()
          const all = [...document.querySelectorAll('.workflow')].map((row) => row.getBoundingClientRect())
          const seen = all.filter(({ top, bottom }) => bottom > list.top + 1 && top < list.bottom - 1)
          return [
            seen.length,
            seen.filter(({ top, bottom }) => top < list.top || bottom > list.bottom).length,
          ]
        })
      assert.equal(await rows(), [count ? 11 : 8, 0])
      if (!count) return
      const scrolled = () => page.locator('#workflows').evaluate((list) => list.scrollTop)
      await page.locator('#workflows').hover()
      await page.mouse.wheel(0, 150)
      await until(async () => (await scrolled()) > 0 && (await rows())[1] === 0)
    })
  })
}

test('beside Run stands how long the latest runs of the workflow took', () =>
  withPage({}, async (page) => {
    const usual = page.locator('#usual')
    assert.is(await usual.textContent(), '')
    await run(page)
    await stage(page).getByText('completed').waitFor()
    await usual.filter({ hasText: /^about \d+ s$/ }).waitFor()
    await isAccessible(page, 'with an estimate')
    await choose(page, 'Diptych')
    await untilPage(page, () => document.querySelector('#usual')!.textContent === '')
  }))

for (const width of [1280, 2560, 3840]) {
  test(`logo and cards share their edges at ${width} pixels`, () =>
    withPage({ width }, async (page) => {
      const edges = await page.evaluate(() => {
        const selectors = ['.brand', '.composer', '#live', '#runs']
        const [brand, card, live, runs] = selectors.map((one) =>
          document.querySelector(one)!.getBoundingClientRect(),
        )
        return [brand!.left - card!.left, live!.right - runs!.right]
      })
      assert.equal(edges, [0, 0])
    }))
}
