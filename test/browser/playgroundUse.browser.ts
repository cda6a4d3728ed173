// What the playground is for: code to take along, runs to come back to, and no text that breaks it.

import { createClient, executeWorkflow } from '@flowscale/client'
import { createEmulator, type EmulatorOptions } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import type { Page, WebSocketRoute } from 'playwright-core'
import { assert } from '#test'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { until } from '../support/until.ts'
import { answerTo, suiteWithBrowser } from './kit/browser.ts'
import { isAccessible } from './kit/isAccessible.ts'
import {
  attach,
  choose,
  connect,
  disconnect,
  photo,
  run,
  runList,
  stage,
  status,
  stepwise,
  untilPage,
  withPage,
} from './kit/playground.ts'

const test = suiteWithBrowser('use of the playground')

const dialog = (page: Page) => page.getByRole('dialog')
const button = (page: Page, name: string) => stage(page).getByRole('button', { name, exact: true })
const prompt = (page: Page) => page.getByRole('textbox', { name: 'Prompt' })

async function fits(page: Page, when: string) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(overflow <= 0, `${when}: ${overflow} pixels too wide`)
}

for (const width of [320, 1280, 3840]) {
  test(`long text stays within the window: ${width} pixels`, () =>
    withPage({ width }, async (page) => {
      await choose(page, 'Always Fails')
      for (const text of ['x'.repeat(3000), 'a word and '.repeat(180), `https://a.test/${'p'.repeat(138)}`]) {
        await page.getByRole('textbox', { name: 'Message' }).fill(text)
        await run(page)
        await stage(page)
          .getByRole('heading', { name: text.trim().slice(0, 100) })
          .waitFor()
        await stage(page).getByText('failed', { exact: true }).waitFor()
        await fits(page, text.slice(0, 20))
        const height = await page.evaluate(() => document.querySelector('#stage h3')!.clientHeight)
        assert.ok(height < 100, `the title is ${height} pixels high`)
      }
      await disconnect(page)
      await connect(page, '', `http://127.0.0.1:1/${'a'.repeat(134)}`)
      await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor()
      await fits(page, 'a long address')
    }))
}

test('at 1280 × 900 a run is in view without scrolling, and so is the button Run', () =>
  withPage({}, async (page) => {
    await run(page)
    await stage(page).getByRole('img').waitFor()
    await untilPage(
      page,
      () => document.querySelector<HTMLImageElement>('.outputs figure > img')!.naturalWidth > 0,
    )
    const seen = await page.evaluate(() => {
      const boxes = ['#stage', '#run'].map((id) => document.querySelector(id)!.getBoundingClientRect())
      return { scrolled: scrollY, inView: boxes.map(({ top, bottom }) => top >= 0 && bottom <= innerHeight) }
    })
    assert.equal(seen, { scrolled: 0, inView: [true, true] })
  }))

test('a reload keeps the run, its title and its workflow; Back leads to the run before', () =>
  withPage({}, async (page) => {
    await choose(page, 'Diptych')
    await prompt(page).fill('two lakes\ntwo seas')
    await run(page)
    await untilPage(page, () => document.querySelectorAll('.outputs figure > img').length === 2)
    await choose(page, 'Image to Image')
    await attach(page, 'Choose an image')
    await prompt(page).fill('in oil')
    await run(page)
    await stage(page).getByRole('img', { name: 'in oil' }).waitFor()
    await choose(page, 'Never Ends')
    await run(page)
    await stage(page).getByText('running').first().waitFor()

    await page.reload()
    await stage(page).getByRole('heading', { name: 'Never Ends' }).waitFor()
    assert.ok(await page.getByRole('radio', { name: 'Never Ends' }).isChecked())
    await runList(page)
      .getByRole('button', { name: /^two lakes \/ two seas.*Diptych/ })
      .waitFor()
    await runList(page)
      .getByRole('button', { name: /^in oil.*Image to Image/ })
      .click()
    await stage(page).getByRole('img', { name: 'in oil' }).waitFor()
    assert.match(await page.title(), /^in oil/)
    await page.goBack()
    await stage(page).getByRole('heading', { name: 'Never Ends' }).waitFor()
  }))

