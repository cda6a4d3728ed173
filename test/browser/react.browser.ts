// The React and the Next.js component in Chromium, under StrictMode, with the example's own route as the proxy.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { type Browser, type BrowserContext, chromium, type Page, type Request as Sent } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chromium as executablePath } from '../../scripts/lib/ensure.mjs'
import { until } from '../emulator/kit.ts'
import { cancel, occupy, pod, reached } from '../examples/kit.ts'
import { readBody } from '../support/multipart.ts'

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

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: entry(file), resolveDir: process.cwd(), loader: 'tsx' },
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  return outputFiles[0]!.text
}

type Handler = (request: Request, context: { params: Promise<{ path: string[] }> }) => Promise<Response>
interface Gate {
  /** Answers instead of the route, where it gives something. */
  instead?: ((request: Request) => Response | undefined) | undefined
  /** Submissions are answered once this is resolved. */
  hold?: Promise<void> | undefined
}

/** The page, and at /api/flowscale what Next.js makes of the route. */
async function site(script: string, route: Record<'GET' | 'POST', Handler>, gate: Gate) {
  const server = createServer(async (incoming, outgoing) => {
    const { pathname, href } = new URL(incoming.url!, 'http://127.0.0.1')
    const page: Record<string, [type: string, body: string]> = {
      '/': [
        'text/html',
        '<!doctype html><title>x</title><div id="root"></div><script type="module" src="/page.js"></script>',
      ],
      '/page.js': ['text/javascript', script],
    }
    if (page[pathname]) {
      outgoing.setHeader('content-type', page[pathname][0]).end(page[pathname][1])
      return
    }
    const path = /^\/api\/flowscale\/(.*)$/.exec(pathname)?.[1]?.split('/')
    const method = incoming.method as 'GET' | 'POST'
    if (!path || !route[method]) {
      outgoing.writeHead(404).end()
      return
    }
    const request = new Request(href, {
      method,
      headers: incoming.headers as Record<string, string>,
      ...(method === 'POST' && { body: new Uint8Array(await readBody(incoming)) }),
    })
    const answer =
      gate.instead?.(request) ?? (await route[method](request, { params: Promise.resolve({ path }) }))
    const body = new Uint8Array(await answer.arrayBuffer())
    if (method === 'POST' && path.at(-1) === 'runs') await gate.hold
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
    outgoing.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

// One emulator for the whole file, since the route reads its address once, as it does in Next.js.
const local = await pod({ containers: 1 })
const { emulator } = local
Object.assign(process.env, local.env)
const route = await import('../../examples/nextjs-route.ts')

let browser: Browser
const open = new Set<() => unknown>()

interface Visit {
  page: Page
  context: BrowserContext
  gate: Gate
  /** What the page has asked of the proxy since it was opened: `GET runs/…`. */
  asked: () => string[]
  /** How many runs were submitted since the page was opened. */
  submitted: () => number
  said: () => Promise<string | null>
  generate: (prompt?: string) => Promise<void>
  says: (text: string | RegExp) => Promise<void>
}

async function visit(file: string): Promise<Visit> {
  const gate: Gate = {}
  const script = await bundle(file)
  assert.not.match(script, emulator.apiKey)
  const { url, close } = await site(script, route, gate)
  const context = await browser.newContext()
  open.add(() => context.close()).add(close)
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  // The clock goes on by itself, and can be turned.
  await page.clock.install()
  const sent: Sent[] = []
  const problems: string[] = []
  page.on('request', (request) => sent.push(request))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  const before = emulator.stats.runsStarted
  await page.goto(url)
  await page.getByLabel('Prompt').waitFor()
  open.add(() => {
    // Neither to the proxy nor to where the files lie, nor anywhere in the page.
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
    context,
    gate,
    asked: () =>
      sent
        .filter((request) => request.url().startsWith(`${url}api/`))
        .map((request) => {
          const { pathname } = new URL(request.url())
          return `${request.method()} ${pathname.slice('/api/flowscale/api/v1/'.length)}`
        }),
    submitted: () => emulator.stats.runsStarted - before,
    said: () => page.getByRole('status').textContent(),
    async generate(prompt = 'a red fox') {
      await page.getByLabel('Prompt').fill(prompt)
      await page.getByRole('button', { name: 'Generate' }).click()
    },
    says: (text) => page.getByRole('status').filter({ hasText: text }).waitFor(),
  }
}

const executes = (asked: string[]) => asked.filter((call) => call === 'POST runs').length
const lastRun = async () => (await local.runs()).at(-1)!

for (const file of ['react-component.tsx', 'nextjs-component.tsx']) {
  const isNext = file === 'nextjs-component.tsx'
  const test = suite(file)
  let release: (() => Promise<void>) | undefined
  /** Runs are queued from now on; `release` lets them go. */
  const busy = async () => {
    release = await occupy(emulator)
  }
  const free = async () => {
    await release?.()
    release = undefined
  }
  test.before(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 })
  })
  test.after(async () => {
    await browser.close()
    if (isNext) await local.close()
  })
  test.after.each(async () => {
    await free()
    for (const close of open) await close()
    open.clear()
  })

  test('one submission is one execute, with its states, its image and no key', async () => {
    await busy()
    const { page, generate, says, submitted, asked } = await visit(file)
    await page.getByLabel('Prompt').fill('a red fox')
    await page.keyboard.press('Enter')
    await says('The run is queued')
    assert.is(await page.getByRole('progressbar').count(), 1)
    await free()
    await says('Done')
    assert.is(submitted(), 1)
    assert.is(executes(asked()), 1)
    assert.is(await page.getByRole('progressbar').count(), 0)
    const image = page.getByRole('img', { name: 'a red fox' })
    await page.waitForFunction(() => document.querySelector('img')?.naturalWidth === 768)
    assert.is(await image.count(), 1)
    assert.not.match(await page.content(), emulator.apiKey)
    assert.is(emulator.stats.keysRefusedAtFiles, 0)

    await generate('desert dawn')
    await page.getByRole('img', { name: 'desert dawn' }).waitFor()
    assert.is(executes(asked()), 2)
    assert.is(submitted(), 2)
  })

  test('Cancel cancels the run, and keeps the focus', async () => {
    await busy()
    const { page, generate, says, said, asked } = await visit(file)
    const button = page.getByRole('button', { name: 'Cancel' })
    assert.is(await button.getAttribute('aria-disabled'), 'true')
    await generate()
    await says('The run is queued')
    const runId = await lastRun()
    const isCancelled = reached(emulator, 'cancelled', runId)
    await button.click()
    await says('Cancelled')
    await isCancelled
    // The server may know of it before this process hears of the request.
    await until(() => asked().includes(`POST runs/${runId}/cancel`), Boolean)
    assert.is(await page.evaluate(() => document.activeElement?.textContent), 'Cancel')
    assert.is(await page.getByRole('alert').count(), 0)
    // And nothing is asked after that.
    const before = asked().length
    await page.clock.runFor(60_000)
    assert.equal(asked().slice(before), [])
    assert.is(await said(), 'Cancelled')
  })

  test('Cancel during the submission cancels the run that it started', async () => {
    await busy()
    const { page, gate, generate, says, said } = await visit(file)
    let answer = () => {}
    gate.hold = new Promise((resolve) => {
      answer = resolve
    })
    const isSubmitted = reached(emulator, 'queued')
    await generate()
    const runId = await isSubmitted
    await page.getByRole('button', { name: 'Cancel' }).click()
    await says('Cancelled')
    assert.is(emulator.stateOf(runId)?.status, 'queued')
    const isCancelled = reached(emulator, 'cancelled', runId)
    answer()
    await isCancelled
    assert.is(await page.evaluate(() => sessionStorage.length), 0)
    assert.is(await said(), 'Cancelled')
  })

  test('a second submission takes the place of the first, whose late answer is dropped', async () => {
    await busy()
    const { page, gate, generate, says, asked } = await visit(file)
    let answer = () => {}
    gate.hold = new Promise((resolve) => {
      answer = resolve
    })
    const isSubmitted = reached(emulator, 'queued')
    await generate('the first')
    const first = await isSubmitted
    gate.hold = undefined
    await generate('the second')
    await says('The run is queued')
    const second = await lastRun()
    assert.is.not(second, first)
    const isCancelled = reached(emulator, 'cancelled', first)
    answer()
    await isCancelled
    await free()
    await page.getByRole('img', { name: 'the second' }).waitFor()
    assert.is(emulator.stateOf(second)?.status, 'completed')
    assert.is(await page.getByRole('img').count(), 1)
    assert.is(await page.getByRole('alert').count(), 0)
    assert.is(executes(asked()), 2)
  })

  test('errors are shown, and the next submission takes them away', async () => {
    await busy()
    const { page, gate, generate, says } = await visit(file)
    const alert = page.getByRole('alert')
    await generate()
    await says('The run is queued')
    await cancel(emulator, await lastRun())
    await page.clock.runFor(2000)
    await alert.filter({ hasText: /^The run cancelled: / }).waitFor()
    assert.is(await page.getByRole('progressbar').count(), 0)

    gate.instead = () => Response.json({ detail: 'no' }, { status: 403 })
    await generate()
    await alert.filter({ hasText: 'Something went wrong (ERR_FLOWSCALE_HTTP).' }).waitFor()
    gate.instead = () =>
      Response.json({ detail: [{ loc: ['body', 'text'], msg: 'too long', type: 'x' }] }, { status: 422 })
    await generate()
    await alert.filter({ hasText: 'too long' }).waitFor()
    gate.instead = undefined
    await generate()
    await says('The run is queued')
    assert.is(await alert.count(), 0)
    await free()
    await says('Done')
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

  if (!isNext) {
    test('on unmount the run is cancelled, and nothing more is asked', async () => {
      await busy()
      const { page, generate, says, said, asked } = await visit(file)
      await generate()
      await says('The run is queued')
      const runId = await lastRun()
      // While it is there, it asks.
      const polls = asked().length
      const poll = page.waitForRequest(/runs/)
      await page.clock.runFor(2000)
      await poll
      assert.ok(asked().length > polls)

      const isCancelled = reached(emulator, 'cancelled', runId)
      await page.getByRole('button', { name: 'Elsewhere' }).click()
      await isCancelled
      await until(() => asked().includes(`POST runs/${runId}/cancel`), Boolean)
      const before = asked().length
      await page.clock.runFor(60_000)
      assert.equal(asked().slice(before), [])
      assert.is(asked().at(-1), `POST runs/${runId}/cancel`)

      await page.getByRole('button', { name: 'Elsewhere' }).click()
      assert.is(await said(), '')
      assert.is(executes(asked()), 1)
    })
  } else {
    test('on unmount nothing more is asked, and on the way back the run is waited for again', async () => {
      await busy()
      const { page, generate, says, asked } = await visit(file)
      await generate()
      await says('The run is queued')
      const runId = await lastRun()
      const polls = asked().length
      const poll = page.waitForRequest(/runs/)
      await page.clock.runFor(2000)
      await poll
      assert.ok(asked().length > polls)

      await page.getByRole('button', { name: 'Elsewhere' }).click()
      await page.getByLabel('Prompt').waitFor({ state: 'detached' })
      const before = asked().length
      await page.clock.runFor(60_000)
      assert.equal(asked().slice(before), [])
      assert.is(emulator.stateOf(runId)?.status, 'queued')

      await page.getByRole('button', { name: 'Elsewhere' }).click()
      await says('The run is queued')
      await free()
      await page.getByRole('img', { name: 'a red fox' }).waitFor()
      assert.is(executes(asked()), 1)
      assert.is(await lastRun(), runId)
    })

    test('a reload goes on with the run, and shows its result again later', async () => {
      await busy()
      const { page, generate, says, said, asked } = await visit(file)
      await generate()
      await says('The run is queued')
      await page.reload()
      await says('The run is queued')
      await free()
      await page.getByRole('img', { name: 'a red fox' }).waitFor()
      await page.reload()
      await page.getByRole('img', { name: 'a red fox' }).waitFor()
      assert.is(executes(asked()), 1)

      // Cancelled or failed, there is nothing to go on with.
      await busy()
      await generate('another')
      await says('The run is queued')
      await page.getByRole('button', { name: 'Cancel' }).click()
      await says('Cancelled')
      await page.reload()
      await page.getByLabel('Prompt').waitFor()
      assert.is(await said(), '')
      await generate('a third')
      await says('The run is queued')
      await cancel(emulator, await lastRun())
      await page.clock.runFor(2000)
      await page.getByRole('alert').waitFor()
      const before = asked().length
      await page.reload()
      await page.getByLabel('Prompt').waitFor()
      await page.clock.runFor(2000)
      assert.equal(asked().slice(before), [])
      assert.is(await said(), '')
      assert.is(executes(asked()), 3)
    })
  }

  test.run()
}
