// Many runs in the playground: a gallery, two of them side by side, four that differ in the seed, and pictures of earlier ones.

import { createClient, executeWorkflow } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import type { EmulatorOptions, RunContext } from '@flowscale/emulator'
import type { Page } from 'playwright-core'
import { assert } from '#test'
import { CANARY } from '../support/canary.ts'
import { webp } from '../support/png.ts'
import { until } from '../support/until.ts'
import { suiteWithBrowser } from './kit/browser.ts'
import { isAccessible } from './kit/isAccessible.ts'
import {
  choose,
  colorOf,
  drop,
  isPreviewed,
  photo,
  pngWith,
  preview,
  run,
  runList,
  stage,
  stepwise,
  untilPage,
  withPage,
} from './kit/playground.ts'

const test = suiteWithBrowser('many runs in the playground')

const [textToImage, imageToImage, diptych] = ['bncu0a1kipv', 'a9bc45rt2kpm', 'd1ptych7two2']
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
      const tops = await dialog(page)
        .locator('.actions > *')
        .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().top))
      assert.is(new Set(tops).size, 1, 'the buttons take one row')

      await page.keyboard.press('ArrowRight')
      await view(page)
        .locator('pre')
        .filter({ hasText: /\w+ \w+ \w+/ })
        .waitFor()
      await page.keyboard.press('ArrowRight')
      const video = view(page).locator('video')
      await untilPage(page, () => document.querySelector<HTMLVideoElement>('.view video')?.readyState === 4)
      await page.keyboard.press('Space')
      await untilPage(
        page,
        () => document.querySelector<HTMLVideoElement>('.view video')?.played.length === 1,
      )
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
        const side = dialog(page).getByRole('region', { name: place })
        await side.getByRole('img', { name: title }).waitFor()
        const words = side.getByRole('paragraph').filter({ hasText: title })
        assert.ok(await words.evaluate((box) => box.scrollHeight <= box.clientHeight), 'its title is not cut')
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
      await untilPage(page, () => document.querySelectorAll('#list .badge.good').length === 4)
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

test('four seeds stand side by side, each with its progress, its preview and its result; a click enlarges one', () => {
  const contexts: RunContext[] = []
  const ends: (() => void)[] = []
  const workflow = {
    ...stepwise().definition,
    inputs: { prompt: 'string', seed: { kind: 'number', required: false } },
    async run(_: unknown, context: RunContext) {
      contexts.push(context)
      await new Promise<void>((resolve) => ends.push(resolve))
      return { picture: { data: new Uint8Array(photo), type: 'image/png' } }
    },
  } as NonNullable<EmulatorOptions['workflows']>[number]
  return withPage({ options: { workflows: [workflow] } }, async (page, { url }) => {
    const tile = (name: string) => stage(page).getByRole('button', { name })
    await choose(page, 'Stepwise')
    await page.getByRole('spinbutton', { name: 'Seed' }).fill('41')
    await page.getByRole('button', { name: 'Run 4 seeds' }).click()
    await tile('seed 42 running').waitFor()
    await tile('seed 44 Queued').waitFor()
    contexts[0]!.progress(0.3)
    await tile('seed 41 running').getByText('30 %').waitFor()
    contexts[0]!.preview!(preview(200, 30, 40))
    await isPreviewed(page, 1)
    assert.is(await colorOf(tile('seed 41 running')), '200,30,40')
    await isAccessible(page, 'four runs at work')
    for (let count = 0; count < 4; count++) {
      await until(() => ends.length > count)
      ends[count]!()
    }
    for (const seed of [41, 42, 43, 44]) await tile(`seed ${seed} completed`).locator('img').waitFor()
    await isAccessible(page, 'four results')
    const seenAt = (seed: Element) => {
      const { left, top } = seed.getBoundingClientRect()
      return document.elementFromPoint(left + 8, top + 8) === seed
    }
    assert.ok(await tile('seed 44 completed').locator('small').evaluate(seenAt), 'the seed is on the picture')
    await fits(page, 'four results')

    await tile('seed 43 completed').click()
    await view(page).getByRole('img').waitFor()
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => /seed 43/.test(document.activeElement?.textContent ?? ''))
    await stage(page).locator('.given').filter({ hasText: 'seed43' }).waitFor()

    // Later runs, of this workflow and of another one, come after the siblings.
    await page.getByRole('spinbutton', { name: 'Seed' }).fill('7')
    await run(page)
    await until(() => ends.length > 4)
    ends[4]!()
    await stage(page).locator('.outputs figure > img').waitFor()
    assert.is(await tile('seed').count(), 0, 'a run of its own')
    await executeWorkflowAsync(clientOf(url), 't3xtwr1ter00', { prompt: 'a pier' })
    await page.goBack()
    await page.reload()
    await runList(page).getByRole('button', { name: 'a pier completed' }).waitFor()
    // After a reload.
    for (const seed of [41, 42, 43, 44]) await tile(`seed ${seed} completed`).waitFor()
    assert.is(await tile('seed').count(), 4)
    await stage(page).getByRole('button', { name: 'Compare' }).click()
    const seeds = async (name: string) => {
      const options = dialog(page).getByRole('combobox', { name }).locator('option')
      await options.first().waitFor({ state: 'attached' })
      return (await options.allTextContents()).map((text) => text.split(' · ')[1])
    }
    const rest = ['seed 7', 'a pier']
    assert.equal(await seeds('First run'), ['seed 43', 'seed 41', 'seed 42', 'seed 44', ...rest])
    assert.equal(await seeds('Second run'), ['seed 41', 'seed 42', 'seed 43', 'seed 44', ...rest])
  })
})

