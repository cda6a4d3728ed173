// Cancel and reset, in each state of a run.
import { HttpError } from '@flowscale/client'
import { assert } from '#test'
import { hang, json, rejection } from '../../../support/fakes.ts'
import { memoryStorage, refuse, settle, storeSuite, watched } from './kit.ts'

const test = storeSuite('store: cancel and reset')

test('a run that goes on is cancelled, and asked for at once', async ({ clock, pod }) => {
  const store = watched(pod.client)
  await store.start('w', {})
  await settle(clock)
  await store.cancel()
  await settle(clock)
  assert.is(store.now.status, 'cancelled')
  const sent = pod.sent.length
  await store.cancel()
  assert.is(pod.sent.length, sent, 'it has ended: nothing is sent')
})

test('a server that does not cancel: rejects, and the run goes on', async ({ clock, pod }) => {
  const store = watched(pod.client)
  await store.start('w', {})
  pod.last.status = 'running'
  await clock.tickAsync(1000)
  pod.onCancel = refuse(403)
  assert.instance(await rejection(store.cancel()), HttpError)
  assert.is(store.now.status, 'running')
  pod.last.status = 'completed'
  await clock.tickAsync(2000)
  assert.is(store.now.status, 'completed')
})

test('without a run, nothing is sent', async ({ pod }) => {
  const store = watched(pod.client)
  await store.cancel()
  store.reset()
  assert.equal([pod.sent, store.now], [[], { status: 'idle' }])
})

test('a submission has 5 s to tell the id, and then its run is cancelled', async ({ clock, pod }) => {
  const store = watched(pod.client)
  const held = pod.hold()
  const started = store.start('w', {})
  await settle(clock)
  const cancelled = store.cancel()
  await clock.tickAsync(4900)
  assert.is(store.now.status, 'submitting')
  held.answer()
  await cancelled
  await settle(clock)
  assert.equal([store.now.status, (await started).runId], ['cancelled', 'run-1'])
  assert.is(pod.last.status, 'cancelled')
})

test('a submission that tells no id: its run is found and cancelled', async ({ clock, pod }) => {
  const storage = memoryStorage()
  const store = watched(pod.client, storage)
  pod.onPost = (start, signal) => {
    start()
    return hang(new URL('http://pod.test'), { signal })
  }
  store.start('w', {})
  await settle(clock)
  const cancelled = store.cancel()
  await clock.tickAsync(5000)
  await cancelled
  await settle(clock)
  assert.equal([store.now.status, pod.last.status, storage.saved.runId], ['cancelled', 'cancelled', 'run-1'])
})

test('nor is it in its group: lost', async ({ clock, pod }) => {
  const store = watched(pod.client)
  pod.hold()
  store.start('w', {})
  await settle(clock)
  const cancelled = store.cancel()
  await clock.tickAsync(5000 + 10_000)
  await cancelled
  assert.is(store.now.status, 'lost')
  assert.is(pod.count('POST runs'), 1)
})

test('one that was surely not sent is cancelled, without an id', async ({ clock, pod }) => {
  const store = watched(pod.client)
  let go = () => {}
  const headers = () => new Promise<Record<string, string>>((resolve) => (go = () => resolve({})))
  const started = store.start('w', {}, { headers })
  await settle(clock)
  const cancelled = store.cancel()
  go()
  await cancelled
  assert.equal([store.now.status, store.now.runId, pod.sent], ['cancelled', undefined, []])
  assert.is((await started).status, 'cancelled')
  store.close()
})

test('a refusal after the cancel is a failure', async ({ clock, pod }) => {
  const store = watched(pod.client)
  let refused = (_: Response) => {}
  pod.onPost = () => new Promise((resolve) => (refused = resolve))
  store.start('w', {})
  await settle(clock)
  const cancelled = store.cancel()
  refused(json({ detail: 'no' }, { status: 422 }))
  await cancelled
  assert.equal([store.now.status, pod.count('GET')], ['failed', 0])
})

