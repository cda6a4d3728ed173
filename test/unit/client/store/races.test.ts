// What others do meanwhile: other tabs, a full storage, a listener that acts, a server that forgets outputs.
import { createClient, TimeoutError } from '@flowscale/client'
import { assert } from '#test'
import { json, rejection } from '../../../support/fakes.ts'
import { fakePod, memoryStorage, settle, storeSuite, watched } from './kit.ts'

const test = storeSuite('store: races')

test("a run that found no room stays in view, and so does the other tab's", async ({ clock, pod, view }) => {
  const storage = memoryStorage()
  let isFull = true
  const full = {
    getItem: storage.getItem,
    removeItem: storage.removeItem,
    setItem(key: string, value: string) {
      if (isFull) throw new DOMException('full', 'QuotaExceededError')
      storage.setItem(key, value)
    },
  }
  for (const end of ['completed', 'reset']) {
    isFull = true
    const one = watched(pod.client, full)
    const two = watched(pod.client, storage)
    const held = pod.hold()
    const started = one.start('w', {})
    await settle(clock)
    pod.onPost = undefined
    const { runId: other } = await two.start('w', {})
    view.say()
    assert.is(one.now.status, 'submitting', 'its own')
    isFull = false
    held.answer()
    const { runId } = await started
    view.say()
    await settle(clock)
    assert.equal([one.now.runId, two.now.runId, storage.saved.runId], [runId, other, other])
    if (end === 'reset') one.reset()
    else {
      pod.runs.get(runId!)!.status = 'completed'
      await clock.tickAsync(3000)
      assert.is(one.now.status, 'completed')
    }
    assert.is(storage.saved.runId, other)
    view.say()
    assert.is(one.now.runId, other, 'then it joins')
    two.reset()
    one.stop()
    two.stop()
    await settle(clock)
  }
})

test('a listener that resets: whoever started the run learns its id', async ({ pod }) => {
  for (const moment of ['submitting', 'queued']) {
    const store = watched(pod.client)
    const stop = store.subscribe(() => store.now.status === moment && store.reset())
    const { runId } = await store.start('w', {})
    assert.equal([runId, store.now.status], [pod.last._id, 'idle'], moment)
    store.stop()
    stop()
  }
})

test('a listener that starts anew: each start tells of its own run', async ({ pod }) => {
  const store = watched(pod.client)
  let again: Promise<unknown> | undefined
  const stop = store.subscribe(() => {
    if (store.now.status === 'failed') again ??= store.start('w', {})
  })
  pod.onPost = () => {
    pod.onPost = undefined
    return json({ detail: 'no' }, { status: 422 })
  }
  assert.is((await store.start('w', {})).status, 'failed')
  assert.is(((await again) as { runId: string }).runId, 'run-1')
  stop()
})

test('a push that comes after the end undoes nothing', async ({ clock, pod }) => {
  for (const [word, status] of [
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['', 'lost'],
  ] as const) {
    let hear: (update: { run_id: string; status: string; progress: number }, isNews: boolean) => void
    const watch = (_: string, listener: typeof hear) => {
      hear = listener
      return { pauseMs: (ms: number) => ms, stop() {} }
    }
    const store = watched(pod.client, null, { push: { connected: true, watch } as never })
    await store.start('w', {})
    await settle(clock)
    pod.last.status = word
    if (!word) pod.onGet = () => json({ detail: 'no' }, { status: 401 })
    await clock.tickAsync(3000)
    assert.is(store.now.status, status)
    hear!({ run_id: pod.last._id, status: 'running', progress: 0.9 }, true)
    await settle(clock)
    assert.is(store.now.status, status)
    store.stop()
  }
})

test('one function that listens twice hears until both have left', async ({ clock, pod }) => {
  const store = watched(pod.client)
  store.stop()
  let heard = 0
  const listener = () => void heard++
  const [first, second] = [store.subscribe(listener), store.subscribe(listener)]
  await store.start('w', {})
  first()
  heard = 0
  pod.last.status = 'running'
  await clock.tickAsync(1000)
  assert.equal([heard, store.now.status], [1, 'running'])
  second()
})

test('an option that is undefined is not given: a long run is not lost', async ({ clock, pod }) => {
  const store = watched(pod.client, null, { timeoutMs: undefined, pollIntervalMs: 10_000 })
  await store.start('w', {})
  pod.last.status = 'running'
  await clock.tickAsync(400_000)
  assert.is(store.now.status, 'running')
})

test('an unanswered submission of the other tab is not waited for', async ({ clock, pod, view }) => {
  const storage = memoryStorage()
  const one = watched(pod.client, storage)
  const two = watched(pod.client, storage)
  let fail = () => {}
  pod.onPost = () => new Promise((_, reject) => (fail = () => reject(new TypeError('reset'))))
  one.start('w', {})
  view.say()
  await clock.tickAsync(20_000)
  assert.is(two.now.status, 'submitting')
  fail()
  await settle(clock)
  view.say()
  await clock.tickAsync(11_000)
  assert.equal([one.now.status, two.now.status], ['lost', 'lost'])
})

test('the run of another server is neither asked for nor forgotten', async ({ clock, pod }) => {
  const storage = memoryStorage()
  const first = watched(pod.client, storage)
  const { runId } = await first.start('w', {})
  first.close()
  const other = fakePod()
  const client = createClient({ baseUrl: 'http://other.test', fetch: other.fetch, maxRetries: 0 })
  const second = watched(client, storage)
  await settle(clock)
  assert.equal([second.now, other.sent], [{ status: 'idle' }, []])
  await second.start('w', {})
  second.close()
  const third = watched(pod.client, storage)
  assert.is(third.now.runId, runId)
  third.close()
})

test('a run that has ended, but whose outputs are gone, is lost in the end', async ({ clock, pod }) => {
  const store = watched(pod.client)
  const { runId } = await store.start('w', {})
  Object.assign(pod.last, { status: 'completed', outputs: [{ filename: 'gone.png' }] })
  await clock.tickAsync(299_000)
  assert.is(store.now.status, 'running', 'they may come late')
  await clock.tickAsync(3000)
  const { now } = store
  assert.equal([now.status, now.runId], ['lost', runId])
  assert.instance((now as { error: unknown }).error, TimeoutError)
  assert.is(clock.countTimers(), 0)
  assert.is((await store.start('w', {})).runId, 'run-2', 'and another one can be started')
})

test('a lost run that is found, but not cancelled, is in view again', async ({ clock, pod }) => {
  const store = watched(pod.client)
  let isHidden = true
  pod.onList = (all) => (isHidden ? json({ status: 'success', data: { runs: [] } }) : all())
  pod.onPost = (start) => {
    start()
    return Promise.reject(new TypeError('reset'))
  }
  store.start('w', {})
  await clock.tickAsync(10_000)
  assert.is(store.now.status, 'lost')
  isHidden = false
  pod.last.status = 'completed'
  pod.onCancel = () => json({ detail: 'it has ended' }, { status: 409 })
  assert.is((await rejection(store.cancel())).status, 409)
  await clock.tickAsync(2000)
  assert.equal([store.now.status, store.now.runId], ['completed', 'run-1'])
})