test('a reload in the middle of a run: it is in view on a phone, and its title and its picture come', () => {
  const { definition, started, end } = stepwise()
  return withPage({ width: 390, options: { workflows: [definition] } }, async (page) => {
    await choose(page, 'Stepwise')
    await prompt(page).fill('a heron')
    await run(page)
    await started
    // The pod may have started the run before the page has read the answer.
    await page.waitForURL(/run=/)
    await page.reload()
    await runList(page).getByRole('button', { name: 'a heron running' }).waitFor()
    await untilPage(page, () => {
      const { top, bottom } = document.querySelector('#stage')!.getBoundingClientRect()
      return top >= 0 && bottom <= innerHeight
    })
    end()
    await stage(page).getByRole('img', { name: 'a heron' }).waitFor()
  })
})

/** Reloads the page. Gives a function that closes its socket, which then opens again. */
async function reloadWithSocket(page: Page) {
  let socket: WebSocketRoute | undefined
  await page.routeWebSocket(/./, (one) => {
    one.connectToServer()
    socket = one
  })
  await page.reload()
  await status(page, 'Live')
  return () => socket!.close()
}

test('a run from the list is shown from its top, and there the page stays when the connection opens again', () =>
  withPage({ width: 390 }, async (page, { url }) => {
    const client = createClient({ baseUrl: url, apiKey: CANARY })
    await executeWorkflow(client, 'd1ptych7two2', { prompt: 'two lakes' })
    const closeSocket = await reloadWithSocket(page)
    await page.setViewportSize({ width: 390, height: 600 })
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await runList(page).getByRole('button', { name: 'two lakes completed' }).click()
    const top = () =>
      page.locator('#stage').evaluate((stage) => Math.round(stage.getBoundingClientRect().top))
    await until(async () => (await top()) === 0)
    // By then, the workflows are drawn.
    const read = page.waitForResponse(/\/api\/v1\/runs\?/)
    await closeSocket()
    await read
    assert.is(await top(), 0)
  }))

test('the connection that is open for reading stays open when the socket opens again', () =>
  withPage({}, async (page) => {
    const closeSocket = await reloadWithSocket(page)
    await page.getByLabel('Server').waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Connection:' }).click()
    const read = page.waitForResponse(/\/api\/v1\/runs\?/)
    await closeSocket()
    await (await read).finished()
    await page.waitForTimeout(300)
    assert.ok(await page.getByLabel('Server').isVisible())
  }))

test('a dialog about runs closes when their server refuses the key', () =>
  withPage({}, async (page) => {
    const closeSocket = await reloadWithSocket(page)
    await run(page)
    await stage(page).getByRole('button', { name: 'Enlarge' }).click()
    await dialog(page).waitFor()
    await page.route('**/api/v1/comfy/workflows', (route) => route.fulfill({ status: 401, json: {} }))
    await closeSocket()
    await page.locator('#key-problem').filter({ hasText: 'API key' }).waitFor()
    await page.locator('#gallery').waitFor({ state: 'hidden' })
  }))

for (const how of ['sockets', 'polling']) {
  test(`a run from elsewhere has its title while it is running, and then its picture (${how})`, () => {
    const { definition, started, end } = stepwise()
    return withPage({ options: { workflows: [definition] } }, async (page, { url }) => {
      if (how === 'polling') {
        await page.routeWebSocket(/./, (socket) => socket.close())
        await page.reload()
        await status(page, 'Polling')
      }
      const elsewhere = createClient({ baseUrl: url, apiKey: CANARY })
      await executeWorkflow(elsewhere, definition.id, { prompt: 'a heron' })
      await started
      await runList(page).getByRole('button', { name: 'a heron running' }).waitFor()
      end()
      await untilPage(page, () => document.querySelector<HTMLImageElement>('#list img')?.naturalWidth === 64)
      await runList(page).getByRole('button', { name: 'a heron completed' }).waitFor()
    })
  })
}

