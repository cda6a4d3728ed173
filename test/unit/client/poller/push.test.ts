import { getEventListeners } from 'node:events'
import { ArgumentError, createClient } from '@flowscale/client'
import { waitForResult, waitForRun } from '@flowscale/client/poller'
import type { Clock } from '@sinonjs/fake-timers'
import { assert, rejects } from '#test'
import { createWatch } from '../../../../packages/client/src/push.ts'
import { CANARY } from '../../../support/canary.ts'
import { json, ok } from '../../../support/fakes.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { everySecond } from './kit.ts'

const test = suiteWithClock('push and hidden pages')
const RUN = '808f34d0-ef97-4b78-a00f-1268077ea6db'

/** A server whose run has the state that the test sets, and a connection that the test speaks through. */
function scene(clock: Clock) {
  const start = clock.now
  const asked: number[] = []
  const wanted: [string, boolean][] = []
  const state = { status: 'queued', hang: false, refuse: false }
  const client = createClient({
    baseUrl: 'http://pod.test',
    apiKey: CANARY,
    fetch: async (_, { signal }) => {
      asked.push(clock.now - start)
      if (state.hang) await new Promise((_, reject) => signal?.addEventListener('abort', reject))
      if (state.refuse) return json({}, { status: 429, headers: { 'retry-after': '7' } })
      return ok({
        _id: RUN,
        status: state.status,
        outputs: [{ filename: 'a.png', url: 'http://files.test/a.png' }],
      })
    },
  })
  const { watch, publish } = createWatch(
    client,
    () => push.connected,
    (...change) => wanted.push(change),
  )
  const push = { connected: true, watch }
  const update = (status: string, runId = RUN) => publish(runId, { status })
  return { client, push, publish, update, asked, wanted, state }
}

for (const [name, wait] of [
  ['waitForRun', waitForRun],
  ['waitForResult', waitForResult],
] as const) {
  test(`${name}: an update of the run is asked about at once; polls become rarer`, async ({ clock }) => {
    const { client, push, update, asked, wanted, state } = scene(clock)
    const done = wait(client, RUN, { ...everySecond, push, timeoutMs: 600_000 })
    await clock.tickAsync(100_000)
    // 2, 4, 8, 16 and 30 s apart, not 1.
    assert.equal(asked, [0, 2000, 6000, 14_000, 30_000, 60_000, 90_000])
    update('running', 'another run')
    await clock.tickAsync(1)
    assert.is(asked.length, 7)
    state.status = 'completed'
    update('completed')
    await done
    assert.equal(asked.at(-1), 100_001)
    assert.equal(wanted, [
      [RUN, true],
      [RUN, false],
    ])
  })
}

test('without an interval polls become rarer, too', async ({ clock }) => {
  const { client, push, update, asked, state } = scene(clock)
  const done = waitForRun(client, RUN, { push, timeoutMs: 600_000 })
  await clock.tickAsync(100_000)
  // Twice, four times, eight times … as far apart as without push, up to 30 s.
  assert.equal(asked, [0, 40, 160, 520, 1600, 4840, 14_560, 43_720, 73_720])
  state.status = 'completed'
  update('completed')
  await done
})

test('a lying or silent socket costs time, never a result; one that is down, nothing', async ({ clock }) => {
  const { client, push, update, asked, state } = scene(clock)
  const done = waitForRun(client, RUN, { ...everySecond, push })
  await clock.tickAsync(10)
  update('completed')
  await clock.tickAsync(0)
  assert.is(asked.length, 2)
  update('completed')
  await clock.tickAsync(1)
  assert.is(asked.length, 2, 'said already')
  push.connected = false
  await clock.tickAsync(2000)
  const before = asked.length
  await clock.tickAsync(5000)
  assert.is(asked.length - before, 5)
  state.status = 'completed'
  await clock.tickAsync(1000)
  assert.is((await done).status, 'completed')
})

test('news that comes while a poll is under way is not lost', async ({ clock }) => {
  const { client, push, update, asked, state } = scene(clock)
  const done = waitForRun(client, RUN, { push, onUpdate: () => update('completed') })
  state.status = 'queued'
  await clock.tickAsync(0)
  assert.equal(asked, [0, 0])
  state.status = 'completed'
  await clock.tickAsync(30_000)
  await done
})