test('cancel of a lost run asks for it again', async ({ clock, pod }) => {
  const store = watched(pod.client)
  await store.start('w', {})
  await settle(clock)
  pod.onGet = refuse(401)
  await clock.tickAsync(1000)
  assert.is(store.now.status, 'lost')
  pod.onGet = undefined
  await store.cancel()
  await settle(clock)
  assert.is(store.now.status, 'cancelled')
})

test('cancel when nobody listens', async ({ clock, pod, nothingLeft }) => {
  const store = watched(pod.client)
  await store.start('w', {})
  store.stop()
  await store.cancel()
  assert.is(pod.last.status, 'cancelled')
  await settle(clock)
  nothingLeft()
  const stop = store.subscribe(() => {})
  await settle(clock)
  assert.is(store.now.status, 'cancelled')
  stop()
})

test('reset forgets a run that goes on, and does not cancel it', async ({ clock, pod }) => {
  const storage = memoryStorage()
  const store = watched(pod.client, storage)
  await store.start('w', {})
  store.reset()
  await settle(clock)
  assert.equal([store.now, storage.saved, pod.count('POST')], [{ status: 'idle' }, undefined, 1])
  assert.is(clock.countTimers(), 0)
  pod.last.status = 'completed'
  await clock.tickAsync(5000)
  assert.is(store.now.status, 'idle')
})

test('reset of a submission: it is not saved, and its starter learns its id', async ({ clock, pod }) => {
  const storage = memoryStorage()
  const store = watched(pod.client, storage)
  const held = pod.hold()
  const started = store.start('w', {})
  await settle(clock)
  store.reset()
  held.answer()
  assert.is((await started).runId, 'run-1')
  assert.equal([store.now, storage.saved], [{ status: 'idle' }, undefined])
})

test('a start after a reset of a submission: two runs, never mixed', async ({ clock, pod }) => {
  const storage = memoryStorage()
  const store = watched(pod.client, storage)
  const first = pod.hold()
  const one = store.start('w', {})
  await settle(clock)
  const answerFirst = first.answer
  store.reset()
  const second = pod.hold()
  const two = store.start('w', {})
  await settle(clock)
  const { groupId } = storage.saved
  second.answer()
  assert.is((await two).runId, 'run-1')
  answerFirst()
  assert.is((await one).runId, 'run-2', 'its own')
  await settle(clock)
  assert.equal([store.now.runId, storage.saved.runId, storage.saved.groupId], ['run-1', 'run-1', groupId])
  assert.is(pod.runs.get('run-1')!.group_id, groupId)
  // And in the other order.
  store.reset()
  const third = pod.hold()
  store.start('w', {})
  await settle(clock)
  const answerThird = third.answer
  store.reset()
  const fourth = pod.hold()
  const four = store.start('w', {})
  await settle(clock)
  answerThird()
  await settle(clock)
  assert.equal([store.now.status, storage.saved.runId], ['submitting', undefined])
  assert.is((await Promise.race([store.start('w', {}), 'waits'])) as unknown, 'waits')
  fourth.answer()
  assert.is((await four).runId, store.now.runId)
  assert.is(pod.count('POST runs'), 4)
})

test('cancel, then reset: the run is cancelled all the same', async ({ clock, pod }) => {
  const store = watched(pod.client)
  const held = pod.hold()
  store.start('w', {})
  await settle(clock)
  const cancelled = store.cancel()
  store.reset()
  held.answer()
  await cancelled
  assert.equal([pod.last.status, store.now.status], ['cancelled', 'idle'])
})

test('a submission that ended without an answer: cancel looks ten times', async ({ clock, pod }) => {
  for (const onList of [undefined, refuse(403)]) {
    pod.onPost = () => Promise.reject(new TypeError('Failed to fetch'))
    pod.onList = onList
    const store = watched(pod.client)
    await store.start('w', {})
    await clock.tickAsync(20_000)
    assert.is(store.now.status, 'lost')
    const asked = pod.count('GET runs')
    let hasEnded = false
    const cancelled = store.cancel().then(() => {
      hasEnded = true
    })
    await clock.tickAsync(20_000)
    assert.ok(hasEnded, 'cancel has ended')
    assert.ok(pod.count('GET runs') - asked <= 10)
    await cancelled
    assert.is(store.now.status, 'lost')
    store.stop()
  }
})