test('a run of another browser runs again, is edited, and has its code', () =>
  withPage({}, async (page, { url, emulator }) => {
    // Its inputs tell nothing of its workflow: there are none.
    const elsewhere = createClient({ baseUrl: url, apiKey: CANARY })
    const { data } = await executeWorkflow(elsewhere, 'fa1lsa1ways0', {})
    await runList(page).getByRole('button', { name: 'Always Fails failed' }).click()
    await button(page, 'Run again').waitFor()
    await page.goto(`${url}/#run=${data.run_id}`)
    await page.reload()
    await button(page, 'Code').click()
    await dialog(page).locator('pre').filter({ hasText: 'fa1lsa1ways0' }).waitFor()
    await page.keyboard.press('Escape')
    await button(page, 'Edit inputs').click()
    await page.getByRole('radio', { name: 'Always Fails', checked: true }).waitFor()
    await button(page, 'Run again').click()
    await untilPage(page, () => document.querySelectorAll('#list li').length === 2)
    assert.equal(
      emulator.ledger.runs.map(({ workflowId }) => workflowId),
      ['fa1lsa1ways0', 'fa1lsa1ways0'],
    )
  }))

test('an address of a run that is not there says so', () =>
  withPage({}, async (page, { url }) => {
    await page.goto(`${url}/#workflow=d1ptych7two2&run=gone`)
    await page.reload()
    await stage(page).getByText('The server does not know this run any more.').waitFor()
    assert.ok(await page.getByRole('radio', { name: 'Diptych' }).isChecked())
  }))

test('the code of the form and of a run, without the key, to copy', () =>
  withPage({ scheme: 'dark' }, async (page) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByLabel('Text text_51536').fill('a "red" fox')
    await page.getByRole('button', { name: 'Code' }).click()
    const shown = dialog(page).locator('pre')
    await shown.filter({ hasText: `text_51536: 'a "red" fox'` }).waitFor()
    assert.is(await shown.locator('.string').last().textContent(), `'a "red" fox'`)
    await page.emulateMedia({ colorScheme: 'light' })
    await isAccessible(page, 'the dialog of the code, light')
    await page.emulateMedia({ colorScheme: 'dark' })
    for (const [name, part] of [
      ['TypeScript', 'defineWorkflow<'],
      ['curl', '$FLOWSCALE_API_KEY'],
      ['Python', "os.environ['FLOWSCALE_API_KEY']"],
      ['PowerShell', '$env:FLOWSCALE_API_KEY'],
      ['Command line', 'npx flowscale run bncu0a1kipv'],
    ] as const) {
      await dialog(page).getByRole('radio', { name }).check()
      await shown.filter({ hasText: part }).waitFor()
    }
    await isAccessible(page, 'the dialog of the code')
    await dialog(page).getByRole('button', { name: 'Copy' }).click()
    await dialog(page).getByRole('button', { name: 'Copied' }).waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    assert.match(copied, 'text_51536=a "red" fox')
    assertNoCanary(copied, 'the code')
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'hidden' })
    await run(page)
    await stage(page).getByRole('img').waitFor()
    await page.getByLabel('Text text_51536').fill('another')
    const [, seed] = /^seed(\d+)$/.exec((await stage(page).locator('.given').textContent())!)!
    await button(page, 'Code').click()
    await shown.filter({ hasText: `text_51536: 'a "red" fox',\n  seed: ${seed},` }).waitFor()
  }))

test('JSON of request and run', () =>
  withPage({}, async (page) => {
    await choose(page, 'Image to Image')
    await attach(page, 'Choose an image')
    await prompt(page).fill('in oil')
    await run(page)
    await stage(page).getByRole('img').waitFor()
    await button(page, 'JSON').click()
    const shown = async () => JSON.parse((await dialog(page).locator('pre').textContent())!)
    assert.equal(await shown(), {
      workflow_id: 'a9bc45rt2kpm',
      inputs: { image_input: { file: 'a.png', size: photo.length, type: 'image/png' }, prompt: 'in oil' },
    })
    await dialog(page).getByRole('radio', { name: 'Run' }).check()
    await dialog(page).locator('pre').filter({ hasText: '"status": "completed"' }).waitFor()
    assert.is((await shown()).outputs.length, 1)
  }))

