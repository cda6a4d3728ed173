// A reload at each moment, two tabs, and storages of all kinds.
import { createRunStore } from '@flowscale/client/store'
import type { Clock } from '@sinonjs/fake-timers'
import { assert } from '#test'
import {
  GROUP,
  loadPage,
  memoryStorage,
  PLACE,
  refuse,
  savedRun,
  settle,
  storeSuite,
  watched,
} from './kit.ts'

const test = storeSuite('store: reload and tabs')

/** The page goes: nothing of it happens any more, and its POST is never answered. */
const leavePage = async (
  clock: Clock,
  store: { close(): void },
  storage: ReturnType<typeof memoryStorage>,
) => {
  const kept = new Map(storage.items)
  store.close()
  await clock.tickAsync(10)
  loadPage(Date.now())
  return memoryStorage(Object.fromEntries(kept))
}

test('after the id is known: the run goes on, and its result stays', async ({ clock, pod }) => {
  const before = memoryStorage()
  const first = watched(pod.client, before)
  await first.start('w', {})
  const storage = await leavePage(clock, first, before)
  Object.assign(pod.last, { status: 'running', progress: 0.5 })
  const second = watched(pod.client, storage)
  assert.is(second.now.status, 'queued', 'until the server has answered')
  await settle(clock)
  assert.equal(second.now, {
    status: 'running',
    runId: 'run-1',
    startedAt: first.now.startedAt,
    progress: 0.5,
  })
  assert.is((await second.start('w', {})).runId, 'run-1')
  Object.assign(pod.last, { status: 'completed', outputs: [{ filename: 'a', url: 'http://s3.test/1' }] })
  await clock.tickAsync(1000)
  assert.is(second.now.status, 'completed')
  const after = await leavePage(clock, second, storage)
  pod.last.outputs[0]!.url = 'http://s3.test/2'
  const third = watched(pod.client, after)
  await settle(clock)
  assert.is((third.now as any).outputs[0].download_url, 'http://s3.test/2', 'a fresh link')
  assert.is(pod.count('POST'), 1)
  third.reset()
  assert.is(after.saved, undefined)
})

for (const moment of ['before it was sent', 'when the run had started'] as const) {
  test(`in the middle of the POST, ${moment}`, async ({ clock, pod }) => {
    const before = memoryStorage()
    const first = watched(pod.client, before)
    pod.onPost = (start) => {
      if (moment === 'when the run had started') start()
      return new Promise(() => {})
    }
    first.start('w', {})
    await settle(clock)
    const storage = await leavePage(clock, first, before)
    const left = clock.countTimers()
    const second = watched(pod.client, storage)
    assert.is(second.now.status, 'submitting')
    assert.is((await second.start('w', {})).status, 'submitting', 'a click sends nothing')
    await settle(clock)
    if (moment === 'before it was sent') {
      await clock.tickAsync(9000)
      assert.is(second.now.status, 'submitting')
      await clock.tickAsync(1000)
      assert.is(second.now.status, 'lost')
      assert.ok(pod.count('GET runs') <= 12)
    } else assert.equal([second.now.runId, storage.saved.runId], ['run-1', 'run-1'])
    assert.is(pod.count('POST'), 1)
    second.stop()
    await settle(clock)
    // The deadline of the first page's POST.
    assert.is(clock.countTimers(), Math.max(left - 1, 1))
    clock.reset()
  })
}

for (const status of [401, 403, 404]) {
  test(`a run that the server does not show (${status}): idle, and no error`, async ({ clock, pod }) => {
    const text = JSON.stringify({ groupId: GROUP, startedAt: 1, runId: 'of-ada' })
    const storage = memoryStorage({ [PLACE]: text })
    pod.onGet = refuse(status)
    const store = watched(pod.client, storage)
    await settle(clock)
    assert.equal(
      [store.now, store.words, pod.sent],
      [{ status: 'idle' }, ['queued', 'idle'], ['GET runs/of-ada']],
    )
    assert.is(
      storage.items.get(PLACE),
      status === 404 ? undefined : text,
      'after a new login, it may be shown',
    )
    await store.cancel()
    store.stop()
    store.subscribe(() => {})()
    assert.is(pod.sent.length, 1)
    assert.is((await store.start('w', {})).runId, 'run-1')
    assert.is(storage.saved.runId, 'run-1')
    store.close()
  })
}

