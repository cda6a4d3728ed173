// The React and the Next.js component in Chromium, under StrictMode, with the example's own route as the proxy.
import { readFileSync } from 'node:fs'
import { encode } from 'fast-png'
import type { Request as Sent } from 'playwright-core'
import { assert } from '#test'
import { cancel, occupy, pod, reached } from '../examples/kit.ts'
import { until } from '../support/until.ts'
import { browser, suiteWithBrowser } from './kit/browser.ts'
import { bundlePage } from './kit/bundlePage.ts'
import { axe } from './kit/isAccessible.ts'
import { serveSite } from './kit/serveSite.ts'

/** A page with a component, and the button that takes it away and brings it back. */
const entry = (file: string) => `
  import { StrictMode, useState } from 'react'
  import { createRoot } from 'react-dom/client'
  import { FlowScaleImage } from './examples/${file}'
  function Page() {
    const [isShown, setShown] = useState(true)
    return <>
      <button onClick={() => setShown(!isShown)}>Elsewhere</button>
      {isShown && <FlowScaleImage />}
    </>
  }
  createRoot(document.getElementById('root')).render(<StrictMode><Page /></StrictMode>)`
const html =
  '<!doctype html><html lang="en"><title>x</title><link rel="icon" href="data:,"><main><h1>x</h1><div id="root"></div></main><script type="module" src="/page.js"></script></html>'

// One emulator for the whole file, since the route reads its address once, as it does in Next.js.
const local = await pod({ containers: 1, speed: 1 })
const { emulator } = local
Object.assign(process.env, local.env)
const route: Record<string, (request: Request) => Promise<Response>> = await import(
  '../../examples/nextjs-route.ts'
)

const open = new Set<() => unknown>()

async function visit(file: string) {
  const gate = {
    /** Answers instead of the route, where it gives something. */
    instead: undefined as (() => Response) | undefined,
    /** Answers to submissions go out once this is resolved. */
    hold: undefined as Promise<void> | undefined,
  }
  const script = await bundlePage(entry(file))
  assert.not.match(script, emulator.apiKey)
  const { url, close } = await serveSite(
    { '/': ['text/html', html], '/page.js': ['text/javascript', script] },
    async (request) => {
      const { method } = request
      if (!route[method] || !new URL(request.url).pathname.startsWith('/api/flowscale/'))
        return new Response(null, { status: 404 })
      const answer = gate.instead?.() ?? (await route[method](request))
      if (method === 'POST') await gate.hold
      return answer
    },
  )
  const context = await browser.newContext()
  open.add(() => context.close()).add(close)
  // As proxy.ts of docs/in-a-page.md gives it to each visitor.
  await context.addCookies([{ name: 'session', value: crypto.randomUUID(), url }])
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const sent: Sent[] = []
  const problems: string[] = []
  page.on('request', (request) => sent.push(request))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  const before = emulator.stats.runsStarted
  await page.goto(url)
  await page.getByLabel('Prompt').waitFor()
  open.add(() => {
    // Neither to the proxy nor to where the files lie.
    for (const request of sent)
      assert.not.match(
        JSON.stringify([request.url(), request.headers(), request.postData()]),
        emulator.apiKey,
      )
    assert.equal(
      // That of the browser itself, for answers that a test has asked for.
      problems.filter((problem) => !/^Failed to load resource/.test(problem)),
      [],
    )
  })
  return {
    page,
    gate,
    /** What the page has asked of the proxy since it was opened: `GET runs/…`. */
    asked: () =>
      sent
        .filter((request) => request.url().startsWith(`${url}api/`))
        .map(
          (request) =>
            `${request.method()} ${new URL(request.url()).pathname.slice('/api/flowscale/api/v1/'.length)}`,
        ),
    /** How many runs were submitted since the page was opened. */
    submitted: () => emulator.stats.runsStarted - before,
    async generate(prompt = 'a red fox') {
      const upload = page.getByLabel('Image', { exact: true })
      if (await upload.count())
        await upload.setInputFiles({ name: 'cat.png', mimeType: 'image/png', buffer: png })
      await page.getByLabel('Prompt').fill(prompt)
      await page.getByRole('button', { name: 'Generate' }).click()
    },
    says: (status: string) =>
      page
        .getByRole('status')
        .filter({ hasText: `The run is ${status}` })
        .waitFor(),
    image: () => page.waitForFunction('document.querySelector("img")?.naturalWidth > 0'),
  }
}

