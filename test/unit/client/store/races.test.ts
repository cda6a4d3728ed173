// What others do meanwhile: other tabs, a full storage, a listener that acts, a server that forgets outputs.
import { createClient, HttpError, TimeoutError } from '@flowscale/client'
import { assert, rejects } from '#test'
import { json, ok } from '../../../support/fakes.ts'
import { fakePod, memoryStorage, refuse, storeSuite, watched } from './kit.ts'

const test = storeSuite('store: races')

for (const end of ['completed', 'reset']) {
  test(`a run without room stays until it is ${end}`, async ({ clock, pod, view, settle, submit }) => {
    const storage = memoryStorage()
    let isFull = true
    const one = await submit({
      ...storage,
      setItem(key: string, value: string) {
        if (isFull) throw new DOMException('full', 'QuotaExceededError')
        storage.setItem(key, value)
      },
    })
    const two = watched(pod.client, storage)
    pod.onPost = undefined
    const { runId: other } = await two.start('w', {})
    view.say()
    assert.is(one.now.status, 'submitting', 'its own')
    isFull = false
    one.answer()
    const { runId } = await one.started
    view.say()
    await settle()
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
  })
}

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
    return refuse(422)()
  }
  assert.is((await store.start('w', {})).status, 'failed')
  assert.is(((await again) as { runId: string }).runId, 'run-1')
  stop()
})

for (const [word, status] of [
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['', 'lost'],
] as const) {
  test(`a push that comes after the end undoes nothing: ${status}`, async ({ pod, begin, turn, settle }) => {
    let hear: (update: { run_id: string; status: string; progress: number }, isNews: boolean) => void
    const watch = (_: string, listener: typeof hear) => {
      hear = listener
      return { pauseMs: (ms: number) => ms, stop() {} }
    }
    const store = await begin(null, { push: { connected: true, watch } as never })
    if (!word) pod.onGet = refuse(401)
    await turn(word, 3000)
    assert.is(store.now.status, status)
    hear!({ run_id: pod.last._id, status: 'running', progress: 0.9 }, true)
    await settle()
    assert.is(store.now.status, status)
  })
}

test('one function that listens twice hears until both have left', async ({ pod, turn }) => {
  const store = watched(pod.client)
  store.stop()
  let heard = 0
  const listener = () => void heard++
  const [first, second] = [store.subscribe(listener), store.subscribe(listener)]
  await store.start('w', {})
  first()
  heard = 0
  await turn('running')
  assert.equal([heard, store.now.status], [1, 'running'])
  second()
})

test('an option that is undefined is not given: a long run is not lost', async ({ begin, turn }) => {
  const store = await begin(null, { timeoutMs: undefined, pollIntervalMs: 10_000 })
  await turn('running', 400_000)
  assert.is(store.now.status, 'running')
})

test('an unanswered submission of the other tab is not waited for', async ({ clock, pod, view, settle }) => {
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
  await settle()
  view.say()
  await clock.tickAsync(11_000)
  assert.equal([one.now.status, two.now.status], ['lost', 'lost'])
})

test('the run of another server is neither asked for nor forgotten', async ({ pod, begin, settle }) => {
  const storage = memoryStorage()
  const first = await begin(storage)
  first.close()
  const other = fakePod()
  const client = createClient({ baseUrl: 'http://other.test', fetch: other.fetch, maxRetries: 0 })
  const second = watched(client, storage)
  await settle()
  assert.equal([second.now, other.sent], [{ status: 'idle' }, []])
  await second.start('w', {})
  second.close()
  assert.is(watched(pod.client, storage).now.runId, 'run-1')
})

test('a run whose outputs are gone is lost in the end', async ({ clock, pod, begin }) => {
  const store = await begin()
  Object.assign(pod.last, { status: 'completed', outputs: [{ filename: 'gone.png' }] })
  await clock.tickAsync(299_000)
  assert.is(store.now.status, 'running', 'they may come late')
  await clock.tickAsync(3000)
  const { now } = store
  assert.equal([now.status, now.runId], ['lost', 'run-1'])
  assert.instance((now as { error: unknown }).error, TimeoutError)
  assert.is(clock.countTimers(), 0)
  assert.is((await store.start('w', {})).runId, 'run-2', 'and another one can be started')
})

test('a lost run that is found, but not cancelled, is in view again', async ({ clock, pod }) => {
  const store = watched(pod.client)
  pod.onList = () => ok({ runs: [] })
  pod.reset(true)
  store.start('w', {})
  await clock.tickAsync(10_000)
  assert.is(store.now.status, 'lost')
  pod.onList = undefined
  pod.last.status = 'completed'
  pod.onCancel = () => json({ detail: 'it has ended' }, { status: 409 })
  await rejects(store.cancel(), HttpError, { status: 409 })
  await clock.tickAsync(2000)
  assert.equal([store.now.status, store.now.runId], ['completed', 'run-1'])
})