test('a run of an earlier page that the server showed, and then does not: lost', async ({ clock, pod }) => {
  const storage = savedRun({ startedAt: 1, runId: 'r' })
  pod.runs.set('r', { _id: 'r', group_id: null, status: 'running', outputs: [] })
  const store = watched(pod.client, storage)
  await settle(clock)
  pod.onGet = refuse(401)
  await clock.tickAsync(1000)
  assert.equal([store.now.status, store.now.runId, storage.saved.runId], ['lost', 'r', 'r'])
  store.close()
})

test('a run just submitted by an earlier page, not known yet', async ({ clock, pod }) => {
  const storage = savedRun({ startedAt: Date.now() - 2, runId: 'r' })
  const store = watched(pod.client, storage)
  await clock.tickAsync(3000)
  assert.is(store.now.status, 'queued')
  pod.runs.set('r', { _id: 'r', group_id: null, status: 'running', outputs: [] })
  await clock.tickAsync(1000)
  assert.is(store.now.status, 'running')
  store.close()
})

test('behind a proxy that refuses the list: lost, with what is known', async ({ clock, pod }) => {
  const storage = savedRun({ startedAt: 1 })
  pod.onList = refuse(404)
  const store = watched(pod.client, storage)
  await settle(clock)
  assert.equal(store.now, {
    status: 'lost',
    runId: undefined,
    startedAt: 1,
    groupId: GROUP,
    error: undefined,
  })
  assert.is(pod.sent.length, 1)
})

test('offline: it keeps looking while somebody listens', async ({ clock, pod }) => {
  const storage = savedRun({ startedAt: 1 })
  pod.onList = () => Promise.reject(new TypeError('offline'))
  const store = watched(pod.client, storage)
  await clock.tickAsync(60_000)
  assert.is(store.now.status, 'submitting')
  pod.runs.set('r', { _id: 'r', group_id: GROUP, status: 'running', outputs: [] })
  pod.onList = undefined
  await clock.tickAsync(1000)
  assert.equal([store.now.status, store.now.runId], ['running', 'r'])
})

test('a component that comes back in the middle of the POST', async ({ clock, pod, nothingLeft }) => {
  for (const listed of [200, 404]) {
    const storage = memoryStorage()
    const first = watched(pod.client, storage)
    if (listed === 404) pod.onList = refuse(404)
    const held = pod.hold()
    first.start('w', {})
    await settle(clock)
    first.close()
    const second = watched(pod.client, storage)
    await clock.tickAsync(30_000)
    assert.is(second.now.status, 'submitting', 'it may still be on its way')
    held.answer()
    await clock.tickAsync(1000)
    assert.is(second.now.status, 'queued')
    assert.is(second.now.runId, pod.last._id)
    second.close()
    await settle(clock)
    nothingLeft()
  }
  assert.is(pod.count('POST'), 2)
})

test('two tabs: start, id, end and reset', async ({ clock, pod, view }) => {
  const storage = memoryStorage()
  const one = watched(pod.client, storage)
  const two = watched(pod.client, storage)
  pod.onList = refuse(404)
  const held = pod.hold()
  one.start('w', {})
  view.say()
  assert.is(two.now.status, 'submitting')
  assert.is((await two.start('w', {})).status, 'submitting')
  await clock.tickAsync(50_000)
  assert.is(two.now.status, 'submitting', 'the other tab may take longer')
  held.answer()
  await settle(clock)
  assert.is(two.now.status, 'submitting')
  view.say()
  assert.equal([two.now.status, two.now.runId], ['queued', 'run-1'], 'at once')
  assert.is(pod.count('POST'), 1)
  pod.last.status = 'completed'
  await clock.tickAsync(2000)
  assert.equal([one.now.status, two.now.status], ['completed', 'completed'])
  two.reset()
  view.say()
  assert.equal([one.now.status, two.now.status], ['idle', 'idle'])
  // A tab whose run has ended joins the next one; a refusal is the end for the other tab.
  pod.onPost = refuse(422)
  const refused = two.start('w', {})
  view.say(null)
  assert.is(one.now.status, 'submitting')
  assert.is((await refused).status, 'failed')
  view.say()
  assert.equal([one.now.status, two.now.status], ['idle', 'failed'])
})

test('two tabs: the other one resets or starts while this one submits', async ({ clock, pod, view }) => {
  const storage = memoryStorage()
  const one = watched(pod.client, storage)
  const two = watched(pod.client, storage)
  const answers: (() => void)[] = []
  pod.onPost = (start) => new Promise((resolve) => answers.push(() => resolve(start())))
  const first = one.start('w', {})
  await settle(clock)
  two.reset()
  const second = two.start('w', {})
  await settle(clock)
  view.say()
  assert.is(one.now.startedAt, two.now.startedAt)
  answers[0]!()
  assert.is((await first).runId, 'run-1')
  assert.is(storage.saved.runId, undefined, 'the record is of the other run')
  answers[1]!()
  assert.is((await second).runId, 'run-2')
  view.say()
  assert.equal([one.now.runId, two.now.runId, storage.saved.runId], ['run-2', 'run-2', 'run-2'])
  one.close()
  two.close()
})

