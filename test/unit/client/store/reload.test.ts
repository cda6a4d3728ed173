// A reload at each moment, two tabs, and storages of all kinds.
import { createRunStore, type RunStorage } from '@flowscale/client/store'
import type { Clock } from '@sinonjs/fake-timers'
import { assert } from '#test'
import { setGlobals } from '../../../support/setGlobals.ts'
import { GROUP, loadPage, memoryStorage, PLACE, refuse, savedRun, storeSuite, watched } from './kit.ts'

const test = storeSuite('store: reload and tabs')

type Storage = ReturnType<typeof memoryStorage>

/** The page goes: nothing of it happens any more, and its POST is never answered. */
async function leavePage(clock: Clock, store: { close(): void }, storage: Storage): Promise<Storage> {
  const kept = Object.fromEntries(storage.items)
  store.close()
  await clock.tickAsync(10)
  loadPage(Date.now())
  return memoryStorage(kept)
}

test('after the id is known: the run goes on, and its result stays', async ({ clock, pod, begin, turn }) => {
  const before = memoryStorage()
  const first = await begin(before)
  const storage = await leavePage(clock, first, before)
  pod.last.progress = 0.5
  const second = watched(pod.client, storage)
  assert.is(second.now.status, 'queued', 'until the server has answered')
  await turn('running', 0)
  const { startedAt } = first.now
  assert.equal(second.now, { status: 'running', runId: 'run-1', startedAt, progress: 0.5 })
  assert.is((await second.start('w', {})).runId, 'run-1')
  pod.last.outputs = [{ filename: 'a', url: 'http://s3.test/1' }]
  await turn('completed')
  assert.is(second.now.status, 'completed')
  const after = await leavePage(clock, second, storage)
  pod.last.outputs[0]!.url = 'http://s3.test/2'
  const third = watched(pod.client, after)
  await clock.tickAsync(0)
  assert.is((third.now as any).outputs[0].download_url, 'http://s3.test/2', 'a fresh link')
  assert.is(pod.count('POST'), 1)
  third.reset()
  assert.is(after.saved, undefined)
})

for (const hasStarted of [false, true]) {
  test(`in the middle of the POST (started: ${hasStarted})`, async ({ clock, pod, settle }) => {
    const before = memoryStorage()
    const first = watched(pod.client, before)
    pod.onPost = (start) => {
      if (hasStarted) start()
      return new Promise(() => {})
    }
    first.start('w', {})
    await settle()
    const storage = await leavePage(clock, first, before)
    const left = clock.countTimers()
    const second = watched(pod.client, storage)
    assert.is(second.now.status, 'submitting')
    assert.is((await second.start('w', {})).status, 'submitting', 'a click sends nothing')
    await settle()
    if (hasStarted) assert.equal([second.now.runId, storage.saved.runId], ['run-1', 'run-1'])
    else {
      await clock.tickAsync(9000)
      assert.is(second.now.status, 'submitting')
      await clock.tickAsync(1000)
      assert.is(second.now.status, 'lost')
      assert.ok(pod.count('GET runs') <= 12)
    }
    assert.is(pod.count('POST'), 1)
    second.stop()
    await settle()
    // The deadline of the first page's POST.
    assert.is(clock.countTimers(), Math.max(left - 1, 1))
    clock.reset()
  })
}

for (const status of [401, 403, 404]) {
  test(`a run that the server does not show (${status}): idle, and no error`, async ({ pod, settle }) => {
    const text = JSON.stringify({ groupId: GROUP, startedAt: 1, runId: 'of-ada' })
    const storage = memoryStorage({ [PLACE]: text })
    pod.onGet = refuse(status)
    const store = watched(pod.client, storage)
    await settle()
    assert.equal([store.now, store.words], [{ status: 'idle' }, ['queued', 'idle']])
    assert.equal(pod.sent, ['GET runs/of-ada'])
    // After a new login, it may be shown.
    assert.is(storage.items.get(PLACE), status === 404 ? undefined : text)
    await store.cancel()
    store.stop()
    store.subscribe(() => {})()
    assert.is(pod.sent.length, 1)
    assert.is((await store.start('w', {})).runId, 'run-1')
    assert.is(storage.saved.runId, 'run-1')
  })
}

