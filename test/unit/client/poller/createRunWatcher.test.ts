// Waits that share their requests: fair to the server, exact, and never stuck.
import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { ArgumentError, type Client, createClient, type Run } from '@flowscale/client'
import { createRunWatcher, executeMany, waitForOutput, waitForRun } from '@flowscale/client/poller'
import { assert, rejects } from '#test'
import { json, ok, recorder } from '../../../support/fakes.ts'
import { pluck } from '../../../support/pluck.ts'
import { fleet } from './fleet.ts'
import { waitSuite } from './kit.ts'

const test = waitSuite('shared rounds')
const ids = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`)
const completed = (settled: readonly { status: string }[]) =>
  settled.filter(({ status }) => status === 'fulfilled').length
const refused = (headers: Record<string, string> = {}) =>
  json({ detail: 'slow down' }, { status: 429, headers })

test('a 429 of the list with a Retry-After holds up every request, new ones too', async ({ clock }) => {
  const server = fleet(clock, 200)
  const { client, push, update, asked, runs } = server
  const control = new AbortController()
  const watcher = createRunWatcher(client, { push })
  server.reply = async (what) => (what === 'list 1' ? refused({ 'retry-after': '3' }) : undefined)
  const waits = watcher.waitAll(ids(100))
  await clock.tickAsync(500)
  server.reply = undefined
  const more = watcher.waitAll(ids(200).slice(100))
  await clock.tickAsync(500)
  update('r150', 'completed')
  waitForOutput(watcher.client, 'a', { signal: control.signal }).catch(() => {})
  await clock.tickAsync(1990)
  assert.equal(pluck(asked, 'at'), [0])
  await clock.tickAsync(100)
  assert.ok(asked.length > 1)
  for (const runId of ids(200)) runs.set(runId, 'completed')
  await clock.tickAsync(10_000)
  assert.is(completed([...(await waits), ...(await more)]), 200)
  control.abort()
  await clock.tickAsync(1000)
})

test('a 429 that names no time is given more each time; a year is not waited out', async ({ clock }) => {
  const server = fleet(clock, 10)
  const { client, asked, runs } = server
  const watcher = createRunWatcher(client)
  server.reply = async () => refused()
  const waits = watcher.waitAll(ids(10), { timeoutMs: 600_000 })
  await clock.tickAsync(100_000)
  const times = asked.map(({ at }) => Math.round(at / 1000))
  assert.equal(times.slice(0, 6), [0, 1, 3, 7, 15, 31])
  assert.ok(times.length <= 9, `${times}`)
  server.reply = undefined
  await clock.tickAsync(30_000)
  assert.is(asked.at(-1)?.what, 'list 1')

  server.reply = async () => refused({ 'retry-after': '31536000' })
  await clock.tickAsync(2000)
  server.reply = undefined
  runs.set('r10', 'completed')
  const other = watcher.wait('r10')
  await clock.tickAsync(31_000)
  assert.is((await other).status, 'completed')
  watcher.close()
  await waits
})

test('a page that shifts while new runs arrive costs no run, and no request for it', async ({ clock }) => {
  const server = fleet(clock, 500)
  const { client, runs, count } = server
  let number = 500
  server.reply = async () => {
    // Twenty more between a page and the next.
    for (let index = 0; index < 20; index++) runs.set(`r${number++}`, 'running')
    return undefined
  }
  for (const runId of ids(500)) runs.set(runId, 'completed')
  const waits = createRunWatcher(client).waitAll(ids(500))
  await clock.tickAsync(3000)
  assert.is(completed(await waits), 500)
  assert.is(count('run'), 0)
  assert.ok(count('list') <= 8, `${count('list')} pages`)
})

test('runs that no list holds are asked for alone, and don’t hold up the others', async ({ clock }) => {
  const { client, runs, hidden, asked, count } = fleet(clock, 400)
  for (const runId of ids(300)) hidden.add(runId)
  const watcher = createRunWatcher(client)
  const waits = ids(400).map((runId) => watcher.wait(runId))
  await clock.tickAsync(3000)
  let isOver = false
  waits[399]!.then(() => {
    isOver = true
  })
  runs.set('r399', 'completed')
  await clock.tickAsync(1200)
  assert.ok(isOver)
  for (const runId of ids(400)) runs.set(runId, 'completed')
  await clock.tickAsync(60_000)
  assert.is(completed(await Promise.allSettled(waits)), 400)
  assert.ok(count('run') >= 300)
  for (const [index, { at }] of asked.slice(1).entries()) assert.ok(at - asked[index]!.at >= 49)
})

// They were all put in line at once, and their requests had timed out when their turn came: none was sent any more.
test('more runs than can be asked for within a time-out are each asked for', async ({ clock }) => {
  const server = fleet(clock, 600, { timeoutMs: 9000 })
  const { client, runs, count } = server
  server.reply = async (what) => (what === 'list 1' ? json({}, { status: 404 }) : undefined)
  const waits = createRunWatcher(client).waitAll(ids(600), { timeoutMs: 600_000 })
  await clock.tickAsync(45_000)
  for (const runId of ids(600)) runs.set(runId, 'completed')
  await clock.tickAsync(40_000)
  assert.is(completed(await waits), 600)
  assert.is(count('list'), 1)
  assert.ok(count('run') > 1400, 'no turn is lost')
})

for (const [name, body] of [
  ['cut off', '{"status":"success","data":{"runs":[{"_id":"r0","status":"comp'],
  ['an error in an envelope', '{"status":"error","errors":["busy"],"data":null}'],
  ['of no list', '{"status":"success","data":{}}'],
  ['empty', ''],
] as const) {
  test(`an answer that is ${name} is not a thousand questions`, async ({ clock }) => {
    const server = fleet(clock, 1000, { pages: false })
    const { client, runs, asked } = server
    let left = 2
    server.reply = async () => (left-- > 0 ? new Response(body) : undefined)
    const waits = createRunWatcher(client).waitAll(ids(1000))
    await clock.tickAsync(2500)
    for (const runId of ids(1000)) runs.set(runId, 'completed')
    await clock.tickAsync(2000)
    assert.is(completed(await waits), 1000)
    assert.ok(asked.length <= 5, `${asked.length} requests`)
  })
}

test('a list that can never be read is no list', async ({ clock }) => {
  const server = fleet(clock, 10)
  const { client, runs, count } = server
  server.reply = async (what) => (what === 'list 1' ? ok({ something: 'else' }) : undefined)
  for (const runId of ids(10)) runs.set(runId, 'completed')
  const waits = createRunWatcher(client).waitAll(ids(10))
  await clock.tickAsync(10_000)
  assert.is(completed(await waits), 10)
  assert.equal([count('list'), count('run')], [3, 10])
})

// One list is asked for all, with the headers of one.
test('what a server echoes of the headers of one wait is in no error of another', async ({ clock }) => {
  let number = 0
  const headers = () => ({ authorization: `Bearer one-time-${number++}` })
  for (const how of ['a list that fails', 'failed runs in a list']) {
    const server = fleet(clock, 4, { headers })
    server.reply = async (_, init) => {
      const echo = new Headers(init.headers).get('authorization')!
      if (how === 'a list that fails') {
        const init = { status: 503, headers: { 'x-request-id': echo } }
        return json({ errors: [`busy: ${echo}`] }, init)
      }
      return ok({ runs: ids(4).map((_id) => ({ _id, status: 'failed', errors: [`refused: ${echo}`] })) })
    }
    const waits = createRunWatcher(server.client).waitAll(ids(4), { timeoutMs: 1500 })
    await clock.tickAsync(2000)
    for (const { reason } of (await waits) as PromiseRejectedResult[]) {
      const { message, cause, run } = reason
      const shown = [message, inspect(cause), cause?.requestId, JSON.stringify(run)].join()
      assert.match(shown, /(busy|refused): Bearer \[redacted\]/)
      assert.not.match(shown, /one-time-/)
    }
  }
})

// Most waits had reached their deadline, though each run had ended long before.
for (const how of ['hangs', 'is given up by a gateway after a minute'] as const) {
  test(`a list that ${how}, again and again, keeps nobody from the end of a run`, async ({ clock }) => {
    const server = fleet(clock, 500)
    const { client, runs, asked, count } = server
    server.reply = async (what, { signal }) => {
      if (what !== 'list 1') return undefined
      const told = new Promise<Response>((resolve) => {
        if (how !== 'hangs') setTimeout(() => resolve(json({}, { status: 504 })), 60_000)
      })
      const gone = new Promise<never>((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason)),
      )
      return Promise.race([told, gone])
    }
    // Still going when they are asked for the first time.
    const waits = createRunWatcher(client).waitAll(ids(500))
    await clock.tickAsync(86_000)
    assert.is(count('run'), 500)
    for (const runId of ids(500)) runs.set(runId, 'completed')
    await clock.tickAsync(100_000)
    assert.is(completed(await waits), 500)
    assert.is(count('list'), 2)
    for (const [index, { at }] of asked.slice(1).entries()) assert.ok(at - asked[index]!.at >= 49)
  })
}

test('a list that was there once is asked for again, however long it was gone', async ({ clock }) => {
  for (const reply of [() => new Response('<html>'), () => json({}, { status: 404 })]) {
    const server = fleet(clock, 200, { pages: false })
    const { client, runs, count } = server
    const waits = createRunWatcher(client).waitAll(ids(200))
    await clock.tickAsync(1500)
    server.reply = async (what) => (what === 'list 1' ? reply() : undefined)
    await clock.tickAsync(10_000)
    server.reply = undefined
    const before = count('run')
    for (const runId of ids(200)) runs.set(runId, 'completed')
    await clock.tickAsync(1500)
    assert.is(completed(await waits), 200)
    assert.ok(count('run') - before <= 20, `${count('run') - before} asked for by themselves`)
  }
})

test('a round that is longer than the time-out of a request times nothing out', async ({ clock }) => {
  const logger = recorder()
  const { client, runs } = fleet(clock, 10, { timeoutMs: 800, logger })
  const waits = createRunWatcher(client, { pollIntervalMs: 5000 }).waitAll(ids(10), { maxPolls: 4 })
  await clock.tickAsync(11_000)
  for (const runId of ids(10)) runs.set(runId, 'completed')
  await clock.tickAsync(5000)
  assert.is(completed(await waits), 10)
  assert.equal(
    logger.lines.filter(({ level }) => level !== 'debug'),
    [],
  )
})

test('an answer that hangs is given up after the time-out of the client', async ({ clock }) => {
  const server = fleet(clock, 10, { timeoutMs: 800 })
  const { client, runs } = server
  let isFirst = true
  server.reply = async (_, { signal }) => {
    if (!isFirst) return undefined
    isFirst = false
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  }
  for (const runId of ids(10)) runs.set(runId, 'completed')
  const waits = createRunWatcher(client, { pollIntervalMs: 100 }).waitAll(ids(10))
  await clock.tickAsync(1000)
  assert.is(completed(await waits), 10)
})

test('an abort ends all at once, and leaves neither request nor timer nor listener', async ({ clock }) => {
  for (const when of ['a pause', 'a list', 'a rest after 429']) {
    const server = fleet(clock, 1000, { pages: false })
    const { client, push, listeners, subscribed } = server
    const controller = new AbortController()
    const { signal } = controller
    const watcher = createRunWatcher(client, { push, pollIntervalMs: 60_000 })
    let given: AbortSignal | null | undefined
    if (when !== 'a pause') {
      server.reply = async (_, init) => {
        given = init.signal
        if (when !== 'a list') return refused({ 'retry-after': '20' })
        return new Promise((_, reject) => given!.addEventListener('abort', () => reject(given!.reason)))
      }
    }
    const waits = watcher.waitAll(ids(1000), { signal, timeoutMs: 600_000 })
    const other =
      when === 'a rest after 429' ? watcher.wait('x', { signal }).catch((error: any) => error) : undefined
    await clock.tickAsync(100)
    assert.is(getEventListeners(signal, 'abort').length, 1, when)
    const reason = { mine: true }
    controller.abort(reason)
    for (const result of await waits) assert.is((result as PromiseRejectedResult).reason, reason)
    await other
    assert.is(getEventListeners(signal, 'abort').length, 0, when)
    if (when === 'a list') assert.ok(given?.aborted)
    await clock.tickAsync(5)
    assert.is(clock.countTimers(), 0, when)
    assert.equal([listeners.size, subscribed.size], [0, 0])
  }
})

test('the cancels of many waits don’t wait for each other', async ({ clock }) => {
  const server = fleet(clock, 300)
  const { client, asked } = server
  server.reply = async (_, { method }) => (method === 'POST' ? ok('cancelled') : undefined)
  const controller = new AbortController()
  const { signal } = controller
  const waits = createRunWatcher(client).waitAll(ids(300), { signal, cancelOn: 'abort' })
  await clock.tickAsync(1000)
  const before = asked.length
  controller.abort()
  await clock.tickAsync(100)
  assert.is(completed(await waits), 0)
  assert.is(asked.length - before, 300)
})

test('a wait that is resumed ends with the same signal, or with another one', async ({ clock }) => {
  const { client } = fleet(clock, 10)
  const submitted = new Map(ids(2).map((runId, index) => [index, runId]))
  for (const wait of [
    (options: { signal?: AbortSignal; timeoutMs: number }) => createRunWatcher(client).wait('r0', options),
    async (options: { signal?: AbortSignal; timeoutMs: number }) => {
      const [first] = await executeMany(client, 'w', [{}, {}], { ...options, submitted })
      throw (first as { reason?: unknown }).reason
    },
  ]) {
    const [first, second] = [new AbortController(), new AbortController()]
    const late = wait({ signal: first.signal, timeoutMs: 1500 }).catch((error: any) => error)
    await clock.tickAsync(1600)
    const { resume } = await late
    const again = resume({ timeoutMs: 1500 }).catch((error: any) => error)
    await clock.tickAsync(1600)
    const { resume: once } = await again
    const [same, other] = [
      once().catch((error: any) => error),
      once({ signal: second.signal }).catch((error: any) => error),
    ]
    assert.is(getEventListeners(first.signal, 'abort').length, 1)
    first.abort('first')
    assert.is(await same, 'first')
    second.abort('second')
    assert.is(await other, 'second')
    for (const { signal } of [first, second]) assert.is(getEventListeners(signal, 'abort').length, 0)
  }
})

for (const [name, reply] of [
  ['500', () => json({}, { status: 500 })],
  ['a reset', () => Promise.reject(new TypeError('reset'))],
  ['403', () => json({}, { status: 403 })],
  ['a redirect', () => new Response(null, { status: 307, headers: { location: '/' } })],
  [
    'a status that no response can have',
    () =>
      Object.create(json({}), {
        ok: { value: false },
        status: { value: 999 },
        text: { value: async () => '' },
        headers: { value: new Headers() },
      }),
  ],
  ['nothing, ever', () => new Promise<Response>(() => {})],
  ['runs without a state', () => ok({ runs: ids(10).map((_id) => ({ _id })) })],
  ['runs without their outputs', () => ok({ runs: ids(10).map((_id) => ({ _id, status: 'completed' })) })],
] as [string, () => Response | Promise<Response>][]) {
  test(`the runs behind a list that answers ${name} are told by themselves`, async ({ clock }) => {
    const server = fleet(clock, 10, { timeoutMs: 5000 })
    const { client, runs } = server
    server.reply = async (what) => (what === 'list 1' ? reply() : undefined)
    for (const runId of ids(10)) runs.set(runId, 'completed')
    const watcher = createRunWatcher(client)
    const waits = watcher.waitAll(ids(10))
    await clock.tickAsync(120_000)
    watcher.close()
    for (const result of await waits) {
      // The list itself has no `outputs`.
      assert.equal((result as PromiseFulfilledResult<Run>).value?.outputs, [])
    }
    assert.is(server.count('run'), 10)
    assert.ok(server.count('list') <= 4, `${server.count('list')} lists`)
  })
}

test('headers of one wait are refused: one list answers all', async () => {
  const client = createClient({ baseUrl: 'http://pod.test', fetch: () => Promise.reject(new Error('none')) })
  const watcher = createRunWatcher(client)
  for (const wait of [
    watcher.wait('r0', { headers: { 'x-tenant': 'ada' }, maxPolls: 1 } as object),
    waitForRun(watcher.client, 'r0', { headers: { 'x-tenant': 'ada' }, maxPolls: 1 }),
    waitForOutput(watcher.client, 'a', { headers: () => ({}), maxPolls: 1 }),
  ]) {
    await rejects(wait, ArgumentError)
  }
})

// Who timed out while it waited for its turn came back at the end of the line, for ever.
test('of more runs than a time-out has room for, each has its turn before any twice', async ({ clock }) => {
  const server = fleet(clock, 600, { timeoutMs: 9000 })
  const { client, asked } = server
  server.reply = async (what) => (what === 'list 1' ? json({}, { status: 404 }) : undefined)
  const watcher = createRunWatcher(client)
  const waits = watcher.waitAll(ids(600), { timeoutMs: 600_000 })
  await clock.tickAsync(59_000)
  watcher.close()
  await waits
  const names = asked.slice(1).map(({ what }) => what)
  assert.is(new Set(names.slice(0, 600)).size, 600)
  assert.ok(names.length > 1100)
})

test('old runs, and those that the list lacks, don’t cost every page of it', async ({ clock }) => {
  const { client, runs, hidden, count } = fleet(clock, 0)
  for (let index = 0; index < 5000; index++) runs.set(`old${index}`, 'completed')
  for (const runId of ids(13)) runs.set(runId, 'running')
  for (const runId of ids(3)) hidden.add(runId)
  const waits = createRunWatcher(client).waitAll(ids(13))
  await clock.tickAsync(1000)
  assert.ok(count('list') <= 4, `${count('list')} lists`)
  assert.is(count('run'), 3)
  for (const runId of ids(13)) runs.set(runId, 'completed')
  await clock.tickAsync(3000)
  assert.is(completed(await waits), 13)
})

test('a wait that begins in the moment when the last one ends is not forgotten', async ({ clock }) => {
  for (let ticks = 0; ticks < 40; ticks++) {
    const { client, runs } = fleet(clock, 2)
    runs.set('r1', 'completed')
    const watcher = createRunWatcher(client)
    const controller = new AbortController()
    const first = watcher.wait('r0', { signal: controller.signal }).catch((error: any) => error)
    await clock.tickAsync(100)
    controller.abort()
    for (let tick = 0; tick < ticks; tick++) await null
    const second = watcher.waitAll(['r1'])
    await clock.tickAsync(5000)
    watcher.close()
    assert.is(completed(await second), 1, `after ${ticks} ticks`)
    await first
  }
})

test('an iteration begins with the runs that ended before it; each comes once', async ({ clock }) => {
  const { client, runs } = fleet(clock, 3)
  const watcher = createRunWatcher(client)
  const waits = watcher.waitAll([...ids(3), 'r0'])
  runs.set('r0', 'completed')
  runs.set('r1', 'failed')
  await clock.tickAsync(3000)
  const seen: string[] = []
  const loop = (async () => {
    for await (const { _id, status } of watcher) seen.push(`${_id} ${status}`)
  })()
  await clock.tickAsync(3000)
  assert.equal(seen.sort(), ['r0 completed', 'r1 failed'])
  runs.set('r2', 'completed')
  await clock.tickAsync(3000)
  await loop
  assert.equal(seen.length, 3)
  assert.is(completed(await waits), 3)
  // The next one has nothing of it.
  assert.is((await watcher[Symbol.asyncIterator]().next()).done, true)
})

test('waits for one run cost one request a round', async ({ clock }) => {
  const { client, runs, asked } = fleet(clock, 1)
  const watcher = createRunWatcher(client)
  const waits = [watcher.wait('r0'), watcher.wait('r0'), waitForRun(watcher.client, 'r0')]
  await clock.tickAsync(3500)
  assert.equal(
    asked.map(({ what, at }) => `${what}@${at}`),
    ['run r0@0', 'run r0@1000', 'run r0@2000', 'run r0@3000'],
  )
  runs.set('r0', 'completed')
  await clock.tickAsync(1000)
  assert.is(completed(await Promise.allSettled(waits)), 3)
})

const slow: Record<string, (client: Client) => Promise<unknown>> = {
  waitForOutput: (client) => waitForOutput(createRunWatcher(client).client, 'a', { timeoutMs: 3500 }),
  executeMany: (client) => executeMany(client, 'w', [{}], { timeoutMs: 3500 }),
}
for (const [wait, begin] of Object.entries(slow)) {
  test(`an output that is late is asked for each second: ${wait}`, async ({ clock, drive }) => {
    const server = fleet(clock, 1)
    const run = { _id: 'r0', status: 'completed', outputs: [{ filename: 'a' }] }
    server.reply = async (what, { method }) => {
      if (method === 'POST') return ok({ run_id: 'r0' })
      if (what === 'run output') return new Response(null, { status: 204 })
      return ok(what === 'list 1' ? { runs: [run] } : run)
    }
    await drive(begin(server.client))
    const times = server.asked.filter(({ what }) => what === 'run output').map(({ at }) => at)
    // The limit of requests adds its 50 ms.
    assert.equal(
      times.map((at) => Math.round(at / 1000)),
      [0, 1, 2, 3],
    )
  })
}

test('an error of our own in a round ends the waits, and does not loop silently', async ({ clock }) => {
  const { client, push } = fleet(clock, 5)
  const fault = new Error('a bug')
  const broken = {
    watch: push.watch,
    get connected(): boolean {
      throw fault
    },
  }
  const waits = createRunWatcher(client, { push: broken }).waitAll(ids(5))
  await clock.tickAsync(10)
  for (const result of await waits) assert.is((result as PromiseRejectedResult).reason, fault)
})

test('executeMany, killed while items were submitted: none is paid for twice', async ({ clock }) => {
  const listed = new Map<string, number>()
  let posts = 0
  const fetch = async (href: string, { method }: RequestInit) => {
    const { pathname, searchParams } = new URL(href)
    const group = searchParams.get('group_id') ?? ''
    if (method === 'POST') {
      posts++
      listed.set(group, Date.now() + 1500)
      // The process is killed before the answer.
      return posts > 4 ? ok({ run_id: `run-${group}` }) : new Promise<Response>(() => {})
    }
    const run = { _id: `run-${group}`, status: 'completed', outputs: [{ url: 'http://files.test/a' }] }
    if (pathname.endsWith('/runs')) return ok({ runs: listed.get(group)! <= Date.now() ? [run] : [] })
    return ok({ ...run, _id: pathname.split('/').at(-1) })
  }
  const client = createClient({ baseUrl: 'http://pod.test', fetch })
  const options = { groupId: (index: number) => `item-${index}` }
  const items = Array.from({ length: 6 }, () => ({}))
  const killed = new AbortController()
  const first = executeMany(client, 'w', items, { ...options, signal: killed.signal })
  while (posts < 4) await clock.tickAsync(10)
  // At once, as whatever starts a process again does.
  const second = executeMany(client, 'w', items, options)
  await clock.tickAsync(10_000)
  assert.is(completed(await second), 6)
  assert.is(posts, 6)
  killed.abort()
  await clock.tickAsync(6000)
  await first
})

test('an item that waits for its group is not submitted after a callback threw', async ({ clock }) => {
  const server = fleet(clock, 0)
  let posts = 0
  server.reply = async (_, { method }) => {
    if (method === 'POST') posts++
    return ok(method === 'POST' ? { run_id: 'x' } : { runs: [] })
  }
  const own = new Error('mine')
  const done = executeMany(server.client, 'w', [{}, {}], {
    groupId: (index) => `item-${index}`,
    submitted: new Map([[0, 'r0']]),
    timeoutMs: 1000,
    onResult() {
      throw own
    },
  }).catch((error: any) => error)
  await clock.tickAsync(20_000)
  assert.is(await done, own)
  assert.is(posts, 0)
})

test('an iteration tells of a run whose wait was resumed', async ({ clock }) => {
  const { client, runs } = fleet(clock, 1)
  const watcher = createRunWatcher(client)
  const late = watcher.wait('r0', { timeoutMs: 500 }).catch((error: any) => error)
  await clock.tickAsync(600)
  const again = (await late).resume({ timeoutMs: 60_000 })
  const iterator = watcher[Symbol.asyncIterator]()
  const next = iterator.next()
  await clock.tickAsync(1000)
  runs.set('r0', 'completed')
  await clock.tickAsync(2000)
  await again
  assert.is((await next).value?._id, 'r0')
  assert.is((await iterator.next()).done, true)
})

test('a submission without an answer, after an abort, may have been paid for', async ({ clock }) => {
  for (const end of ['nothing', 'a reset', 'a refusal']) {
    const server = fleet(clock, 0)
    server.reply = async (_, { signal }) => {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      if (end === 'a reset') throw new TypeError('reset')
      if (end === 'a refusal') return json({ detail: 'no' }, { status: 422 })
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    }
    const controller = new AbortController()
    const { signal } = controller
    const done = executeMany(server.client, 'w', [{}, {}], { signal, concurrency: 1, groupId: 'g' })
    await clock.tickAsync(500)
    const reason = Object.freeze({ mine: true })
    controller.abort(reason)
    await clock.tickAsync(5000)
    const [first, second] = (await done).map((result) => (result as { reason?: any }).reason)
    assert.is(second, reason, end)
    if (end === 'a refusal') assert.is(first, reason)
    else {
      assert.equal([first.maybeSubmitted, first.workflowId, first.groupId], [true, 'w', 'g'], end)
      assert.ok(+first.submittedAt <= clock.now - 5000)
    }
    assert.is(server.asked.length, 1)
  }
})

test('nothing is sent after an abort: no retry, and no request with late headers', async ({ clock }) => {
  for (const [count, headersMs] of [
    [1, 0],
    [0, 800],
  ] as const) {
    const server = fleet(clock, 0)
    server.reply = async () => refused({ 'retry-after': '1' })
    const controller = new AbortController()
    const { signal } = controller
    const headers = async () => {
      await new Promise((resolve) => setTimeout(resolve, headersMs))
      return { 'x-mine': 'yes' }
    }
    const done = executeMany(server.client, 'w', [{}], { signal, headers })
    await clock.tickAsync(500)
    controller.abort()
    await clock.tickAsync(8000)
    const [{ reason }] = (await done) as unknown as [{ reason: unknown }]
    assert.is(reason, signal.reason)
    assert.is(server.asked.length, count)
  }
})

test('executeMany takes its inputs as they were, and concurrency as it has work', async ({ clock }) => {
  const server = fleet(clock, 0)
  let number = 0
  server.reply = async (what, { method }) =>
    method === 'POST'
      ? ok({ run_id: `x${number++}`, output_names: [] })
      : what === 'list 1'
        ? undefined
        : ok({ _id: what.slice(4), status: 'completed' })
  const inputs = [{ a: '1' }, { a: '2' }, { a: '3' }]
  const options = { onSubmitted: () => inputs.splice(0) }
  const first = executeMany(server.client, 'w', inputs, { ...options, concurrency: 1 })
  await clock.tickAsync(3000)
  assert.is(completed(await first), 3)
  const second = executeMany(server.client, 'w', [{}, {}], { concurrency: Number.MAX_SAFE_INTEGER })
  await clock.tickAsync(3000)
  assert.is(completed(await second), 2)
})
