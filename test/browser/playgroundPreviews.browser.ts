// The pictures of a run at work in the playground: they stand in the place of its result, which fades in over the last one.

import type { Locator } from 'playwright-core'
import { assert } from '#test'
import { hold, suiteWithBrowser } from './kit/browser.ts'
import { isAccessible } from './kit/isAccessible.ts'
import {
  choose,
  colorOf,
  isPreviewed,
  isShown,
  preview,
  run,
  stage,
  stepwise,
  untilPage,
  withPage,
} from './kit/playground.ts'

const test = suiteWithBrowser('previews in the playground')

const heightOf = async (place: Locator) => Math.round((await place.boundingBox())!.height)

for (const [scheme, width] of [
  ['light', 1280],
  ['dark', 390],
] as const) {
  test(`each takes the place of the one before, and the result that of the last: ${scheme}, ${width} pixels`, async () => {
    const steps = stepwise()
    await withPage({ options: { workflows: [steps.definition] }, scheme, width }, async (page) => {
      const asked: string[] = []
      page.on('response', (answer) => {
        const [, number] = /\/preview\?number=(\d)/.exec(answer.url()) ?? []
        if (number) asked.push(`${number} ${answer.status()} ${answer.request().headers()['x-api-key']}`)
      })
      await choose(page, 'Stepwise')
      await page.getByLabel('Prompt prompt').fill('a red fox')
      await run(page)
      const context = await steps.started
      context.progress(0.3)
      await stage(page).getByText('30 %').waitFor()
      assert.is(await page.locator('.preview').count(), 0)

      context.preview!(preview(200, 30, 40))
      await isPreviewed(page, 1)
      const canvas = page.locator('.canvas')
      assert.is(await colorOf(canvas), '200,30,40')
      const height = await heightOf(canvas)
      // In the next minute, the same picture has another link.
      const { now } = Date
      Date.now = () => now() + 60_000
      context.progress(0.4)
      await stage(page).getByText('40 %').waitFor()
      Date.now = now
      const words = canvas.locator('output')
      assert.is(await words.evaluate((output) => getComputedStyle(output).color), 'rgb(255, 255, 255)')
      await isAccessible(page, 'a run with a preview')
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it fits')

      // The next one is shown once it is there; nothing is seen of one that never comes.
      const release = await hold(page, /number=2&/)
      await page.route(/number=3&/, (route) => route.abort())
      const second = page.waitForRequest(/number=2&/)
      context.preview!(preview(0, 0, 0))
      await second
      const third = page.waitForEvent('requestfailed', (request) => request.url().includes('number=3&'))
      context.preview!(preview(30, 160, 40))
      await third
      assert.is(await colorOf(canvas), '200,30,40')
      release()
      await isPreviewed(page, 2)
      // Each link opens the latest picture.
      assert.is(await colorOf(canvas), '30,160,40')
      assert.is(await heightOf(canvas), height)

      // The result comes over the preview, in its place.
      const releaseFile = await hold(page, /\/generations\//)
      const file = page.waitForRequest(/\/generations\//)
      steps.end()
      await file
      await stage(page).getByText('completed').waitFor()
      const figure = page.locator('.outputs figure > img')
      assert.is(await colorOf(figure), '30,160,40')
      assert.is(await heightOf(figure), height)
      releaseFile()
      await isShown(page, 64)
      await untilPage(page, () => !document.querySelector('.preview'))
      assert.is(await heightOf(figure), height)
      assert.not.match(await colorOf(figure), /^30,160,40$/)
      assert.equal(asked, ['1 200 undefined', '2 200 undefined'])
    })
  })
}

test('a cancelled run has none', async () => {
  const steps = stepwise()
  await withPage({ options: { workflows: [steps.definition] } }, async (page) => {
    await choose(page, 'Stepwise')
    await run(page)
    ;(await steps.started).preview!(preview(200, 30, 40))
    await isPreviewed(page, 1)
    await stage(page).getByRole('button', { name: 'Cancel' }).click()
    await stage(page).getByText('This run was cancelled.').waitFor()
    await page.locator('.preview').waitFor({ state: 'detached' })
  })
})