test('run again, with its file; after a reload the file is asked for', () =>
  withPage({}, async (page, { emulator }) => {
    await choose(page, 'Image to Image')
    await attach(page, 'Choose an image')
    await prompt(page).fill('in oil')
    await run(page)
    await stage(page).getByRole('img').waitFor()
    await choose(page, 'Diptych')
    await button(page, 'Run again').click()
    await untilPage(page, () => document.querySelectorAll('#list li').length === 2)
    await stage(page).getByRole('img', { name: 'in oil' }).waitFor()
    assert.is(emulator.stats.runsStarted, 2)
    assert.ok(await page.getByRole('radio', { name: 'Image to Image' }).isChecked())

    await page.reload()
    await stage(page).getByRole('img', { name: 'in oil' }).waitFor()
    await prompt(page).fill('something else')
    await button(page, 'Run again').click()
    await page.getByText('Choose the file again: a.png').waitFor()
    assert.is(await prompt(page).inputValue(), 'in oil')
    assert.is(emulator.stats.runsStarted, 2, 'nothing is run without the file')
  }))

test('several files of one input: chosen, dropped, removed, sent and run again', async () => {
  const given: string[][] = []
  const workflow = {
    id: 'sever4lf1les',
    name: 'Several Files',
    description: 'Takes several images',
    inputs: { pictures: { kind: 'image', array: true } },
    outputs: { note: 'file' },
    run(inputs: { pictures: { name: string }[] }) {
      given.push([inputs.pictures].flat().map(({ name }) => name))
      return { note: { data: new Uint8Array(1), type: 'text/plain' } }
    },
  } as unknown as NonNullable<EmulatorOptions['workflows']>[number]
  await withPage({ options: { workflows: [workflow] } }, async (page) => {
    await choose(page, 'Several Files')
    const picture = (name: string) => ({ name, mimeType: 'image/png', buffer: photo })
    await page.getByLabel('Choose images').setInputFiles([picture('a.png'), picture('b.png')])
    await page.getByLabel('Choose images').setInputFiles([picture('c.png')])
    await page.getByRole('button', { name: 'Remove a.png' }).click()
    await isAccessible(page, 'several files')
    await run(page)
    await stage(page).getByText('completed').waitFor()
    assert.equal(given, [['b.png', 'c.png']])
    await stage(page).locator('.given').filter({ hasText: 'b.png / c.png' }).waitFor()
    await button(page, 'Run again').click()
    await untilPage(page, () => document.querySelectorAll('#list li').length === 2)
    await stage(page).getByText('completed').waitFor()
    assert.equal(given, [
      ['b.png', 'c.png'],
      ['b.png', 'c.png'],
    ])
  })
})

test('an image is enlarged, and the original can be opened', () =>
  withPage({}, async (page) => {
    await run(page)
    await stage(page).getByRole('img').waitFor()
    await untilPage(
      page,
      () => document.querySelector<HTMLImageElement>('.outputs figure > img')!.naturalWidth > 0,
    )
    const opacity = (wanted: string) =>
      page.waitForFunction(
        (wanted) => getComputedStyle(document.querySelector('#stage .tools')!).opacity === wanted,
        wanted,
      )
    await page.getByRole('banner').hover()
    await opacity('0')
    await page.locator('.outputs figure > img').hover()
    await opacity('1')
    await page.getByRole('banner').hover()
    await button(page, 'Enlarge').focus()
    await opacity('1')
    const [original] = await Promise.all([
      page.context().waitForEvent('page'),
      stage(page).getByRole('link', { name: 'Open the original' }).click(),
    ])
    assert.is(original.url(), await page.locator('.outputs figure > img').getAttribute('src'))
    await original.close()
    await button(page, 'Enlarge').click()
    const width = () => page.locator('#gallery .view img').evaluate((image) => image.clientWidth)
    assert.ok(
      (await width()) > (await page.locator('.outputs figure > img').evaluate((image) => image.clientWidth)),
    )
    await isAccessible(page, 'the enlarged image')
    await dialog(page).getByRole('button', { name: 'Actual size' }).click()
    assert.is(await width(), 768)
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'hidden' })
    assert.is(await page.evaluate(() => document.activeElement?.textContent), 'Enlarge', 'focus is back')
  }))

