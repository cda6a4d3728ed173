// The hooks in Chromium, with React 18 and 19, under StrictMode: behind a proxy, on the emulator, whose runs wait for the test.
import { createClient } from '@flowscale/client'
import { createProxyHandler } from '@flowscale/client/proxy'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert } from '#test'
import { occupy } from '../examples/kit.ts'
import { until } from '../support/until.ts'
import { browser, suiteWithBrowser } from './kit/browser.ts'
import { bundlePage } from './kit/bundlePage.ts'
import { serveSite } from './kit/serveSite.ts'

interface Going {
  progress(value: number): void
  end(): void
  fail(): void
}
/** The runs that have begun and not ended, by the label that they were given. */
const going = new Map<string, Going>()
const emulator = createEmulator({
  containers: 1,
  speed: 1000,
  workflows: [
    {
      id: 'gate',
      name: 'Gate',
      description: 'Waits for the test',
      inputs: { label: 'string' },
      outputs: { text: 'file' },
      async run({ label }, { progress, signal }) {
        await new Promise<void>((resolve, reject) => {
          going.set(String(label), { progress, end: resolve, fail: () => reject(new Error('out of paint')) })
          signal.addEventListener('abort', () => reject(signal.reason))
        })
        return { text: { data: new TextEncoder().encode(String(label)), type: 'text/plain' } }
      },
    },
  ],
})
const pod = await serve(emulator)
const own = { baseUrl: pod.url, apiKey: emulator.apiKey }
const proxy = createProxyHandler(createClient(own), { basePath: '/api/flowscale', authorize: 'public' })
const open = new Set<() => unknown>()

/** One page of one site, as a visitor has it. */
async function visit(script: string, query = '') {
  const gate = {
    /** Answers to submissions go out once this is resolved. */
    hold: undefined as Promise<void> | undefined,
    instead: undefined as ((url: URL) => Response | undefined) | undefined,
    posts: 0,
    streams: 0,
  }
  const html =
    '<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/page.js"></script>'
  const site = await serveSite(
    { '/': ['text/html', html], '/page.js': ['text/javascript', script] },
    async (request) => {
      const isPost = request.method === 'POST' && new URL(request.url).pathname.endsWith('/runs')
      if (isPost) gate.posts++
      if (request.url.endsWith('/events')) gate.streams++
      const answer = gate.instead?.(new URL(request.url)) ?? (await proxy(request))
      if (isPost) await gate.hold
      return answer
    },
  )
  const context = await browser.newContext()
  open.add(() => context.close()).add(site.close)
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  const before = emulator.stats.runsStarted
  const reading = <T>(expression: string) => page.evaluate<T>(expression)
  return {
    page,
    gate,
    site,
    problems,
    go: () => page.goto(`${site.url}${query}`),
    started: () => emulator.stats.runsStarted - before,
    click: (name: string) => page.getByRole('button', { name, exact: true }).click(),
    says: (text: string) => page.getByRole('status').filter({ hasText: text }).waitFor(),
    runId: async () => (await page.getByTitle('run').textContent())!,
    show: (isShown: boolean) => page.evaluate(`hooks.show(${isShown})`),
    shown: () => reading<string[]>('hooks.shown'),
    live: () => reading<string[]>('live()'),
    reading,
    async takeAway() {
      await this.show(false)
      await page.getByRole('status').waitFor({ state: 'detached' })
    },
    /** What a page has that has shown its component and taken it away, and has done nothing else. */
    async idleLive() {
      await this.says('idle')
      await this.takeAway()
      await until(async () => !(await this.live()).includes('a timer'))
      const live = await this.live()
      await this.show(true)
      await this.says('idle')
      return live
    },
    /** Nothing of the component is left: no timer, listener, stream or request. */
    async leavesNothing(before: string[]) {
      await this.takeAway()
      await until(() => !site.open())
      await until(async () => JSON.stringify(await this.live()) === JSON.stringify(before))
    },
  }
}

/** Holds the answers to submissions back, until the function that it gives is called. */
function hold(gate: { hold: Promise<void> | undefined }): () => void {
  let release = () => {}
  gate.hold = new Promise((resolve) => {
    release = resolve
  })
  return release
}

async function begun(label: string): Promise<Going> {
  await until(() => going.has(label))
  return going.get(label)!
}

