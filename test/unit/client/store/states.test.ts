// The states of a run in a store, from the click to the end, and what is sent for them.
import { ArgumentError, HttpError, NetworkError, RunError, TimeoutError } from '@flowscale/client'
import { createRunStore } from '@flowscale/client/store'
import { defineWorkflow } from '@flowscale/client/typed'
import { assert } from '#test'
import { assertNoCanary } from '../../../support/canary.ts'
import { json, ok, rejection, thrown } from '../../../support/fakes.ts'
import { memoryStorage, refuse, settle, storeSuite, watched } from './kit.ts'

const test = storeSuite('store: states')

test('nothing happens before the first start or subscribe', async ({ clock, pod }) => {
  const storage = memoryStorage()
  const store = createRunStore(pod.client, { storage })
  assert.is(store.getSnapshot(), store.getServerSnapshot())
  assert.equal(store.getSnapshot(), { status: 'idle' })
  await clock.tickAsync(60_000)
  assert.equal([storage.uses, pod.sent.length], [0, 0])
})

test('a run from the click to its outputs', async ({ clock, pod }) => {
  const storage = memoryStorage()
  const store = watched(pod.client, storage)
  pod.onPost = (start) => {
    const { groupId, ...rest } = storage.saved
    assert.match(groupId, /^flowscale-store-/)
    assert.equal(rest, { startedAt: Date.now() }, 'saved before the POST, without inputs')
    const answer = start()
    pod.last.position = 2
    return answer
  }
  const { runId, status } = await store.start('w', { text: 'a secret wish' })
  assert.equal([runId, status], ['run-1', 'queued'])
  assert.is(storage.saved.runId, 'run-1')
  assert.is(pod.last.group_id, storage.saved.groupId)
  await settle(clock)
  assert.is((store.now as { position?: number }).position, 2)
  Object.assign(pod.last, { status: 'running', progress: 0.25, position: undefined })
  await clock.tickAsync(1000)
  const at25 = store.now
  await clock.tickAsync(3000)
  assert.is(store.now, at25, 'the same object until it changes')
  Object.assign(pod.last, { status: 'completed', outputs: [{ filename: 'a.png', url: 'http://s3.test/a' }] })
  await clock.tickAsync(1000)
  const startedAt = store.now.startedAt!
  assert.equal(store.seen, [
    { status: 'submitting', runId: undefined, startedAt },
    { status: 'queued', runId, startedAt },
    { status: 'queued', runId, startedAt, position: 2 },
    { status: 'running', runId, startedAt, progress: 0.25 },
    { status: 'running', runId, startedAt, progress: 1 },
    {
      status: 'completed',
      runId,
      startedAt,
      outputs: [{ filename: 'a.png', download_url: 'http://s3.test/a', generation_status: 'success' }],
    },
  ])
  assert.ok(store.seen.every(Object.isFrozen), 'frozen')
  assert.not.match(JSON.stringify([...storage.items]), /secret/)
  assertNoCanary([...storage.items], 'the storage')
})

test('a run on its way is queued or running, whatever the server calls it', async ({ clock, pod }) => {
  const store = watched(pod.client, memoryStorage())
  await store.start('w', {})
  for (const [status, is] of [
    ['pending', 'queued'],
    ['in_progress', 'running'],
    ['queued', 'queued'],
    ['warming up', 'running'],
  ] as const) {
    pod.last.status = status
    await clock.tickAsync(1000)
    assert.is(store.now.status, is, status)
  }
})

test('two clicks are one submission; a click after the end starts anew', async ({ clock, pod }) => {
  const store = watched(pod.client)
  const both = await Promise.all([store.start('w', {}), store.start('w', {})])
  assert.is(both[0], both[1])
  assert.is((await store.start('w', {})).runId, 'run-1')
  pod.last.status = 'running'
  await clock.tickAsync(1000)
  assert.is((await store.start('w', {})).status, 'running')
  assert.is(pod.count('POST runs'), 1)
  pod.last.status = 'failed'
  await clock.tickAsync(1000)
  assert.is(store.now.status, 'failed')
  assert.is((await store.start('w', {})).runId, 'run-2')
  assert.is(pod.count('POST runs'), 2)
  store.close()
})

test('what was refused, or never sent, is failed, without an id', async ({ pod }) => {
  for (const status of [400, 401, 404, 422]) {
    const storage = memoryStorage()
    const store = watched(pod.client, storage)
    pod.onPost = refuse(status)
    const end = await store.start('w', {})
    assert.is(end, store.now)
    assert.equal([end.status, end.runId], ['failed', undefined])
    assert.instance((end as { error: unknown }).error, HttpError)
    assert.is(storage.saved, undefined, 'nothing to go on with')
    store.stop()
    const again = store.subscribe(() => {})
    assert.is(store.now, end, 'it stays')
    again()
  }
  const before = pod.sent.length
  for (const [workflow, inputs, options] of [
    ['', {}, {}],
    [undefined, {}, {}],
    ['w', { a: () => {} }, {}],
    ['w', {}, { nonsense: 1 }],
  ] as any[]) {
    const store = watched(pod.client)
    const end: any = await store.start(workflow, inputs, options)
    assert.is(end.status, 'failed')
    assert.instance(end.error, ArgumentError)
    store.close()
  }
  assert.is(pod.sent.length, before, 'no request')
})

