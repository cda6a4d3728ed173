// The playground, as the emulator serves it, driven in a real Chromium.

import { readFileSync } from 'node:fs'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert } from '#test'
import { CANARY } from '../support/canary.ts'
import { answerTo, browser, suiteWithBrowser } from './kit/browser.ts'
import { isAccessible } from './kit/isAccessible.ts'
import {
  choose,
  connect,
  disconnect,
  drop,
  isShown,
  open,
  photo,
  run,
  runList,
  stage,
  status,
  stepwise,
  untilPage,
  withPage,
} from './kit/playground.ts'

const test = suiteWithBrowser('playground')

test('a whole run, from the prompt to a picture that is shown and can be saved', () =>
  withPage({}, async (page, { emulator }) => {
    await page.getByLabel('Text text_51536').fill('a red fox in snow')
    await run(page)
    const image = stage(page).getByRole('img', { name: 'a red fox in snow' })
    await image.waitFor()
    await isShown(page, 768)
    await stage(page).getByText('completed').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      stage(page).getByRole('button', { name: 'Download' }).click(),
    ])
    assert.match(download.suggestedFilename(), /\.png$/)
    assert.equal([...readFileSync((await download.path())!).subarray(1, 4)], [...Buffer.from('PNG')])
    await runList(page).getByRole('button', { name: 'a red fox in snow completed' }).waitFor()
    assert.is(emulator.stats.runsStarted, 1)
  }))

test('progress is what the server says, and nothing else', async () => {
  const steps = stepwise()
  await withPage({ options: { workflows: [steps.definition] } }, async (page) => {
    await choose(page, 'Stepwise')
    await run(page)
    const { progress } = await steps.started
    const words = stage(page).locator('output')
    const edges = new Set<string>()
    for (const fraction of [0.09, 0.1, 0.42, 1]) {
      progress(fraction)
      await words.filter({ hasText: `${Math.round(fraction * 100)} %` }).waitFor()
      assert.is(await stage(page).getByRole('progressbar').getAttribute('value'), String(fraction))
      edges.add(
        await words.evaluate((box) => {
          const text = document.createRange()
          text.selectNodeContents(box)
          return `${box.getBoundingClientRect().left} ${text.getBoundingClientRect().right}`
        }),
      )
    }
    assert.is(edges.size, 1, 'no digit moves another')
    // Without news it stands still.
    await page.waitForTimeout(1200)
    assert.is(await words.textContent(), '100 %')
    steps.end()
    await stage(page).getByText('completed').waitFor()
  })
})

for (const how of ['chosen', 'dropped']) {
  test(`a file that is ${how} arrives as it is`, async () => {
    const steps = stepwise()
    await withPage({ options: { workflows: [steps.definition] } }, async (page) => {
      await choose(page, 'Stepwise')
      if (how === 'chosen') {
        const chooser = page.waitForEvent('filechooser')
        await page.getByText('Choose an image').click()
        await (await chooser).setFiles({ name: 'photo.png', mimeType: 'image/png', buffer: photo })
      } else {
        await drop(page, '.drop', 'photo.png')
      }
      await page.getByRole('button', { name: 'Remove photo.png' }).waitFor()
      await run(page)
      const file = await steps.given
      assert.is(file?.name, 'photo.png')
      assert.is(file?.type, 'image/png')
      assert.equal(Buffer.from(file!.data), photo)
      steps.end()
      await stage(page).getByText('completed').waitFor()
      await isShown(page, 64)
    })
  })
}

test('Cancel works while the run is running, from another page, too', async () => {
  const steps = stepwise()
  await withPage({ options: { workflows: [steps.definition] } }, async (page, { emulator, url }) => {
    await choose(page, 'Stepwise')
    await run(page)
    const { runId } = await steps.started
    await stage(page).getByText('running').first().waitFor()
    await stage(page).getByRole('button', { name: 'Cancel' }).click()
    await stage(page).getByText('This run was cancelled.').waitFor()
    assert.is(emulator.stateOf(runId)?.status, 'cancelled')
    assert.is(await page.evaluate(() => document.activeElement?.tagName), 'H3', 'focus is not lost')

    await choose(page, 'Never Ends')
    await run(page)
    await stage(page).getByText('running').first().waitFor()
    const other = await page.context().newPage()
    await open(other, url)
    await runList(other).getByRole('button', { name: 'running' }).click()
    await stage(other).getByRole('button', { name: 'Cancel' }).click()
    await stage(other).getByText('This run was cancelled.').waitFor()
    await stage(page).getByText('This run was cancelled.').waitFor()
  })
})