test('a run that the server showed, and then does not: lost', async ({ clock, pod, settle }) => {
  const storage = savedRun({ startedAt: 1, runId: 'r' })
  pod.runs.set('r', { _id: 'r', group_id: null, status: 'running', outputs: [] })
  const store = watched(pod.client, storage)
  await settle()
  pod.onGet = refuse(401)
  await clock.tickAsync(1000)
  assert.equal([store.now.status, store.now.runId, storage.saved.runId], ['lost', 'r', 'r'])
})

test('a run submitted by an earlier page, not known yet: forgotten after a minute', async ({
  clock,
  pod,
}) => {
  for (const [ageMs, statuses] of [
    [2, ['queued', 'running']],
    [59_999, ['queued', 'running']],
    [60_000, ['idle', 'idle']],
  ] as const) {
    pod.runs.delete('r')
    const store = watched(pod.client, savedRun({ startedAt: Date.now() - ageMs, runId: 'r' }))
    await clock.tickAsync(3000)
    const first = store.now.status
    pod.runs.set('r', { _id: 'r', group_id: null, status: 'running', outputs: [] })
    await clock.tickAsync(1000)
    assert.equal([first, store.now.status], statuses)
  }
})

test('behind a proxy that refuses the list: lost, with what is known', async ({ pod, settle }) => {
  const storage = savedRun({ startedAt: 1 })
  pod.onList = refuse(404)
  const store = watched(pod.client, storage)
  await settle()
  const known = { runId: undefined, startedAt: 1, groupId: GROUP, error: undefined }
  assert.equal(store.now, { status: 'lost', ...known })
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

for (const listed of [200, 404]) {
  test(`a component comes back in the middle of the POST (${listed})`, async ({ clock, pod, submit }) => {
    const storage = memoryStorage()
    if (listed === 404) pod.onList = refuse(404)
    const first = await submit(storage)
    first.close()
    const second = watched(pod.client, storage)
    await clock.tickAsync(30_000)
    assert.is(second.now.status, 'submitting', 'it may still be on its way')
    first.answer()
    await clock.tickAsync(1000)
    assert.equal([second.now.status, second.now.runId], ['queued', 'run-1'])
    assert.is(pod.count('POST'), 1)
  })
}

test('two tabs: start, id, end and reset', async ({ clock, pod, view, turn, settle }) => {
  const storage = memoryStorage()
  const one = watched(pod.client, storage)
  const two = watched(pod.client, storage)
  pod.onList = refuse(404)
  const answer = pod.hold()
  one.start('w', {})
  view.say()
  assert.is(two.now.status, 'submitting')
  assert.is((await two.start('w', {})).status, 'submitting')
  await clock.tickAsync(50_000)
  assert.is(two.now.status, 'submitting', 'the other tab may take longer')
  answer()
  await settle()
  assert.is(two.now.status, 'submitting')
  view.say()
  assert.equal([two.now.status, two.now.runId], ['queued', 'run-1'], 'at once')
  assert.is(pod.count('POST'), 1)
  await turn('completed', 2000)
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

test('two tabs: the other one resets or starts while this one submits', async ({ pod, view, settle }) => {
  const storage = memoryStorage()
  const one = watched(pod.client, storage)
  const two = watched(pod.client, storage)
  const answers: (() => void)[] = []
  pod.onPost = (start) => new Promise((resolve) => answers.push(() => resolve(start())))
  const first = one.start('w', {})
  await settle()
  two.reset()
  const second = two.start('w', {})
  await settle()
  view.say()
  assert.is(one.now.startedAt, two.now.startedAt)
  answers[0]!()
  assert.is((await first).runId, 'run-1')
  assert.is(storage.saved.runId, undefined, 'the record is of the other run')
  answers[1]!()
  assert.is((await second).runId, 'run-2')
  view.say()
  assert.equal([one.now.runId, two.now.runId, storage.saved.runId], ['run-2', 'run-2', 'run-2'])
})

test('cancel of a run that another tab submits', async ({ clock, pod, view }) => {
  const storage = memoryStorage()
  const one = watched(pod.client, storage)
  const two = watched(pod.client, storage)
  const answer = pod.hold()
  one.start('w', {})
  view.say()
  const cancelled = two.cancel()
  await clock.tickAsync(20_000)
  answer()
  await clock.tickAsync(1000)
  await cancelled
  await clock.tickAsync(1000)
  assert.equal([one.now.status, two.now.status, pod.last.status], ['cancelled', 'cancelled', 'cancelled'])
})

const broken = (...names: string[]) => {
  const storage = memoryStorage({ [PLACE]: '{"theirs":1}' })
  const fail = () => {
    throw new DOMException('no', 'SecurityError')
  }
  return Object.assign(storage, Object.fromEntries(names.map((name) => [name, fail])))
}
const junk = ['', '{', 'null', '0', '17', '"a"', '[]', '[1]', '{}', '{"groupId":5}', '{"groupId":"theirs"}']
const storages: Record<string, RunStorage | null | undefined> = {
  ...Object.fromEntries(junk.map((text) => [`with ${text}`, memoryStorage({ [PLACE]: text })])),
  null: null,
  undefined,
  'that is blocked': broken('getItem', 'setItem', 'removeItem'),
  'that is full': broken('setItem'),
  'that can only be read': broken('setItem', 'removeItem'),
  'that can only be written': broken('getItem'),
  'that keeps nothing': { getItem: () => null, setItem() {}, removeItem() {} },
  'that is of others': { getItem: () => 'theirs', setItem() {}, removeItem() {} },
}
for (const [what, storage] of Object.entries(storages)) {
  test(`a storage ${what}: no error, no run lost`, async ({ pod, view, settle, turn }) => {
    const store = watched(pod.client, null, { storage })
    assert.is(store.now.status, 'idle')
    const { runId } = await store.start('w', {})
    view.say()
    store.stop()
    const stop = store.subscribe(() => {})
    view.say()
    await settle()
    assert.equal([store.now.runId, store.now.status], [runId, 'queued'])
    await turn('completed', 2000)
    assert.is(store.now.status, 'completed')
    store.reset()
    view.say()
    stop()
    store.subscribe(() => {})()
    assert.is(store.now.status, 'idle')
  })
}

for (const more of [{ runId: 5 }, { runId: {} }, { runId: 'r', names: 5 }, { runId: 'r', files: 5 }, {}]) {
  test(`a record that somebody spoiled: ${JSON.stringify(more)}`, async ({ clock, pod }) => {
    pod.runs.set('r', { _id: 'r', group_id: null, status: 'completed', outputs: [] })
    const store = watched(pod.client, savedRun(more))
    await clock.tickAsync(20_000)
    assert.match(store.now.status, /^(lost|completed|failed)$/)
  })
}

for (const name of ['sessionStorage', 'localStorage'] as const) {
  test(`${name} by its name, in a page, and nothing on a server`, async ({ pod }) => {
    const storage = memoryStorage()
    // The first one is the default.
    const options = name === 'localStorage' ? { storage: name } : {}
    setGlobals({ [name]: storage })
    const server = createRunStore(pod.client, options)
    await server.start('w', {})
    assert.is(storage.uses, 0, 'one for all visitors would mix them up')
    setGlobals({ document: {} })
    const page = createRunStore(pod.client, { ...options, key: 'mine' })
    await page.start('w', {})
    assert.ok(storage.items.has('mine http://pod.test'))
    const get = () => {
      throw new DOMException('sandboxed', 'SecurityError')
    }
    Object.defineProperty(globalThis, name, { get, configurable: true })
    const sandboxed = createRunStore(pod.client, options)
    assert.is((await sandboxed.start('w', {})).status, 'queued')
  })
}
