// Many runs in the playground: a gallery, two of them side by side, four that differ in the seed, and pictures of earlier ones.

import { createClient, executeWorkflow } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import type { Page } from 'playwright-core'
import { assert } from '#test'
import { CANARY } from '../support/canary.ts'
import { suiteWithBrowser } from './kit/browser.ts'
import { isAccessible } from './kit/isAccessible.ts'
import { choose, drop, pngWith, run, runList, stage, until, withPage } from './kit/playground.ts'

const test = suiteWithBrowser('many runs in the playground')

const textToImage = 'bncu0a1kipv'
const dialog = (page: Page) => page.getByRole('dialog')
const button = (page: Page, name: string) => dialog(page).getByRole('button', { name, exact: true })
const view = (page: Page) => dialog(page).getByRole('group', { name: 'Output' })
const clientOf = (baseUrl: string) => createClient({ baseUrl, apiKey: CANARY })
const isFocused = (page: Page, id: string) =>
  page.waitForFunction(
    (id) => document.activeElement?.id === id || document.activeElement?.textContent === id,
    id,
  )

async function fits(page: Page, when: string) {
  const overflow = await page.evaluate(() => {
    const boxes = [document.documentElement, ...document.querySelectorAll('dialog[open]')]
    return Math.max(...boxes.map((box) => box.scrollWidth - box.clientWidth))
  })
  assert.ok(overflow <= 0, `${when}: ${overflow} pixels too wide`)
}

for (const [scheme, width] of [
  ['light', 320],
  ['dark', 1280],
] as const) {
  test(`the gallery by the keyboard: a picture, a text, a video; ${scheme}, ${width} pixels`, () =>
    withPage({ scheme, width }, async (page, { url }) => {
      const client = clientOf(url)
      await executeWorkflowAsync(client, 't3xt2v1deo00', { prompt: 'a pier', duration: 1 })
      await executeWorkflowAsync(client, 't3xtwr1ter00', { prompt: 'two harbours' })
      await executeWorkflowAsync(client, textToImage, { text_51536: 'a red fox' })
      await page.reload()
      await runList(page).getByRole('button', { name: 'a red fox completed' }).click()
      await stage(page).getByRole('button', { name: 'Enlarge' }).click()
      const place = dialog(page).locator('#gallery-title span')
      assert.is(await place.textContent(), '1 of 3')
      await view(page).getByRole('img', { name: 'a red fox' }).waitFor()
      assert.ok(
        await view(page).evaluate((view) => view === document.activeElement),
        'the focus is at the output',
      )
      await page.keyboard.press('Space')
      await button(page, 'Fit to the window').waitFor()
      await page.keyboard.press('Space')
      await button(page, 'Actual size').waitFor()
      await isAccessible(page, 'the gallery')
      await fits(page, 'the gallery')

      await page.keyboard.press('ArrowRight')
      await view(page)
        .locator('pre')
        .filter({ hasText: /\w+ \w+ \w+/ })
        .waitFor()
      await page.keyboard.press('ArrowRight')
      const video = view(page).locator('video')
      await until(page, () => document.querySelector<HTMLVideoElement>('.view video')?.readyState === 4)
      await page.keyboard.press('Space')
      await until(page, () => document.querySelector<HTMLVideoElement>('.view video')?.played.length === 1)
      assert.ok(await video.evaluate((video) => (video as HTMLVideoElement).controls))
      // Once around.
      await page.keyboard.press('ArrowRight')
      assert.is(await place.textContent(), '1 of 3')
      await page.keyboard.press('ArrowLeft')
      assert.is(await place.textContent(), '3 of 3')
      await page.keyboard.press('Escape')
      await dialog(page).waitFor({ state: 'hidden' })
      await isFocused(page, 'Enlarge')

      // It has the runs that match the search, and leads to one of them.
      await page.getByLabel('Find runs').fill('harbours')
      await runList(page).getByRole('button', { name: 'Gallery' }).click()
      await dialog(page).getByRole('button', { name: '2: two harbours' }).click()
      await button(page, 'Show the run').click()
      await stage(page).getByRole('heading', { name: 'two harbours' }).waitFor()
      await stage(page).locator('pre').waitFor()
    }))
}

for (const [scheme, width] of [
  ['light', 1280],
  ['dark', 320],
] as const) {
  test(`two runs side by side, with the inputs that differ: ${scheme}, ${width} pixels`, () =>
    withPage({ scheme, width }, async (page, { url }) => {
      const client = clientOf(url)
      await executeWorkflowAsync(client, 't3xtwr1ter00', { prompt: 'a pier' })
      await executeWorkflowAsync(client, textToImage, { text_51536: 'a red fox in snow', seed: 7 })
      await executeWorkflowAsync(client, textToImage, { text_51536: 'a red fox in rain', seed: 7 })
      await page.reload()
      await runList(page).getByRole('button', { name: 'a red fox in rain completed' }).click()
      await stage(page).getByRole('button', { name: 'Compare' }).click()
      for (const [place, title] of [
        ['First run', 'a red fox in rain'],
        ['Second run', 'a red fox in snow'],
      ] as const) {
        await dialog(page).getByRole('region', { name: place }).getByRole('img', { name: title }).waitFor()
      }
      const row = (name: string) => dialog(page).getByRole('row').filter({ hasText: name })
      await row('text_51536').getByText('differs').waitFor()
      assert.equal(await row('text_51536').locator('mark').allTextContents(), ['rain', 'snow'])
      assert.is(await row('seed').getByText('differs').count(), 0)
      assert.is(await row('Workflow').count(), 0)
      await isAccessible(page, 'the comparison')
      await fits(page, 'the comparison')

      const other = dialog(page).getByRole('combobox', { name: 'Second run' })
      const option = await other.locator('option').filter({ hasText: 'a pier' }).getAttribute('value')
      await other.selectOption(option)
      await dialog(page).getByRole('group', { name: 'a pier' }).waitFor()
      await row('Workflow').getByText('differs').waitFor()
      await page.keyboard.press('Escape')
      await isFocused(page, 'Compare')
    }))
}