test('an address of an output that is a script is no link', () =>
  withPage({}, async (page) => {
    let link = 'javascript:alert(1)'
    await page.route(/\/api\/v1\/runs/, async (route) => {
      const answer = await answerTo(route)
      const body = (await answer.text()).replace(/"(url|download_url)": *"[^"]*"/g, `"$1":"${link}"`)
      await route.fulfill({ response: answer, body })
    })
    const original = stage(page).getByText('Open the original')
    // Until the next run is submitted, the stage shows the one before.
    const isLinkTo = (wanted: string | null) =>
      until(async () => (await original.getAttribute('href')) === wanted)
    for (const shown of ['https://a.test/b.png', '/files/a.png']) {
      link = shown
      await run(page)
      await isLinkTo(shown)
    }
    link = 'javascript:alert(1)'
    await run(page)
    await isLinkTo(null)
    assert.not.ok(await original.isVisible())
    // An answer may be under way.
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  }))

test('required and optional inputs, defaults, ranges and choices are shown, and sent', async () => {
  let given: any
  const workflow = {
    id: 'det4ils00000',
    name: 'Details',
    description: 'Takes all kinds',
    inputs: {
      prompt: 'string',
      steps: { kind: 'number', required: false, default: 20, min: 1, max: 50, integer: true },
      style: { kind: 'string', required: false, options: ['oil', 'ink'], description: 'How it is painted.' },
      seed: { kind: 'number', required: false },
    },
    outputs: { note: 'file' },
    run(inputs: object) {
      given = inputs
      return { note: { data: new Uint8Array(1), type: 'text/plain' } }
    },
  } as NonNullable<EmulatorOptions['workflows']>[number]
  await withPage({ options: { workflows: [workflow] } }, async (page) => {
    await choose(page, 'Details')
    await page.getByLabel('Prompt prompt required').waitFor()
    const steps = page.getByLabel('Steps steps optional')
    assert.is(await steps.getAttribute('placeholder'), 'Default: 20')
    await page.getByText('From 1 to 50.').waitFor()
    await page.getByText('How it is painted.').waitFor()
    await page.getByLabel('Style style').selectOption('ink')
    await page.getByLabel('Seed seed').fill('42')
    await run(page)
    await stage(page).getByText('completed').waitFor()
    assert.equal({ ...given }, { prompt: 'a lighthouse at dusk', steps: 20, style: 'ink', seed: 42 })
    // The inputs of the run, the seed among them.
    const facts = await stage(page).locator('.given div').allTextContents()
    assert.ok(facts.includes('seed42'), facts.join())
  })
})

test('a refusal stands under its label, and goes when the field changes', () =>
  withPage({}, async (page) => {
    await page.getByLabel('Text text_51536').fill('')
    await run(page)
    const field = page.locator('.field').filter({ hasText: 'text_51536' })
    await field.getByText('Field required').waitFor()
    const order = await field.evaluate((element) => [...element.children].map(({ tagName }) => tagName))
    assert.equal(order.slice(0, 3), ['LABEL', 'P', 'TEXTAREA'])
    await page.getByLabel('Text text_51536').fill('a')
    await field.getByText('Field required').waitFor({ state: 'hidden' })
  }))

test('a server that lists no workflows: an id, and inputs by name', () =>
  withPage({ options: { dialect: 'openapi' }, isListing: false }, async (page, { emulator }) => {
    await run(page)
    await page.getByText('Give the id of a workflow.').waitFor()
    await page.getByLabel('Workflow id').fill('a9bc45rt2kpm')
    await page.getByRole('button', { name: 'Add a text' }).click()
    await page.keyboard.type('prompt')
    await run(page)
    const row = page.locator('.row')
    await row.getByText('Field required').waitFor()
    await page.getByText('image_input: Field required').waitFor()
    await isAccessible(page, 'the form without a list')
    await row.getByLabel('Value').fill('in oil')
    await page.getByRole('button', { name: 'Add a file' }).click()
    await page.keyboard.type('image_input')
    await attach(page, 'Choose a file')
    await run(page)
    await stage(page).getByRole('img', { name: 'in oil' }).waitFor()
    assert.is(emulator.stats.runsStarted, 1)
    await button(page, 'Run again').click()
    await untilPage(page, () => document.querySelectorAll('#list li').length === 2)
    assert.match(page.url(), 'workflow=a9bc45rt2kpm')
  }))