test('a run that fails, or is cancelled elsewhere', async ({ clock, pod, nothingLeft }) => {
  for (const [word, status] of [
    ['failed', 'failed'],
    ['error', 'failed'],
    ['timed_out', 'failed'],
    ['cancelled', 'cancelled'],
    ['canceled', 'cancelled'],
  ] as const) {
    const store = watched(pod.client)
    await store.start('w', {})
    pod.last.status = word
    await clock.tickAsync(1000)
    assert.equal([store.now.status, store.now.runId], [status, pod.last._id], word)
    if (store.now.status === 'failed') assert.instance(store.now.error, RunError)
    pod.last.status = 'running'
    await clock.tickAsync(10_000)
    assert.is(store.now.status, status, 'a terminal state is never undone')
    store.stop()
    store.subscribe(() => {})()
    assert.is(store.now.status, status)
    nothingLeft()
  }
})

test('a run that cannot be asked for is lost, with its id and the error', async ({ clock, pod }) => {
  for (const [answer, ms, Type] of [
    [refuse(401), 1000, HttpError],
    [() => new Response(null, { status: 302, headers: { location: '/' } }), 1000, Error],
  ] as const) {
    const store = watched(pod.client)
    await store.start('w', {})
    await settle(clock)
    pod.onGet = answer
    await clock.tickAsync(ms)
    const { now } = store
    assert.is(now.status, 'lost')
    if (now.status !== 'lost') return
    assert.is(now.runId, pod.last._id)
    assert.match(now.groupId, /^flowscale-store-/)
    assert.instance(now.error, Type)
    // Whoever comes then asks again.
    store.stop()
    pod.onGet = undefined
    pod.last.status = 'running'
    const stop = store.subscribe(() => {})
    await settle(clock)
    assert.is(store.now.status, 'running')
    stop()
  }
  const store = watched(pod.client, null, { timeoutMs: 3000 })
  await store.start('w', {})
  await clock.tickAsync(3000)
  assert.is(store.now.status, 'lost')
  assert.instance((store.now as { error?: unknown }).error, TimeoutError)
})

test('a server may not know a run for 5 s', async ({ clock, pod }) => {
  const store = watched(pod.client)
  pod.onGet = refuse(404)
  await store.start('w', {})
  await clock.tickAsync(4000)
  assert.is(store.now.status, 'queued')
  pod.onGet = undefined
  pod.last.status = 'running'
  await clock.tickAsync(1000)
  assert.is(store.now.status, 'running')
  pod.onGet = refuse(404)
  await clock.tickAsync(6000)
  assert.is(store.now.status, 'lost')
})

test('a submission that was not answered is looked for in its group', async ({ clock, pod }) => {
  const late = (start: () => unknown) => {
    start()
    return Promise.reject(new TypeError('reset'))
  }
  const storage = memoryStorage()
  const store = watched(pod.client, storage)
  pod.onPost = late
  let isHidden = true
  pod.onList = (all) => (isHidden ? ok({ runs: [] }) : all())
  const started = store.start('w', {})
  await clock.tickAsync(3000)
  assert.is(store.now.status, 'submitting')
  isHidden = false
  await clock.tickAsync(1000)
  assert.is((await started).status, 'submitting', 'it is being looked for')
  assert.equal([store.now.runId, storage.saved.runId], ['run-1', 'run-1'])
  assert.is(pod.count('POST runs'), 1)
  store.close()
})

test('where the group has no run, or is refused, the run is lost', async ({ clock, pod, nothingLeft }) => {
  for (const [status, mostMs] of [
    [200, 10_000],
    [404, 0],
  ] as const) {
    const store = watched(pod.client)
    pod.onPost = () => Promise.reject(new TypeError('reset'))
    if (status !== 200) pod.onList = refuse(status)
    const started = store.start('w', {})
    await clock.tickAsync(mostMs)
    await started
    const end = store.now
    assert.equal([end.status, end.runId], ['lost', undefined])
    assert.instance((end as { error?: unknown }).error, NetworkError)
    store.stop()
    nothingLeft()
    // Whoever comes then looks again, and not for longer.
    const stop = store.subscribe(() => {})
    assert.is(store.now.status, 'submitting')
    await clock.tickAsync(mostMs)
    assert.is(store.now.status, 'lost')
    stop()
    nothingLeft()
  }
})

test('a server that knows no groups: the run of another is not taken', async ({ clock, pod }) => {
  for (const group of ['of-another', null]) {
    const store = watched(pod.client)
    pod.onPost = () => Promise.reject(new TypeError('reset'))
    const run = { _id: 'r', group_id: group, status: 'completed', outputs: [] }
    pod.onList = () => ok({ group_id: group, runs: [run, null, { ...run, group_id: undefined }] })
    await store.start('w', {})
    await clock.tickAsync(10_000)
    assert.equal([store.now.status, store.now.runId], ['lost', undefined], `${group}`)
    store.close()
  }
})