test('news does not cut the pause short that a Retry-After asks for', async ({ clock }) => {
  const { client, push, update, asked, state } = scene(clock)
  const done = waitForRun(client, RUN, { push })
  await clock.tickAsync(0)
  state.refuse = true
  update('running')
  await clock.tickAsync(0)
  state.refuse = false
  state.status = 'completed'
  await clock.tickAsync(3000)
  update('completed')
  await clock.tickAsync(5000)
  await done
  assert.equal(asked, [0, 0, 7000])
})

test('a run is asked for once for all its waits, until the last one is over', () => {
  const wanted: unknown[] = []
  const seen: string[] = []
  const { watch, publish } = createWatch(
    createClient({ baseUrl: 'http://pod.test' }),
    () => true,
    (...change) => wanted.push(change),
  )
  const watches = ['a', 'b', 'a'].map((runId, index) =>
    watch(runId, ({ status }) => seen.push(`${runId}${index} ${status}`)),
  )
  publish('a', { status: 'running' })
  assert.equal(seen, ['a0 running', 'a2 running'])
  watches[0]!.stop()
  watches[0]!.stop()
  publish('a', { status: 'completed' })
  assert.equal(seen.slice(2), ['a2 completed'])
  for (const { stop } of watches) stop()
  assert.equal(wanted, [
    ['a', true],
    ['b', true],
    ['b', false],
    ['a', false],
  ])
})

test('a connection lost in a long pause makes it poll at once, then as often as ever', async ({ clock }) => {
  const { client, push, publish, asked, wanted } = scene(clock)
  const control = new AbortController()
  const wait = waitForRun(client, RUN, {
    ...everySecond,
    push,
    signal: control.signal,
    timeoutMs: 600_000,
  }).catch((error) => error)
  await clock.tickAsync(65_000)
  assert.is(asked.at(-1), 60_000)
  push.connected = false
  publish(RUN)
  await clock.tickAsync(2000)
  assert.equal(asked.slice(-3), [65_000, 66_000, 67_000])
  control.abort('enough')
  assert.is(await wait, 'enough')
  assert.equal(wanted.at(-1), [RUN, false])
})

test('push must be a connection', async ({ clock }) => {
  const { client, asked } = scene(clock)
  await rejects(waitForRun(client, RUN, { push: {} as never }), ArgumentError)
  assert.equal(asked, [])
})

test('a hidden page polls rarely, and at once when it shows again', async ({ clock }) => {
  const { client, asked, state } = scene(clock)
  const page = Object.assign(new EventTarget(), { hidden: true })
  Object.assign(globalThis, { document: page })
  try {
    const done = waitForRun(client, RUN, everySecond)
    await clock.tickAsync(25_000)
    assert.equal(asked, [0, 10_000, 20_000])
    page.hidden = false
    page.dispatchEvent(new Event('visibilitychange'))
    await clock.tickAsync(0)
    assert.is(asked.length, 4)
    await clock.tickAsync(1000)
    assert.is(asked.length, 5)
    assert.is(getEventListeners(page, 'visibilitychange').length, 1)
    state.status = 'completed'
    await clock.tickAsync(1000)
    await done
    assert.equal(getEventListeners(page, 'visibilitychange'), [])
  } finally {
    Reflect.deleteProperty(globalThis, 'document')
  }
})

test('to hide and show a page costs no polls: they are as far apart as ever', async ({ clock }) => {
  const { client, asked, state } = scene(clock)
  const page = Object.assign(new EventTarget(), { hidden: false })
  Object.assign(globalThis, { document: page })
  try {
    const done = waitForRun(client, RUN, { ...everySecond, maxPolls: 5 })
    for (let turn = 0; turn < 8; turn++) {
      await clock.tickAsync(50)
      page.hidden = !page.hidden
      page.dispatchEvent(new Event('visibilitychange'))
    }
    await clock.tickAsync(0)
    assert.equal(asked, [0])
    await clock.tickAsync(700)
    assert.equal(asked, [0, 1000])
    page.hidden = true
    page.dispatchEvent(new Event('visibilitychange'))
    await clock.tickAsync(9000)
    assert.equal(asked, [0, 1000], 'one that was hidden meanwhile polls rarely')
    state.status = 'completed'
    page.hidden = false
    page.dispatchEvent(new Event('visibilitychange'))
    await clock.tickAsync(0)
    await done
  } finally {
    Reflect.deleteProperty(globalThis, 'document')
  }
})
