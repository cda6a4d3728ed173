// Cancel and reset, in each state of a run.
import { HttpError } from '@flowscale/client'
import { assert, rejects } from '#test'
import { hang, json } from '../../../support/fakes.ts'
import { memoryStorage, refuse, storeSuite, watched } from './kit.ts'

const test = storeSuite('store: cancel and reset')

test('a run that goes on is cancelled, and asked for at once', async ({ pod, begin, settle }) => {
  const store = await begin()
  await store.cancel()
  await settle()
  assert.is(store.now.status, 'cancelled')
  const sent = pod.sent.length
  await store.cancel()
  assert.is(pod.sent.length, sent, 'it has ended: nothing is sent')
})

test('a server that does not cancel: rejects, and the run goes on', async ({ pod, begin, turn }) => {
  const store = await begin()
  await turn('running')
  pod.onCancel = refuse(403)
  await rejects(store.cancel(), HttpError)
  assert.is(store.now.status, 'running')
  await turn('completed', 2000)
  assert.is(store.now.status, 'completed')
})

test('without a run, nothing is sent', async ({ pod }) => {
  const store = watched(pod.client)
  await store.cancel()
  store.reset()
  assert.equal([pod.sent, store.now], [[], { status: 'idle' }])
})

test('a submission has 5 s to tell the id, and then its run is cancelled', async ({ clock, pod, submit }) => {
  const store = await submit()
  const cancelled = store.cancel()
  await clock.tickAsync(4900)
  assert.is(store.now.status, 'submitting')
  store.answer()
  await cancelled
  await clock.tickAsync(0)
  assert.equal([store.now.status, (await store.started).runId], ['cancelled', 'run-1'])
  assert.is(pod.last.status, 'cancelled')
})

test('a submission that tells no id: its run is found and cancelled', async ({ clock, pod, settle }) => {
  const storage = memoryStorage()
  const store = watched(pod.client, storage)
  pod.onPost = (start, signal) => {
    start()
    return hang(new URL('http://pod.test'), { signal })
  }
  store.start('w', {})
  await settle()
  const cancelled = store.cancel()
  await clock.tickAsync(5000)
  await cancelled
  await settle()
  assert.equal([store.now.status, pod.last.status, storage.saved.runId], ['cancelled', 'cancelled', 'run-1'])
})

test('nor is it in its group: lost', async ({ clock, pod, submit }) => {
  const store = await submit()
  const cancelled = store.cancel()
  await clock.tickAsync(5000 + 10_000)
  await cancelled
  assert.is(store.now.status, 'lost')
  assert.is(pod.count('POST runs'), 1)
})

test('one that was surely not sent is cancelled, without an id', async ({ pod, settle }) => {
  const store = watched(pod.client)
  let go = () => {}
  const headers = () => new Promise<Record<string, string>>((resolve) => (go = () => resolve({})))
  const started = store.start('w', {}, { headers })
  await settle()
  const cancelled = store.cancel()
  go()
  await cancelled
  assert.equal([store.now.status, store.now.runId, pod.sent], ['cancelled', undefined, []])
  assert.is((await started).status, 'cancelled')
})

test('a refusal after the cancel is a failure', async ({ pod, settle }) => {
  const store = watched(pod.client)
  let refused = (_: Response) => {}
  pod.onPost = () => new Promise((resolve) => (refused = resolve))
  store.start('w', {})
  await settle()
  const cancelled = store.cancel()
  refused(json({ detail: 'no' }, { status: 422 }))
  await cancelled
  assert.equal([store.now.status, pod.count('GET')], ['failed', 0])
})

test('cancel of a lost run asks for it again', async ({ clock, pod, begin, settle }) => {
  const store = await begin()
  pod.onGet = refuse(401)
  await clock.tickAsync(1000)
  assert.is(store.now.status, 'lost')
  pod.onGet = undefined
  await store.cancel()
  await settle()
  assert.is(store.now.status, 'cancelled')
})

test('cancel when nobody listens', async ({ pod, begin, settle, nothingLeft }) => {
  const store = await begin()
  store.stop()
  await store.cancel()
  assert.is(pod.last.status, 'cancelled')
  await nothingLeft()
  const stop = store.subscribe(() => {})
  await settle()
  assert.is(store.now.status, 'cancelled')
  stop()
})

test('reset forgets a run, and does not cancel it', async ({ pod, begin, turn, nothingLeft }) => {
  const storage = memoryStorage()
  const store = await begin(storage)
  store.reset()
  await turn('completed', 0)
  assert.equal([store.now, storage.saved, pod.count('POST')], [{ status: 'idle' }, undefined, 1])
  store.stop()
  await nothingLeft()
})

test('reset of a submission: it is not saved, and its starter learns its id', async ({ submit }) => {
  const storage = memoryStorage()
  const store = await submit(storage)
  store.reset()
  store.answer()
  assert.is((await store.started).runId, 'run-1')
  assert.equal([store.now, storage.saved], [{ status: 'idle' }, undefined])
})

for (const isFirstLate of [true, false]) {
  const order = isFirstLate ? 'the second is answered first' : 'in order'
  test(`a start after a reset: two runs, never mixed (${order})`, async ({ pod, submit, settle }) => {
    const storage = memoryStorage()
    const store = await submit(storage)
    store.reset()
    const answer = pod.hold()
    const second = store.start('w', {})
    await settle()
    const { groupId } = storage.saved
    if (isFirstLate) {
      answer()
      assert.is((await second).runId, 'run-1')
      store.answer()
      assert.is((await store.started).runId, 'run-2', 'its own')
      await settle()
    } else {
      store.answer()
      await settle()
      assert.equal([store.now.status, storage.saved.runId], ['submitting', undefined])
      assert.is((await Promise.race([store.start('w', {}), 'waits'])) as unknown, 'waits')
      answer()
    }
    const { runId } = await second
    assert.equal([store.now.runId, storage.saved.runId, storage.saved.groupId], [runId, runId, groupId])
    assert.is(pod.runs.get(runId!)!.group_id, groupId)
    assert.is(pod.count('POST runs'), 2)
  })
}

test('cancel, then reset: the run is cancelled all the same', async ({ pod, submit }) => {
  const store = await submit()
  const cancelled = store.cancel()
  store.reset()
  store.answer()
  await cancelled
  assert.equal([pod.last.status, store.now.status], ['cancelled', 'idle'])
})

for (const status of [200, 403]) {
  test(`an unanswered submission: cancel looks ten times (${status})`, async ({ clock, pod, begin }) => {
    pod.reset()
    if (status === 403) pod.onList = refuse(status)
    const beginning = begin()
    await clock.tickAsync(20_000)
    const store = await beginning
    assert.is(store.now.status, 'lost')
    const asked = pod.count('GET runs')
    let hasEnded = false
    store.cancel().then(() => {
      hasEnded = true
    })
    await clock.tickAsync(20_000)
    assert.ok(hasEnded, 'cancel has ended')
    assert.ok(pod.count('GET runs') - asked <= 10)
    assert.is(store.now.status, 'lost')
  })
}