test('a run that the server calls canceled ends, too', () =>
  withPage({}, async (page) => {
    await page.routeWebSocket(/./, (socket) => socket.close())
    await page.route(/\/api\/v1\/runs/, async (route) => {
      const answer = await answerTo(route)
      const body = (await answer.text()).replaceAll('cancelled', 'canceled')
      await route.fulfill({ response: answer, body })
    })
    await page.reload()
    await status(page, 'Polling')
    await choose(page, 'Never Ends')
    await run(page)
    await stage(page).getByText('running').first().waitFor()
    await stage(page).getByRole('button', { name: 'Cancel' }).click()
    await stage(page).getByText('This run was cancelled.').waitFor()
    await stage(page).getByRole('button', { name: 'Run again' }).waitFor()
    assert.is(await stage(page).getByRole('progressbar').count(), 0)
  }))

test('a restarted server is found again; what it has forgotten is said', async () => {
  const emulator = createEmulator({ apiKey: CANARY, speed: 20 })
  const server = await serve(emulator)
  const port = Number(new URL(server.url).port)
  const page = await browser.newPage()
  page.setDefaultTimeout(60_000)
  try {
    await open(page, server.url)
    await choose(page, 'Never Ends')
    await run(page)
    await stage(page).getByText('running').first().waitFor()
    await server.close()
    emulator.close()
    await status(page, 'Reconnecting')
    // What was known before is not shown as news.
    await page.getByText('so nothing is paid twice').waitFor()
    await stage(page).getByText('Last seen: 0 %').waitFor()
    assert.not.match((await runList(page).textContent())!, '%')
    assert.is(await page.getByRole('progressbar').count(), 0)
    for (const name of ['Run', 'Cancel'])
      assert.ok(await page.getByRole('button', { name, exact: true }).isDisabled(), name)
    await page.getByRole('region', { name: 'Queue' }).getByText('Nothing to see while offline.').waitFor()
    await isAccessible(page, 'while the server is away')
    const next = createEmulator({ apiKey: CANARY, speed: 20, workflows: [stepwise().definition] })
    const again = await serve(next, { port })
    try {
      await status(page, 'Live')
      await stage(page).getByText('The server does not know this run any more.').waitFor()
      await page.getByText('so nothing is paid twice').waitFor({ state: 'hidden' })
      await page.getByRole('radio', { name: 'Stepwise' }).waitFor()
      await choose(page, 'Text to Image')
      await run(page)
      await stage(page).getByRole('img').waitFor()
      assert.is(next.stats.runsStarted, 1)
    } finally {
      await again.close()
      next.close()
    }
  } finally {
    await page.close()
  }
})

test('after Disconnect and Connect it goes on with its runs', async () => {
  const steps = stepwise()
  await withPage({ options: { workflows: [steps.definition] } }, async (page, { emulator }) => {
    await choose(page, 'Stepwise')
    await run(page)
    await steps.started
    await stage(page).getByText('running').first().waitFor()
    await disconnect(page)
    await status(page, 'Offline')
    await stage(page).getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached' })
    steps.end()
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await stage(page).getByText('completed').waitFor()
    assert.is(emulator.stats.runsStarted, 1)
  })
})

test('what the server refuses stands at its field; what fails says why', () =>
  withPage({}, async (page, { emulator }) => {
    await choose(page, 'Image to Image')
    await run(page)
    await page.getByText('Field required').waitFor()
    const input = page.getByLabel('Image input')
    assert.is(await input.getAttribute('aria-invalid'), 'true')
    assert.ok(await input.evaluate((element) => element === document.activeElement), 'focus is at the field')
    assert.is(emulator.stats.runsStarted, 0)
    await choose(page, 'Always Fails')
    await page.getByRole('textbox', { name: 'Message' }).fill('out of memory')
    await run(page)
    await stage(page).locator('.canvas').getByText('out of memory').waitFor()
    await stage(page).getByText('failed', { exact: true }).waitFor()
  }))

test('without a server it says so, and a run that can’t be submitted does, too', () =>
  withPage({}, async (page, { emulator }) => {
    await disconnect(page)
    await run(page)
    const refusal = page.getByRole('alert').filter({ hasText: 'Connect to a server first.' })
    await refusal.waitFor()
    assert.is(emulator.stats.runsStarted, 0)
    // Chromium prints the URL of a WebSocket that fails.
    await connect(page, '', 'http://127.0.0.1:1')
    await refusal.waitFor({ state: 'hidden' })
    await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor()
    await status(page, 'Offline')
  }))