for (const react of [18, 19] as const) {
  const test = suiteWithBrowser(`React ${react}`)
  let script: string
  test.before(async () => {
    script = await bundlePage(
      "import './test/browser/hooks/countLive.ts'; import './test/browser/hooks/page.ts'",
      react,
    )
  })
  test.after.each(async () => {
    for (const run of going.values()) run.end()
    going.clear()
    for (const close of open) await close()
    open.clear()
  })
  test.after(async () => {
    if (react === 19) {
      emulator.close()
      await pod.close()
    }
  })

  test('two clicks start one run, whose progress comes by events; unmounted, it leaves nothing', async () => {
    const visitor = await visit(script, '?label=one')
    await visitor.go()
    const before = await visitor.idleLive()
    await visitor.reading('hooks.functions.clear()')
    await visitor.page
      .getByRole('button', { name: 'Start' })
      .evaluate((button: HTMLElement) => [button.click(), button.click()])
    const run = await begun('one')
    for (const progress of [0.2, 0.4, 0.6]) {
      run.progress(progress)
      await until(async () => (await visitor.reading<number[]>('hooks.progress')).includes(progress))
    }
    run.end()
    await visitor.says('completed')
    assert.is(await visitor.page.getByRole('link', { name: 'output' }).count(), 1)
    assert.equal([visitor.gate.posts, visitor.started()], [1, 1])
    assert.ok(visitor.gate.streams >= 1)
    assert.equal(
      (await visitor.shown()).filter((status) => status !== 'queued'),
      ['idle', 'submitting', 'running', 'completed'],
    )
    // Of one store, however often it was rendered.
    assert.is(await visitor.reading('hooks.functions.size'), 3)
    await visitor.leavesNothing(before)
    assert.equal(visitor.problems, [])
  })

  test('unmounted while it is running, it leaves nothing; on the way back the run goes on', async () => {
    const visitor = await visit(script, '?label=back')
    await visitor.go()
    const before = await visitor.idleLive()
    await visitor.click('Start')
    const run = await begun('back')
    await visitor.says('running')
    const runId = await visitor.runId()
    await visitor.leavesNothing(before)
    assert.is(emulator.stateOf(runId)?.status, 'running')
    await visitor.show(true)
    await visitor.says('running')
    assert.is(await visitor.runId(), runId)
    run.end()
    await visitor.says('completed')
    assert.is(visitor.started(), 1)
    await visitor.leavesNothing(before)
    assert.equal(visitor.problems, [])
  })

  test('unmounted in the middle of the POST, its id is saved; on the way back the run goes on', async () => {
    const visitor = await visit(script, '?label=middle')
    await visitor.go()
    const before = await visitor.idleLive()
    const release = hold(visitor.gate)
    await visitor.click('Start')
    const run = await begun('middle')
    await visitor.says('submitting')
    await visitor.show(false)
    // Shown again before the answer is there, and after it.
    await visitor.show(true)
    await visitor.show(false)
    release()
    const saved = () => visitor.reading<string>('Object.values(sessionStorage).join()')
    await until(async () => (await saved()).includes('runId'))
    assert.not.match(await saved(), 'middle')
    await visitor.leavesNothing(before)
    await visitor.show(true)
    await visitor.says('running')
    run.end()
    await visitor.says('completed')
    assert.equal([visitor.gate.posts, visitor.started()], [1, 1])
    assert.equal(visitor.problems, [])
  })

  test('back on the page before the answer to the POST, behind a proxy that refuses lists, it goes on', async () => {
    const visitor = await visit(script, '?label=early')
    let lists = 0
    visitor.gate.instead = ({ search }) => {
      if (!search.startsWith('?group_id=')) return undefined
      lists++
      return Response.json({ detail: 'not allowed' }, { status: 403 })
    }
    await visitor.go()
    const release = hold(visitor.gate)
    await visitor.click('Start')
    const run = await begun('early')
    await visitor.show(false)
    await visitor.show(true)
    await visitor.says('submitting')
    // Looked for, but not found: it can't be lost as long as this page submits it.
    await until(() => lists)
    release()
    await visitor.says('running')
    assert.not.ok((await visitor.shown()).includes('lost'))
    run.end()
    await visitor.says('completed')
    assert.equal([visitor.gate.posts, visitor.started()], [1, 1])
    assert.equal(
      visitor.problems.filter((problem) => !problem.startsWith('Failed to load resource')),
      [],
    )
  })

  test('a reload goes on with a run in each of its states', async () => {
    const visitor = await visit(script, '?label=reload')
    await visitor.go()
    const free = await occupy(emulator)
    open.add(free)
    const release = hold(visitor.gate)
    await visitor.click('Start')
    await until(() => visitor.started() === 2)
    await visitor.says('submitting')
    await visitor.page.reload()
    // Found in its group.
    await visitor.says('queued')
    const runId = await visitor.runId()
    release()
    await visitor.page.reload()
    await visitor.says('queued')
    await free()
    const run = await begun('reload')
    await visitor.says('running')
    run.progress(0.5)
    await visitor.page.reload()
    await visitor.says('running')
    await until(async () => (await visitor.reading<number[]>('hooks.progress')).at(-1) === 0.5)
    run.end()
    await visitor.says('completed')
    await visitor.page.reload()
    await visitor.says('completed')
    assert.is(await visitor.runId(), runId)
    assert.is(await visitor.page.getByRole('link', { name: 'output' }).count(), 1)
    // The other one is that which kept the container busy.
    assert.equal([visitor.gate.posts, visitor.started()], [1, 2])
    await visitor.click('Reset')
    await visitor.says('idle')
    await visitor.page.reload()
    await visitor.says('idle')
    assert.equal(visitor.problems, [])
  })

  test('a run that failed and one that was cancelled are so after a reload', async () => {
    const visitor = await visit(script, '?label=bad')
    await visitor.go()
    const before = await visitor.idleLive()
    await visitor.click('Start')
    ;(await begun('bad')).fail()
    await visitor.says('failed')
    await visitor.page.reload()
    await visitor.says('failed')
    going.clear()
    await visitor.click('Start')
    await begun('bad')
    await visitor.says('running')
    const runId = await visitor.runId()
    await visitor.click('Cancel')
    await visitor.says('cancelled')
    assert.is(emulator.stateOf(runId)?.status, 'cancelled')
    await visitor.page.reload()
    await visitor.says('cancelled')
    assert.equal([visitor.gate.posts, visitor.started()], [2, 2])
    await visitor.leavesNothing(before)
    assert.equal(visitor.problems, [])
  })

  test('Cancel in the middle of the POST cancels the run that it started', async () => {
    const visitor = await visit(script, '?label=regret')
    await visitor.go()
    const before = await visitor.idleLive()
    const release = hold(visitor.gate)
    await visitor.click('Start')
    await begun('regret')
    await visitor.click('Cancel')
    release()
    await visitor.says('cancelled')
    const list = await emulator.fetch(`${emulator.url}/api/v1/runs`, {
      headers: { 'x-api-key': emulator.apiKey },
    })
    const { data } = (await list.json()) as { data: { runs: { status: string }[] } }
    assert.is(data.runs[0]!.status, 'cancelled')
    await visitor.leavesNothing(before)
    assert.equal([visitor.gate.posts, visitor.started()], [1, 1])
  })

  test('what a server has rendered is taken over without a difference, and then the saved run is shown', async () => {
    const visitor = await visit(script, '?mode=hydrate&label=server')
    await visitor.go()
    await visitor.click('Start')
    const run = await begun('server')
    await visitor.says('running')
    await visitor.page.reload()
    await visitor.says('running')
    // `submitting` is not among them, as it was submitted before.
    assert.equal((await visitor.shown()).slice(0, 2), ['idle', 'queued'])
    run.end()
    await visitor.says('completed')
    await visitor.page.reload()
    await visitor.says('completed')
    assert.equal(await visitor.reading('hooks.errors'), [])
    assert.equal(visitor.problems, [])
    assert.is(visitor.started(), 1)
  })

  test('another key or client is another run, and the first one is let go of', async () => {
    const visitor = await visit(script, '?label=first')
    await visitor.go()
    const before = await visitor.idleLive()
    await visitor.click('Start')
    await begun('first')
    await visitor.says('running')
    await visitor.reading('hooks.use({ key: "other" })')
    await visitor.says('idle')
    await until(() => !visitor.site.open())
    await visitor.reading('hooks.use({})')
    await visitor.says('running')
    // Another client goes on with the run of the storage.
    await visitor.reading('hooks.use({ client: hooks.another() })')
    await visitor.says('running')
    // Of one store again, at each rendering.
    await visitor.reading('hooks.functions.clear()')
    for (const _ of [1, 2, 3]) await visitor.reading('hooks.again()')
    assert.is(await visitor.reading('hooks.functions.size'), 3)
    assert.equal([visitor.gate.posts, visitor.started()], [1, 1])
    await visitor.leavesNothing(before)
    assert.equal(visitor.problems, [])
  })

  test('a client that is made in the component is an error that says so', async () => {
    const visitor = await visit(script)
    await visitor.go()
    await visitor.says('idle')
    await visitor.click('Make a client in the component')
    await until(async () => (await visitor.reading<string[]>('hooks.errors')).length > 0)
    assert.match(String(await visitor.reading('hooks.errors')), 'client: make it outside the component')
    assert.not.match(String(visitor.problems), 'Too many re-renders')
    assert.is(visitor.site.open(), 0)
  })

  test('a link that has expired is renewed, each time; one that fails at once is not', async () => {
    const visitor = await visit(script, '?mode=image')
    const { page, gate } = visitor
    await page.clock.install()
    let asked = 0
    /** Links that are good now. */
    const good = new Set<string>()
    gate.instead = ({ pathname, search }) => {
      if (pathname.startsWith('/files/'))
        return good.has(pathname)
          ? new Response('<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>', {
              headers: { 'content-type': 'image/svg+xml' },
            })
          : new Response('expired', { status: 403 })
      if (!pathname.endsWith('/runs/output')) return undefined
      assert.match(search, 'filename=a.svg')
      asked++
      return Response.json({
        status: 'success',
        data: {
          download_url: `${new URL('/files/', page.url()).href}${asked}`,
          generation_status: 'success',
        },
      })
    }
    await visitor.go()
    const image = page.getByRole('img')
    await image.waitFor({ state: 'attached' })
    const src = () => image.getAttribute('src')
    const use = (url: string) =>
      page.evaluate(`hooks.use({ output: { filename: 'a.svg', download_url: '${url}' } })`)
    const isLoaded = () => page.waitForFunction('document.querySelector("img").naturalWidth === 7')
    const fails = () => image.evaluate((element) => element.dispatchEvent(new Event('error')))
    assert.is(await src(), null)

    // Old when it was given; then open for hours, with links that are good for 15 minutes.
    good.add('/files/1')
    await use('/files/old')
    await isLoaded()
    assert.is(asked, 1)
    for (const time of [2, 3, 4]) {
      await page.clock.fastForward('16:00')
      good.add(`/files/${time}`)
      await fails()
      await until(async () => (await src())?.endsWith(`/files/${time}`))
      await isLoaded()
      assert.is(asked, time)
    }

    // No picture, however fresh.
    await use('/files/broken')
    await until(async () => (await src())?.endsWith('/files/5'))
    await page.waitForFunction('document.querySelector("img").complete')
    await fails()
    await page.clock.fastForward(59_000)
    await fails()
    assert.is(asked, 5)
    await page.clock.fastForward(1000)
    await fails()
    await until(async () => (await src())?.endsWith('/files/6'))

    // Another output is shown while a link is asked for.
    const release = hold(gate)
    const { hold: held } = gate
    gate.hold = undefined
    const answer = gate.instead
    let answered = 0
    good.add('/files/8')
    const late = page.waitForResponse(/runs\/output/)
    gate.instead = (url) => {
      const given = answer(url)
      if (!url.pathname.endsWith('/runs/output') || asked !== 7) return given
      const text = new ReadableStream({
        async start(controller) {
          await held
          controller.enqueue(new Uint8Array(await given!.arrayBuffer()))
          controller.close()
          answered++
        },
      })
      return new Response(text, { headers: { 'content-type': 'application/json' } })
    }
    await use('/files/slow')
    await until(() => asked === 7)
    await use('/files/other')
    await isLoaded()
    assert.ok((await src())!.endsWith('/files/8'))
    release()
    await (await late).finished()
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))')
    assert.is(answered, 1)
    assert.ok((await src())!.endsWith('/files/8'))

    // And nothing is set in one that is gone.
    await use('/files/gone')
    await until(() => asked === 9)
    await visitor.show(false)
    await until(() => !visitor.site.open())
    assert.equal(
      visitor.problems.filter((problem) => !problem.startsWith('Failed to load resource')),
      [],
    )
  })
}