test('four seeds: a cancelled one says so in its tile, and its buttons stay where they are', () => {
  const { definition } = stepwise()
  const workflow = {
    ...definition,
    inputs: { seed: { kind: 'number', required: false } },
  } as typeof definition
  return withPage({ options: { workflows: [workflow] } }, async (page) => {
    await choose(page, 'Stepwise')
    await page.getByRole('spinbutton', { name: 'Seed' }).fill('41')
    await page.getByRole('button', { name: 'Run 4 seeds' }).click()
    await stage(page).getByRole('button', { name: 'seed 44 Queued' }).click()
    const about = () => page.locator('.about').evaluate((about) => (about as HTMLElement).offsetTop)
    const before = await about()
    await stage(page).getByRole('button', { name: 'Cancel' }).click()
    await stage(page).getByRole('button', { name: 'seed 44 cancelled' }).waitFor()
    await stage(page).getByRole('button', { name: 'Run again' }).waitFor()
    assert.is(await about(), before)
  })
})

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

    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await drop(page, 'body', 'holiday_photograph_2.png')
    await status.filter({ hasText: 'holiday_photograph_2.png holds no inputs.' }).waitFor()
    assert.not.ok(
      asked.some((url) => /runs\/./.test(url)),
      'it has no id of a run',
    )
    await run(page)
    await stage(page).getByRole('img', { name: 'a grey heron' }).waitFor()
    // Its drop area takes a file as it is.
    await drop(page, '.drop', 'ComfyUI_00001_.png', pngWith(graph))
    await page.getByRole('button', { name: 'Remove ComfyUI_00001_.png' }).waitFor()
    assert.is(await page.getByText('Filled from').count(), 0)
  }))

test('a picture of the emulator fills the form, whatever its name is', () =>
  withPage({}, async (page, { url }) => {
    const client = clientOf(url)
    const paint = async (workflowId: string, inputs: Record<string, any>) => {
      const { runId, outputs } = await executeWorkflowAsync(client, workflowId, inputs)
      return { runId, bytes: new Uint8Array(await (await fetch(outputs[0]!.download_url!)).arrayBuffer()) }
    }
    const fox = await paint(textToImage, { text_51536: 'a red fox ä', seed: 7 })
    const sea = await paint(diptych, { prompt: ['dawn', 'dusk'], seed: 9007199254740991 })
    const oil = await paint(imageToImage, { prompt: 'in oil', image_input: new File([photo], 'sea.png') })
    const status = page.getByRole('status')
    for (const [name, { bytes }, workflow, label, text, more] of [
      // As `flowscale batch` saves them.
      [
        '0001.png',
        fox,
        'Text to Image',
        'Text text_51536',
        'a red fox ä',
        ' Not in it: image_1234, video_1239.',
      ],
      // The name of another run.
      [`image_${fox.runId}.png`, sea, 'Diptych', 'Prompt prompt', 'dawn\ndusk', ''],
      ['mine (2).png', oil, 'Image to Image', 'Prompt prompt', 'in oil', ''],
    ] as const) {
      await drop(page, 'body', name, bytes)
      await status.filter({ hasText: `Filled from ${name}.${more}` }).waitFor()
      assert.ok(await page.getByRole('radio', { name: workflow, exact: true }).isChecked(), name)
      assert.is(await page.getByLabel(label).inputValue(), text)
    }
    await page.getByText('Choose the file again: sea.png').waitFor()

    // Of a gateway: a list, and a seed that JavaScript can't hold. Then names of a sidecar, which no node has.
    const node = (inputs: object) => ({ class_type: 'Any', inputs })
    const prompt = node({ label: 'prompt', default_value: { __value__: ['a pier', 'a port'] } })
    const text = JSON.stringify({ 1: prompt, 2: node({ seed: 5 }) }).replace('5', '18446744073709551615')
    await drop(page, 'body', 'a.webp', webp([`prompt:${text}`], true))
    await status.filter({ hasText: 'Filled from a.webp.' }).waitFor()
    assert.is(await page.getByLabel('Prompt prompt').inputValue(), 'a pier\na port')
    assert.is(await page.getByRole('spinbutton', { name: 'Seed' }).inputValue(), '18446744073709551615')
    const saved = node({ filename_prefix: `ComfyUI_${fox.runId.slice(0, 8)}` })
    await drop(page, 'body', 'b.png', pngWith({ 1: saved }))
    await status.filter({ hasText: 'Filled with the inputs of “a red fox ä”.' }).waitFor()

    // Anybody can write anything into a picture.
    const hostile = { toString: 1, valueOf: 1 }
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    for (const [name, prompt] of [
      ['toString.png', { 1: { inputs: { label: hostile, text: hostile }, _meta: { title: hostile } } }],
      ['prefix.png', { 1: { inputs: { filename_prefix: hostile } } }],
      ['kinds.png', { 1: null, 2: { inputs: 'abc' }, 3: { inputs: { '': 'for all' } } }],
      ['deep.png', { 1: { inputs: { text: 'DEEP' } } }],
    ] as const) {
      await drop(page, 'body', name, pngWith(JSON.stringify(prompt).replace('"DEEP"', deep)))
      await status.filter({ hasText: `${name} is of a workflow that is not on this server.` }).waitFor()
    }

    await drop(page, 'body', `left_image_${sea.runId}.png`, sea.bytes)
    await status.filter({ hasText: 'Filled with the inputs of “dawn / dusk”.' }).waitFor()
    assert.is(await page.getByRole('spinbutton', { name: 'Seed' }).inputValue(), '9007199254740991')
  }))