const executes = (asked: string[]) => asked.filter((call) => call === 'POST runs').length
const lastRun = () => emulator.ledger.runs.at(-1)!.runId
const png = Buffer.from(
  encode({ width: 64, height: 64, channels: 3, data: new Uint8Array(64 * 64 * 3).fill(90) }),
)

for (const file of ['react-component.tsx', 'nextjs-component.tsx']) {
  const test = suiteWithBrowser(file)
  let release: (() => Promise<void>) | undefined
  /** Runs are queued from now on; `free` lets them go. */
  const busy = async () => {
    release = await occupy(emulator)
  }
  const free = async () => {
    await release?.()
    release = undefined
  }
  test.after(async () => {
    if (file === 'nextjs-component.tsx') await local.close()
  })
  test.after.each(async () => {
    await free()
    for (const close of open) await close()
    open.clear()
  })

  test('is of forty lines at most', () => {
    assert.ok(readFileSync(`examples/${file}`, 'utf8').split('\n').length - 1 <= 40)
  })

  test('one submission is one execute, with its real progress, its image and no key', async () => {
    await busy()
    const { page, generate, says, submitted, asked, image } = await visit(file)
    await page.evaluate(`
      globalThis.values = []
      new MutationObserver(() => values.push(document.querySelector('progress')?.value ?? 0))
        .observe(document.body, { subtree: true, childList: true, attributes: true })`)
    await generate()
    await says('queued')
    assert.is(await page.getByRole('progressbar', { name: 'Progress' }).count(), 1)
    assert.is(await page.locator('form').getAttribute('aria-busy'), 'true')
    await free()
    await says('completed')
    assert.is(submitted(), 1)
    assert.is(executes(asked()), 1)
    assert.is(await page.getByRole('progressbar').count(), 0)
    assert.is(await page.locator('form').getAttribute('aria-busy'), 'false')
    await image()
    assert.is(await page.getByRole('img', { name: 'The result' }).count(), 1)
    assert.ok(asked().some((call) => call.endsWith('/events')))
    const values = new Set(await page.evaluate<number[]>('values.filter((value) => value > 0 && value < 1)'))
    assert.ok(values.size > 0, [...values].join())
    assert.not.match(await page.content(), emulator.apiKey)
    assert.is(emulator.stats.keysRefusedAtFiles, 0)

    const first = await page.getByRole('img').getAttribute('src')
    await generate('desert dawn')
    await page.waitForFunction(
      (first) => ![first, undefined].includes(document.querySelector('img')?.src),
      first!,
    )
    await image()
    assert.equal([executes(asked()), submitted()], [2, 2])
  })

  test('can be used by everybody, in each of its states', async () => {
    await busy()
    const { page, gate, generate, says, image } = await visit(file)
    const check = async () => {
      await page.evaluate(axe)
      const { violations } = await page.evaluate<{ violations: { id: string }[] }>('axe.run()')
      assert.equal(
        violations.map(({ id }) => id),
        [],
      )
    }
    await check()
    await generate()
    await says('queued')
    await check()
    await free()
    await says('completed')
    await image()
    await check()
    gate.instead = () => Response.json({ detail: 'no' }, { status: 403 })
    await generate()
    await page.getByRole('alert').waitFor()
    await check()
  })

  test('Cancel cancels the run, and keeps the focus', async () => {
    await busy()
    const { page, generate, says, asked } = await visit(file)
    const button = page.getByRole('button', { name: 'Cancel' })
    assert.is(await button.getAttribute('aria-disabled'), 'true')
    await generate()
    await says('queued')
    assert.is(await button.getAttribute('aria-disabled'), 'false')
    const runId = lastRun()
    await button.click()
    await says('cancelled')
    assert.is(emulator.stateOf(runId)?.status, 'cancelled')
    assert.ok(asked().includes(`POST runs/${runId}/cancel`))
    assert.is(await page.evaluate(() => document.activeElement?.textContent), 'Cancel')
    assert.is(await page.getByRole('alert').count(), 0)
  })

  test('Cancel during the submission cancels the run that it started', async () => {
    await busy()
    const { page, gate, generate, says } = await visit(file)
    let answer = () => {}
    gate.hold = new Promise((resolve) => {
      answer = resolve
    })
    const isSubmitted = reached(emulator, 'queued')
    await generate()
    const runId = await isSubmitted
    await page.getByRole('button', { name: 'Cancel' }).click()
    const isCancelled = reached(emulator, 'cancelled', runId)
    answer()
    await isCancelled
    await says('cancelled')
  })

  test('errors are shown, and the next submission takes them away', async () => {
    await busy()
    const { page, gate, generate, says } = await visit(file)
    const alert = page.getByRole('alert')
    gate.instead = () => Response.json({ detail: 'no' }, { status: 403 })
    await generate()
    await alert.filter({ hasText: 'HttpError' }).waitFor()
    gate.instead = () =>
      Response.json({ detail: [{ loc: ['body', 'text'], msg: 'too long', type: 'x' }] }, { status: 422 })
    await generate()
    await alert.filter({ hasText: 'too long' }).waitFor()
    gate.instead = undefined
    await generate()
    await says('queued')
    assert.is(await alert.count(), 0)
    // Cancelled by somebody else.
    await cancel(emulator, lastRun())
    await says('cancelled')
    assert.is(await page.getByRole('progressbar').count(), 0)
  })

  test('elsewhere nothing more is asked, and on the way back the run goes on', async () => {
    await busy()
    const { page, generate, says, asked, image } = await visit(file)
    await generate()
    await says('queued')
    const runId = lastRun()
    await until(() => asked().some((call) => call.endsWith('/events')))
    await page.getByRole('button', { name: 'Elsewhere' }).click()
    await page.getByLabel('Prompt').waitFor({ state: 'detached' })
    const before = asked().length
    await page.clock.runFor(60_000)
    assert.equal(asked().slice(before), [])
    assert.is(emulator.stateOf(runId)?.status, 'queued')

    await page.getByRole('button', { name: 'Elsewhere' }).click()
    await says('queued')
    await free()
    await image()
    assert.is(executes(asked()), 1)
    assert.is(lastRun(), runId)
  })

  test('a reload goes on with the run, and shows its result again later', async () => {
    await busy()
    const { page, generate, says, submitted, image } = await visit(file)
    await generate()
    await says('queued')
    await page.reload()
    await says('queued')
    await free()
    await page.reload()
    await says('completed')
    await image()
    await page.reload()
    await says('completed')
    await image()
    assert.is(submitted(), 1)
  })

  test('a visitor without a session is refused, and another sees no run of the first', async () => {
    const { page, generate, says, submitted } = await visit(file)
    await generate()
    await says('completed')
    const other = await visit(file)
    const statusOf = (path: string) =>
      other.page.evaluate(async (path) => (await fetch(`/api/flowscale/api/v1/${path}`)).status, path)
    assert.is(await statusOf(`runs/${lastRun()}`), 404)
    await other.page.context().clearCookies()
    assert.is(await statusOf(`runs/${lastRun()}`), 403)
    await other.generate()
    await other.page.getByRole('alert').waitFor()
    assert.is(submitted(), 1)
    await page.close()
  })

  test('the proxy passes nothing else on', async () => {
    const { page, submitted } = await visit(file)
    const statusOf = (path: string, method = 'GET') =>
      page.evaluate(
        ([path, method]) =>
          fetch(`/api/flowscale/api/v1/${path}`, { method: method! }).then(({ status }) => status),
        [path, method],
      )
    for (const [path, status] of [
      ['runs', 403],
      ['comfy/queue', 403],
      ['comfy/workflows', 403],
      ['runs/..%2Fcomfy%2Fqueue', 404],
      ['runs/a/b', 404],
    ] as const)
      assert.is(await statusOf(path), status, path)
    for (const [query, status] of [
      ['', 422],
      ['?workflow_id=nev3rend5run', 403],
      ['?workflow_id=bncu0a1kipv&workflow_id=nev3rend5run', 400],
    ] as const)
      assert.is(await statusOf(`runs${query}`, 'POST'), status, query)
    assert.is(submitted(), 0)
    assert.is(await statusOf('runs/unknown'), 404)
  })
}