test('cancel of a run that another tab submits', async ({ clock, pod, view }) => {
  const storage = memoryStorage()
  const one = watched(pod.client, storage)
  const two = watched(pod.client, storage)
  const held = pod.hold()
  one.start('w', {})
  view.say()
  const cancelled = two.cancel()
  await clock.tickAsync(20_000)
  held.answer()
  await clock.tickAsync(1000)
  await cancelled
  await clock.tickAsync(1000)
  assert.equal([one.now.status, two.now.status, pod.last.status], ['cancelled', 'cancelled', 'cancelled'])
  one.close()
  two.close()
})

test('junk in the storage, or storages that fail: no run is lost', async ({
  clock,
  pod,
  view,
  nothingLeft,
}) => {
  const broken = (...names: string[]) => {
    const storage = memoryStorage({ [PLACE]: '{"theirs":1}' })
    for (const name of names)
      Object.assign(storage, {
        [name]() {
          throw new DOMException('no', 'SecurityError')
        },
      })
    return storage
  }
  const storages = [
    ...['', '{', 'null', '0', '17', '"a"', '[]', '[1]', '{}', '{"groupId":5}', '{"groupId":"theirs"}'].map(
      (junk) => memoryStorage({ [PLACE]: junk }),
    ),
    null,
    undefined,
    broken('getItem', 'setItem', 'removeItem'),
    broken('setItem'),
    broken('setItem', 'removeItem'),
    broken('getItem'),
    { getItem: () => null, setItem() {}, removeItem() {} },
    { getItem: () => 'theirs', setItem() {}, removeItem() {} },
  ]
  for (const [index, storage] of storages.entries()) {
    const what = `storage ${index}`
    const store = createRunStore(pod.client, { storage })
    let stop = store.subscribe(() => {})
    assert.is(store.getSnapshot().status, 'idle', what)
    const { runId } = await store.start('w', {})
    view.say()
    stop()
    stop = store.subscribe(() => {})
    view.say()
    await settle(clock)
    assert.equal([store.getSnapshot().runId, store.getSnapshot().status], [runId, 'queued'], what)
    pod.last.status = 'completed'
    await clock.tickAsync(2000)
    assert.is(store.getSnapshot().status, 'completed', what)
    store.reset()
    view.say()
    stop()
    store.subscribe(() => {})()
    assert.is(store.getSnapshot().status, 'idle', what)
    await settle(clock)
    nothingLeft()
  }
})

test('records that somebody spoiled', async ({ clock, pod, nothingLeft }) => {
  for (const more of [{ runId: 5 }, { runId: {} }, { runId: 'r', names: 5 }, { runId: 'r', files: 5 }, {}]) {
    const storage = savedRun(more)
    pod.runs.set('r', { _id: 'r', group_id: null, status: 'completed', outputs: [] })
    const store = watched(pod.client, storage)
    await clock.tickAsync(20_000)
    assert.match(store.now.status, /^(lost|completed|failed)$/, JSON.stringify(more))
    store.close()
    await settle(clock)
    nothingLeft()
  }
})

for (const name of ['sessionStorage', 'localStorage'] as const) {
  test(`${name} by its name, in a page, and nothing on a server`, async ({ pod }) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    const storage = memoryStorage()
    const set = (get: () => unknown) => Object.defineProperty(globalThis, name, { get, configurable: true })
    // The first one is the default.
    const options = name === 'localStorage' ? { storage: name } : {}
    try {
      set(() => storage)
      const server = createRunStore(pod.client, options)
      await server.start('w', {})
      assert.is(storage.uses, 0, 'one for all visitors would mix them up')
      Object.assign(globalThis, { document: {} })
      const page = createRunStore(pod.client, { ...options, key: 'mine' })
      await page.start('w', {})
      assert.ok(storage.items.has('mine http://pod.test'))
      set(() => {
        throw new DOMException('sandboxed', 'SecurityError')
      })
      const sandboxed = createRunStore(pod.client, options)
      assert.is((await sandboxed.start('w', {})).status, 'queued')
    } finally {
      delete (globalThis as Record<string, unknown>).document
      if (before) Object.defineProperty(globalThis, name, before)
      else delete (globalThis as Record<string, unknown>)[name]
    }
  })
}