test('a wrong server clears what was of the old one', () =>
  withPage({}, async (page) => {
    await run(page)
    await stage(page).getByRole('img').waitFor()
    await disconnect(page)
    await connect(page, '', 'http://127.0.0.1:1')
    await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor()
    assert.is(await page.getByLabel('Server').getAttribute('aria-invalid'), 'true')
    for (const list of ['#workflows label', '#list li', '#containers li', '.outputs']) {
      assert.is(await page.locator(list).count(), 0, list)
    }
    assert.not.ok(await page.getByLabel('Inputs').isVisible())
  }))

test('a wrong server and a wrong key are corrected in place', () =>
  withPage({}, async (page, { url }) => {
    const connect = page.getByRole('button', { name: 'Connect', exact: true })
    await disconnect(page)
    await page.getByLabel('Server').fill('http://127.0.0.1:1')
    await page.getByLabel('API key').fill('')
    await connect.click()
    const problem = page.locator('#server-problem')
    await problem.filter({ hasText: 'does not answer' }).waitFor()
    await isAccessible(page, 'a wrong server')
    // The focus is at the field, and that takes a text.
    await page.keyboard.press('Control+A')
    await page.keyboard.type(`${url}/main.js#`)
    await page.keyboard.press('Enter')
    await problem.filter({ hasText: 'It' }).waitFor()
    await page.getByLabel('Server').fill(`${url}/nothing`)
    await connect.click()
    await problem.filter({ hasText: 'This is not FlowScale: it answers 404.' }).waitFor()
    await page.getByLabel('Server').fill(url)
    await page.getByLabel('API key').fill('wrong')
    await connect.click()
    const key = page.locator('#key-problem')
    await key.filter({ hasText: 'The server refuses this API key.' }).waitFor()
    assert.is(await page.getByLabel('API key').getAttribute('aria-invalid'), 'true')
    await page.keyboard.press('Control+A')
    await page.keyboard.type(CANARY)
    await page.keyboard.press('Enter')
    await status(page, 'Live')
    assert.not.ok((await key.isVisible()) || (await problem.isVisible()))
    await page.getByRole('radio', { name: 'Text to Image' }).waitFor()
  }))

test('a tab keeps the address of its server, and no key', async () => {
  const other = createEmulator()
  const pageServer = await serve(other)
  try {
    await withPage({}, async (page, { url }) => {
      await page.goto(`${pageServer.url}/`)
      await status(page, 'Live')
      await disconnect(page)
      await connect(page, CANARY, url)
      await status(page, 'Live')
      await page.getByRole('radio', { name: 'Text to Image' }).waitFor()
      const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))
      assertNoCanary(kept, 'the storage')
      const keys = new Set<unknown>()
      page.on('request', (request) => {
        if (request.url().startsWith(url)) keys.add(request.headers()['x-api-key'])
      })
      // The page before still asks, with its key, until it has gone.
      page.once('framenavigated', () => keys.clear())
      await page.reload()
      await page.getByText('This server needs an API key.').waitFor()
      assert.is(await page.getByLabel('Server').inputValue(), url)
      assert.equal([...keys], [undefined], 'a key of another server is not sent')
      const tab = await page.context().newPage()
      await tab.goto(`${pageServer.url}/`)
      assert.is(await tab.getByLabel('Server').inputValue(), pageServer.url)
    })
  } finally {
    await pageServer.close()
    other.close()
  }
})