test('an error that names the run', async ({ pod }) => {
  const store = watched(pod.client)
  pod.onPost = (start) => {
    start()
    return json({ status: 'error', data: { run_id: 'run-1' }, errors: 'late' }, { status: 500 })
  }
  assert.equal((await store.start('w', {})).runId, 'run-1')
  store.close()
})

test('outputs of a typed workflow are by name, or in the error', async ({ clock, pod }) => {
  const pair = defineWorkflow<{ text: string }, 'left' | 'right'>('w', ['left', 'right'])
  for (const [file, status] of [
    ['left_1.png', 'completed'],
    ['up_1.png', 'failed'],
  ] as const) {
    const store = createRunStore<typeof pair>(pod.client, { storage: null })
    const stop = store.subscribe(() => {})
    await store.start(pair, { text: 'dawn' })
    pod.last.status = 'completed'
    pod.last.outputs = [{ filename: file, url: 'http://s3.test/a' }]
    await clock.tickAsync(1000)
    const now = store.getSnapshot()
    assert.is(now.status, status)
    if (now.status === 'completed')
      assert.equal([now.outputs.left[0]!.filename, now.outputs.right.length], [file, 0])
    if (now.status === 'failed') assert.is((now.error as any).result.outputs[0].filename, file)
    stop()
  }
})

test('the last to leave stops all; progress does not go back then', async ({ clock, pod, nothingLeft }) => {
  const store = watched(pod.client)
  const other = store.subscribe(() => {})
  await store.start('w', {})
  Object.assign(pod.last, { status: 'running', progress: 0.5 })
  await clock.tickAsync(1000)
  store.stop()
  store.stop()
  const polls = pod.sent.length
  await clock.tickAsync(1000)
  assert.is(pod.sent.length, polls + 1, 'one is still there')
  other()
  await settle(clock)
  nothingLeft()
  await clock.tickAsync(60_000)
  assert.is(pod.sent.length, polls + 1)
  for (const progress of [undefined, 0.3]) {
    Object.assign(pod.last, { progress })
    const stop = store.subscribe(() => {})
    await settle(clock)
    assert.is((store.now as { progress?: number }).progress, 0.5)
    stop()
  }
})

test('push is subscribed to while somebody listens', async ({ clock, pod }) => {
  const watching: string[] = []
  const push = {
    connected: true,
    watch: (runId: string) => {
      watching.push(runId)
      return { pauseMs: (ms: number) => ms, stop: () => void watching.pop() }
    },
  }
  const store = watched(pod.client, null, { push })
  await store.start('w', {})
  await settle(clock)
  assert.equal(watching, ['run-1'])
  store.stop()
  await settle(clock)
  assert.equal(watching, [])
})

test('a submission is seen through, listened to or not', async ({ clock, pod, view, nothingLeft }) => {
  for (const leave of ['stop', 'close'] as const) {
    const storage = memoryStorage()
    const store = watched(pod.client, storage)
    const held = pod.hold()
    const started = store.start('w', {})
    await settle(clock)
    store[leave]()
    assert.is(view.listening.size, 0)
    held.answer()
    const { status, runId } = await started
    assert.equal([status, runId, storage.saved.runId], ['queued', pod.last._id, runId])
    await settle(clock)
    nothingLeft()
    if (leave === 'close') {
      assert.instance(await rejection(store.start('w', {})), ArgumentError)
      store.subscribe(() => assert.unreachable())()
      store.reset()
      assert.is(storage.saved.runId, runId, 'and forgets nothing')
    }
  }
})

test('a listener that throws keeps no other from hearing', async ({ clock, pod, nothingLeft }) => {
  const { error } = console
  const told: unknown[] = []
  console.error = (what) => told.push(what)
  try {
    const store = createRunStore(pod.client, { storage: null })
    const oops = new Error('oops')
    const stops = [
      store.subscribe(() => {
        throw oops
      }),
    ]
    let heard = 0
    stops.push(store.subscribe(() => heard++))
    await store.start('w', {})
    assert.ok(heard > 1)
    assert.is(told[0], oops)
    for (const stop of stops) stop()
    await settle(clock)
    nothingLeft()
  } finally {
    console.error = error
  }
})

test('wrong options', ({ pod }) => {
  for (const options of [
    { storage: 1 },
    { storage: {} },
    { storage: 'cookies' },
    { key: 1 },
    { timeoutMs: 0 },
    { push: {} },
    { pollIntervalMs: -1 },
    { signal: AbortSignal.abort() },
  ] as any[])
    assert.instance(
      thrown(() => createRunStore(pod.client, options)),
      ArgumentError,
      JSON.stringify(options),
    )
  assert.instance(
    thrown(() => createRunStore({ ...pod.client })),
    ArgumentError,
  )
})