test('a file that is no image has no broken preview', () =>
  withPage({}, async (page) => {
    await choose(page, 'Image to Image')
    const file = { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no image') }
    await page.getByLabel('Choose an image').setInputFiles(file)
    await page.getByRole('button', { name: 'Remove notes.png' }).waitFor()
    await untilPage(page, () => document.querySelector('.chosen img') === null)
  }))

test('several outputs, and text', () =>
  withPage({}, async (page) => {
    await choose(page, 'Diptych')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('aurora over a lake')
    await run(page)
    await untilPage(page, () => document.querySelectorAll('.outputs figure > img').length === 2)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      stage(page)
        .getByRole('button', { name: /^Download .*\.png$/ })
        .last()
        .click(),
    ])
    assert.match(download.suggestedFilename(), /\.png$/)
    await choose(page, 'Text Writer')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('two lakes')
    await run(page)
    await stage(page)
      .locator('pre')
      .filter({ hasText: /\w+ \w+ \w+/ })
      .waitFor()
  }))

test('a video plays where it stands, and can be saved', () =>
  withPage({}, async (page) => {
    await choose(page, 'Text to Video')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('a lighthouse at dusk')
    await run(page)
    const video = stage(page).getByLabel('a lighthouse at dusk')
    await video.waitFor()
    await untilPage(page, () => document.querySelector<HTMLVideoElement>('.outputs video')!.readyState === 4)
    const about = await video.evaluate((element) => {
      const { videoWidth, videoHeight, controls, duration } = element as HTMLVideoElement
      return [videoWidth, videoHeight, controls, duration]
    })
    assert.equal(about, [512, 288, true, 2])
    await video.evaluate(async (element) => {
      const video = element as HTMLVideoElement
      video.muted = true
      await video.play()
    })
    await untilPage(page, () => document.querySelector<HTMLVideoElement>('.outputs video')!.ended)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      stage(page).getByRole('button', { name: 'Download' }).click(),
    ])
    assert.match(download.suggestedFilename(), /\.mp4$/)
  }))

test('by the keyboard alone', () =>
  withPage({}, async (page) => {
    const skip = page.getByRole('link', { name: 'Skip to the inputs' })
    await page.reload()
    await page.getByRole('radio', { name: 'Text to Image' }).waitFor()
    await page.keyboard.press('Tab')
    assert.ok(await skip.evaluate((link) => link === document.activeElement), 'Tab starts at the top')
    const isSeen = (link: Element) => {
      const { left, top } = link.getBoundingClientRect()
      return document.elementFromPoint(left + 20, top + 20) === link
    }
    assert.ok(await skip.evaluate(isSeen), 'the link is seen with the focus')
    await page.getByRole('radio', { name: 'Text to Image' }).focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    assert.ok(await page.getByRole('radio', { name: 'Diptych' }).isChecked())
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Control+A')
    await page.keyboard.type('desert dawn')
    await page.keyboard.press('Control+Enter')
    await stage(page).getByRole('img', { name: 'desert dawn' }).waitFor()
  }))

for (const dialect of ['openapi', 'python'] as const) {
  const isListing = dialect === 'python'
  test(`a server of the ${dialect} dialect`, () =>
    withPage({ options: { dialect }, isListing }, async (page) => {
      if (isListing) {
        await run(page)
        await stage(page).getByRole('img').waitFor()
      } else await page.getByText('This server lists no workflows.').waitFor()
      await page.getByRole('region', { name: 'Queue' }).getByText('idle').first().waitFor()
    }))
}

for (const scheme of ['light', 'dark'] as const) {
  for (const width of [320, 1280]) {
    test(`accessible and within the window: ${scheme}, ${width} pixels`, () =>
      withPage({ scheme, width }, async (page) => {
        const check = async (when: string) => {
          await page.emulateMedia({ reducedMotion: 'reduce' })
          await isAccessible(page, when)
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
          assert.ok(overflow <= 0, `${when}: ${overflow} pixels too wide`)
        }
        await check('at the start')
        await choose(page, 'Never Ends')
        await run(page)
        await stage(page).getByRole('button', { name: 'Cancel' }).waitFor()
        await check('while it is running')
        await choose(page, 'Text to Image')
        await run(page)
        await stage(page).getByRole('img').waitFor()
        await choose(page, 'Image to Image')
        await run(page)
        await page.getByText('Field required').waitFor()
        await check('with a picture and a refusal')
      }))
  }
}