test('the history can be looked through, and says when', () =>
  withPage({}, async (page) => {
    await run(page)
    await stage(page).getByRole('img').waitFor()
    await choose(page, 'Always Fails')
    await page.getByRole('textbox', { name: 'Message' }).fill('out of memory')
    await run(page)
    await stage(page).getByText('failed', { exact: true }).waitFor()
    const titles = () => runList(page).locator('.title').allTextContents()
    const shows = (count: number) =>
      page.waitForFunction((count) => document.querySelectorAll('#list li').length === count, count)
    await shows(2)
    assert.match((await runList(page).locator('time').first().textContent())!, /^\d\d:\d\d$/)
    await page.getByLabel('Find runs').fill('MEMORY')
    await shows(1)
    assert.equal(await titles(), ['out of memory'])
    await page.getByLabel('Status').selectOption('Completed')
    await runList(page).getByText('No run matches.').waitFor()
    await page.getByLabel('Find runs').fill('text to image')
    await shows(1)
    assert.equal(await titles(), ['a lighthouse at dusk'])
  }))

test('Run again is not there for a run whose workflow is gone, though another one takes its inputs', () =>
  withPage({}, async (page) => {
    await choose(page, 'Always Fails')
    await run(page)
    await button(page, 'Run again').waitFor()
    await page.route('**/api/v1/comfy/workflows', async (route) => {
      const answer = await answerTo(route)
      await route.fulfill({ response: answer, body: (await answer.text()).replaceAll('"fa1l', '"other') })
    })
    await page.reload()
    await stage(page).getByText('failed', { exact: true }).waitFor()
    await page.getByRole('radio', { name: 'Always Fails' }).waitFor()
    assert.is(await button(page, 'Run again').count(), 0)
  }))

test('a number that the browser can’t read is not sent as the default', () =>
  withPage({}, async (page, { emulator }) => {
    const seed = page.getByRole('spinbutton', { name: 'Seed' })
    await seed.pressSequentially('--5')
    await run(page)
    await page.getByText('Write a number, or leave this empty.').waitFor()
    assert.is(await seed.evaluate((input) => input === document.activeElement), true)
    assert.is(emulator.stats.runsStarted, 0)
  }))

test('Disconnect before the submission is answered: the run may have started, and the page says so', () =>
  withPage({}, async (page) => {
    await page.route('**/api/v1/runs?*', (route) =>
      route.request().method() === 'POST' ? undefined : route.continue(),
    )
    await run(page)
    await page.getByRole('button', { name: 'Submitting …' }).waitFor()
    await disconnect(page)
    await page.getByRole('alert').filter({ hasText: 'The run may have started' }).waitFor()
  }))

test('an answer that is not about the run ends no run', () => {
  const { definition, end } = stepwise()
  return withPage({ options: { workflows: [definition] } }, async (page) => {
    const runs = /\/api\/v1\/runs\/[^/?]+$/
    await page.route(runs, (route) => route.fulfill({ status: 401, json: { detail: 'Log in' } }))
    await choose(page, 'Stepwise')
    await prompt(page).fill('a heron')
    await run(page)
    const trouble = page.getByRole('alert').filter({ hasText: 'looks for the run' })
    await trouble.waitFor()
    await stage(page).getByRole('button', { name: 'Cancel' }).waitFor()
    await page.unroute(runs)
    end()
    await stage(page).getByRole('img', { name: 'a heron' }).waitFor()
    await trouble.waitFor({ state: 'hidden' })
  })
})

test('a proxy whose own key is wrong is not called another server', () =>
  withPage({}, async (page) => {
    const errors = ['The pod refused the apiKey of the proxy']
    await page.route('**/api/v1/**', (route) =>
      route.fulfill({ status: 424, json: { status: 'error', errors } }),
    )
    await disconnect(page)
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.locator('#server-problem').filter({ hasText: errors[0]! }).waitFor()
  }))

test('a browser that blocks the storage shows the page all the same', () =>
  withPage({}, async (page) => {
    await page.addInitScript(`
      const blocked = { get() { throw new DOMException('Blocked', 'SecurityError') } }
      for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, blocked)
    `)
    await page.reload()
    await page.getByRole('alert').filter({ hasText: 'needs an API key' }).waitFor()
    await connect(page)
    await status(page, 'Live')
    await run(page)
    await stage(page).getByRole('img').waitFor()
  }))