/** The seeds that were posted, and the other values. */
function posts(page: Page) {
  const all: { seed: string | undefined; rest: string }[] = []
  page.on('request', (request) => {
    if (request.method() !== 'POST') return
    const body = (request.postData() ?? '').replaceAll(/-{4,}\w+/g, '')
    const [part = '', seed] = /name="seed"\s+(\d+)\s*/.exec(body) ?? []
    all.push({ seed, rest: body.replace(part, '') })
  })
  return all
}

for (const given of ['', '41']) {
  test(`four seeds: one click starts four runs that differ in the seed only (${given || 'drawn'})`, () =>
    withPage({}, async (page, { emulator }) => {
      const sent = posts(page)
      await page.getByLabel('Text text_51536').fill('a red fox')
      await page.getByRole('spinbutton', { name: 'Seed' }).fill(given)
      await page.getByRole('button', { name: 'Run 4 seeds' }).dblclick()
      await until(page, () => document.querySelectorAll('#list .badge.good').length === 4)
      assert.is(emulator.stats.runsStarted, 4)
      assert.is(new Set(sent.map(({ seed }) => seed)).size, 4)
      assert.is(new Set(sent.map(({ rest }) => rest)).size, 1)
      if (given)
        assert.equal(
          sent.map(({ seed }) => seed),
          ['41', '42', '43', '44'],
        )
      await choose(page, 'Image to Image')
      assert.is(await page.getByRole('button', { name: 'Run 4 seeds' }).count(), 0, 'it has no seed')
    }))
}

test('four seeds: an error that may have started a run ends it, and nothing is sent again', () =>
  withPage({}, async (page, { emulator }) => {
    let count = 0
    await page.route('**/api/v1/runs?*', async (route) => {
      if (route.request().method() !== 'POST' || ++count !== 2) return route.continue()
      // The run is started, and the answer is lost.
      await route.fetch()
      await route.abort('connectionreset')
    })
    await page.getByRole('button', { name: 'Run 4 seeds' }).click()
    const refusal = page.getByRole('alert').filter({ hasText: '1 of 4 runs were started.' })
    await refusal.filter({ hasText: 'It may have been submitted all the same' }).waitFor()
    await page.getByRole('button', { name: 'Run 4 seeds', disabled: false }).waitFor()
    await page.waitForTimeout(1500)
    assert.is(count, 2)
    assert.is(emulator.stats.runsStarted, 2)
  }))

test('a file of a run that is dropped on the page fills the form', () =>
  withPage({}, async (page, { url }) => {
    const { data } = await executeWorkflow(clientOf(url), textToImage, { text_51536: 'a red fox', seed: 7 })
    await choose(page, 'Diptych')
    const status = page.getByRole('status')
    await drop(page, 'body', `image_output_${data.run_id}_2 (1).png`)
    await status.filter({ hasText: 'Filled with the inputs of “a red fox”.' }).waitFor()
    assert.ok(await page.getByRole('radio', { name: 'Text to Image' }).isChecked())
    assert.is(await page.getByLabel('Text text_51536').inputValue(), 'a red fox')
    assert.is(await page.getByRole('spinbutton', { name: 'Seed' }).inputValue(), '7')
    await isAccessible(page, 'a form that was filled')

    // What ComfyUI writes into a picture; of another node there is a text, too.
    const graph = {
      51536: { class_type: 'FSLoadText', inputs: { label: 'Input Text', default_value: 'a grey heron' } },
      1: { class_type: 'Other', inputs: { text: 'unseen', seed: ['2', 0] } },
      2: { class_type: 'KSampler', inputs: { noise_seed: 9, model: ['1', 0] } },
    }
    await drop(page, 'body', 'ComfyUI_00001_.png', pngWith(graph))
    await status
      .filter({ hasText: 'Filled from ComfyUI_00001_.png. Not in it: image_1234, video_1239.' })
      .waitFor()
    assert.is(await page.getByLabel('Text text_51536').inputValue(), 'a grey heron')
    assert.is(await page.getByRole('spinbutton', { name: 'Seed' }).inputValue(), '9')

    await drop(page, 'body', 'holiday_photograph.png')
    await status.filter({ hasText: 'holiday_photograph.png names no inputs.' }).waitFor()
    await run(page)
    await stage(page).getByRole('img', { name: 'a grey heron' }).waitFor()
    // Its drop area takes a file as it is.
    await drop(page, '.drop', 'ComfyUI_00001_.png', pngWith(graph))
    await page.getByRole('button', { name: 'Remove ComfyUI_00001_.png' }).waitFor()
    assert.is(await page.getByText('Filled from').count(), 0)
  }))
