// The states of a run in a store, from the click to the end, and what is sent for them.
import {
  ArgumentError,
  createClient,
  executeWorkflow,
  HttpError,
  idempotency,
  NetworkError,
  RedirectError,
  RunError,
  TimeoutError,
} from '@flowscale/client'
import { createRunStore, type RunSnapshot } from '@flowscale/client/store'
import { defineWorkflow } from '@flowscale/client/typed'
import { assert, rejects, throws } from '#test'
import { assertNoCanary } from '../../../support/canary.ts'
import { json, ok } from '../../../support/fakes.ts'
import { setGlobals } from '../../../support/setGlobals.ts'
import { memoryStorage, refuse, storeSuite, watched } from './kit.ts'

const test = storeSuite('store: states')

test('nothing happens before the first start or subscribe', async ({ clock, pod }) => {
  const storage = memoryStorage()
  const store = createRunStore(pod.client, { storage })
  assert.is(store.getSnapshot(), store.getServerSnapshot())
  assert.equal(store.getSnapshot(), { status: 'idle' })
  await clock.tickAsync(60_000)
  assert.equal([storage.uses, pod.sent.length], [0, 0])
})

test('a run from the click to its outputs', async ({ clock, pod, turn, settle }) => {
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
  await settle()
  assert.is((store.now as { position?: number }).position, 2)
  Object.assign(pod.last, { progress: 0.25, position: undefined })
  await turn('running')
  const at25 = store.now
  await clock.tickAsync(3000)
  assert.is(store.now, at25, 'the same object until it changes')
  pod.last.outputs = [{ filename: 'a.png', url: 'http://s3.test/a' }]
  await turn('completed')
  const startedAt = store.now.startedAt!
  const output = { filename: 'a.png', download_url: 'http://s3.test/a', generation_status: 'success' }
  assert.equal(store.seen, [
    { status: 'submitting', runId: undefined, startedAt },
    { status: 'queued', runId, startedAt },
    { status: 'queued', runId, startedAt, position: 2 },
    { status: 'running', runId, startedAt, progress: 0.25 },
    { status: 'running', runId, startedAt, progress: 1 },
    { status: 'completed', runId, startedAt, outputs: [output] },
  ])
  assert.ok(store.seen.every(Object.isFrozen), 'frozen')
  assert.not.match(JSON.stringify([...storage.items]), /secret/)
  assertNoCanary([...storage.items], 'the storage')
})

test('a run on its way is queued or running, whatever the server calls it', async ({ begin, turn }) => {
  const store = await begin()
  for (const [status, is] of [
    ['pending', 'queued'],
    ['in_progress', 'running'],
    ['queued', 'queued'],
    ['warming up', 'running'],
  ] as const) {
    await turn(status)
    assert.is(store.now.status, is, status)
  }
})

test('two clicks are one submission; a click after the end starts anew', async ({ pod, turn }) => {
  const store = watched(pod.client)
  const both = await Promise.all([store.start('w', {}), store.start('w', {})])
  assert.is(both[0], both[1])
  assert.is((await store.start('w', {})).runId, 'run-1')
  await turn('running')
  assert.is((await store.start('w', {})).status, 'running')
  assert.is(pod.count('POST runs'), 1)
  await turn('failed')
  assert.is(store.now.status, 'failed')
  assert.is((await store.start('w', {})).runId, 'run-2')
  assert.is(pod.count('POST runs'), 2)
})

for (const status of [400, 401, 404, 422]) {
  test(`what was refused (${status}) is failed, without an id`, async ({ pod }) => {
    const storage = memoryStorage()
    const store = watched(pod.client, storage)
    pod.onPost = refuse(status)
    const end = await store.start('w', {})
    assert.is(end, store.now)
    assert.equal([end.status, end.runId], ['failed', undefined])
    assert.instance((end as { error: unknown }).error, HttpError)
    assert.is(storage.saved, undefined, 'nothing to go on with')
    store.stop()
    store.subscribe(() => {})()
    assert.is(store.now, end, 'it stays')
  })
}

test('what was never sent is failed, too', async ({ pod }) => {
  for (const args of [
    ['', {}],
    [undefined, {}],
    ['w', { a: () => {} }],
    ['w', {}, { nonsense: 1 }],
  ] as any[]) {
    const store = watched(pod.client)
    const end: any = await (store.start as any)(...args)
    assert.is(end.status, 'failed')
    assert.instance(end.error, ArgumentError)
  }
  assert.equal(pod.sent, [])
})

for (const [word, status] of [
  ['failed', 'failed'],
  ['error', 'failed'],
  ['timed_out', 'failed'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
] as const) {
  test(`a run that ends as ${word}`, async ({ begin, turn, nothingLeft }) => {
    const store = await begin()
    await turn(word)
    assert.equal([store.now.status, store.now.runId], [status, 'run-1'])
    if (store.now.status === 'failed') assert.instance(store.now.error, RunError)
    await turn('running', 10_000)
    assert.is(store.now.status, status, 'a terminal state is never undone')
    store.stop()
    store.subscribe(() => {})()
    assert.is(store.now.status, status)
    await nothingLeft()
  })
}

for (const [name, answer, Type] of [
  ['a refusal', refuse(401), HttpError],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: '/' } }), RedirectError],
] as const) {
  test(`a run that can't be asked for is lost: ${name}`, async ({ clock, pod, begin, turn }) => {
    const store = await begin()
    pod.onGet = answer
    await clock.tickAsync(1000)
    const { groupId, error, status, runId } = store.now as Extract<RunSnapshot, { status: 'lost' }>
    assert.equal([status, runId], ['lost', 'run-1'])
    assert.match(groupId, /^flowscale-store-/)
    assert.instance(error, Type)
    // Whoever comes then asks again.
    store.stop()
    pod.onGet = undefined
    const stop = store.subscribe(() => {})
    await turn('running', 0)
    assert.is(store.now.status, 'running')
    stop()
  })
}

test('a run that takes too long is lost', async ({ clock, begin }) => {
  const store = await begin(null, { timeoutMs: 3000 })
  await clock.tickAsync(3000)
  assert.is(store.now.status, 'lost')
  assert.instance((store.now as { error?: unknown }).error, TimeoutError)
})

test('a server may not know a run for 5 s', async ({ clock, pod, turn }) => {
  const store = watched(pod.client)
  pod.onGet = refuse(404)
  await store.start('w', {})
  await clock.tickAsync(4000)
  assert.is(store.now.status, 'queued')
  pod.onGet = undefined
  await turn('running')
  assert.is(store.now.status, 'running')
  pod.onGet = refuse(404)
  await clock.tickAsync(6000)
  assert.is(store.now.status, 'lost')
})

test('a submission that was not answered is looked for in its group', async ({ clock, pod }) => {
  const storage = memoryStorage()
  const store = watched(pod.client, storage)
  pod.reset(true)
  pod.onList = () => ok({ runs: [] })
  const started = store.start('w', {})
  await clock.tickAsync(3000)
  assert.is(store.now.status, 'submitting')
  pod.onList = undefined
  await clock.tickAsync(1000)
  assert.is((await started).status, 'submitting', 'it is being looked for')
  assert.equal([store.now.runId, storage.saved.runId], ['run-1', 'run-1'])
  assert.is(pod.count('POST runs'), 1)
})

for (const [status, mostMs] of [
  [200, 10_000],
  [404, 0],
] as const) {
  test(`a run that its list (${status}) lacks is lost`, async ({ clock, pod, nothingLeft }) => {
    const store = watched(pod.client)
    pod.reset()
    if (status !== 200) pod.onList = refuse(status)
    const started = store.start('w', {})
    await clock.tickAsync(mostMs)
    await started
    const end = store.now
    assert.equal([end.status, end.runId], ['lost', undefined])
    assert.instance((end as { error?: unknown }).error, NetworkError)
    store.stop()
    await nothingLeft()
    // Whoever comes then looks again, and not for longer.
    const stop = store.subscribe(() => {})
    assert.is(store.now.status, 'submitting')
    await clock.tickAsync(mostMs)
    assert.is(store.now.status, 'lost')
    stop()
  })
}

for (const group of ['of-another', null]) {
  test(`a server that knows no groups: the run of ${group} is not taken`, async ({ clock, pod }) => {
    const store = watched(pod.client)
    pod.reset()
    const run = { _id: 'r', group_id: group, status: 'completed', outputs: [] }
    pod.onList = () => ok({ group_id: group, runs: [run, null, { ...run, group_id: undefined }] })
    await store.start('w', {})
    await clock.tickAsync(10_000)
    assert.equal([store.now.status, store.now.runId], ['lost', undefined])
  })
}

test('an error that names the run', async ({ pod }) => {
  const store = watched(pod.client)
  pod.onPost = (start) => {
    start()
    return json({ status: 'error', data: { run_id: 'run-1' }, errors: 'late' }, { status: 500 })
  }
  assert.equal((await store.start('w', {})).runId, 'run-1')
})

for (const [file, status] of [
  ['left_1.png', 'completed'],
  ['up_1.png', 'failed'],
] as const) {
  test(`outputs of a typed workflow are by name, or in the error: ${file}`, async ({ pod, turn }) => {
    const pair = defineWorkflow<{ text: string }, 'left' | 'right'>('w', ['left', 'right'])
    const store = createRunStore<typeof pair>(pod.client, { storage: null })
    store.subscribe(() => {})
    await store.start(pair, { text: 'dawn' })
    pod.last.outputs = [{ filename: file, url: 'http://s3.test/a' }]
    await turn('completed')
    const now = store.getSnapshot()
    assert.is(now.status, status)
    if (now.status === 'completed')
      assert.equal([now.outputs.left[0]!.filename, now.outputs.right.length], [file, 0])
    if (now.status === 'failed') assert.is((now.error as any).result.outputs[0].filename, file)
    store.close()
  })
}

test('the last to leave stops all; progress stays', async ({ clock, pod, begin, turn, nothingLeft }) => {
  const store = await begin()
  const other = store.subscribe(() => {})
  pod.last.progress = 0.5
  await turn('running')
  store.stop()
  store.stop()
  const polls = pod.sent.length
  await clock.tickAsync(1000)
  assert.is(pod.sent.length, polls + 1, 'one is still there')
  other()
  await nothingLeft()
  await clock.tickAsync(60_000)
  assert.is(pod.sent.length, polls + 1)
  for (const progress of [undefined, 0.3]) {
    Object.assign(pod.last, { progress })
    const stop = store.subscribe(() => {})
    await clock.tickAsync(0)
    assert.is((store.now as { progress?: number }).progress, 0.5)
    stop()
  }
})

test('push is subscribed to while somebody listens', async ({ begin, settle }) => {
  const watching: string[] = []
  const watch = (runId: string) => {
    watching.push(runId)
    return { pauseMs: (ms: number) => ms, stop: () => void watching.pop() }
  }
  const store = await begin(null, { push: { connected: true, watch } })
  assert.equal(watching, ['run-1'])
  store.stop()
  await settle()
  assert.equal(watching, [])
})

for (const leave of ['stop', 'close'] as const) {
  test(`a submission is seen through after ${leave}`, async ({ submit, view, nothingLeft }) => {
    const storage = memoryStorage()
    const store = await submit(storage)
    store[leave]()
    assert.is(view.listening.size, 0)
    store.answer()
    const { status, runId } = await store.started
    assert.equal([status, runId, storage.saved.runId], ['queued', 'run-1', runId])
    await nothingLeft()
    if (leave === 'stop') return
    await rejects(store.start('w', {}), ArgumentError)
    store.subscribe(() => assert.unreachable())()
    store.reset()
    assert.is(storage.saved.runId, runId, 'and forgets nothing')
  })
}

test('a listener that throws keeps no other from hearing', async ({ pod }) => {
  const told: unknown[] = []
  setGlobals({ console: { ...console, error: (what: unknown) => told.push(what) } })
  const oops = new Error('oops')
  const store = createRunStore(pod.client, { storage: null })
  store.subscribe(() => {
    throw oops
  })
  let heard = 0
  store.subscribe(() => heard++)
  await store.start('w', {})
  store.close()
  assert.ok(heard > 1)
  assert.is(told[0], oops)
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
    { previews: 1 },
    { signal: AbortSignal.abort() },
  ] as any[]) {
    throws(() => createRunStore(pod.client, options), ArgumentError)
  }
  throws(() => createRunStore({ ...pod.client }), ArgumentError)
})

test('with idempotency: each click has a key of its own, saved before the POST, which gets the run again', async ({
  pod,
}) => {
  const storage = memoryStorage()
  const keys: string[] = []
  const saved: string[] = []
  const fetch = async (url: string, init: RequestInit) => {
    if (init.method === 'POST' && url.includes('workflow_id')) {
      keys.push(new Headers(init.headers).get('idempotency-key')!)
      saved.push(storage.saved.groupId)
    }
    const answer = await pod.fetch(url, init)
    if (url.endsWith('/comfy/health')) return json({ status: 'success', data: [] }, { headers: isKept })
    return answer
  }
  const isKept = { 'x-idempotency': 'kept' }
  const client = createClient({ baseUrl: 'http://pod.test', fetch, idempotency, maxRetries: 0 })
  const store = createRunStore(client, { storage })
  // A second click during the first is no click.
  await Promise.all([store.start('w', {}), store.start('w', {})])
  store.reset()
  pod.reset(true)
  const now = await store.start('w', {})
  assert.equal([now.status, new Set(keys).size], ['lost', 2])
  assert.equal(saved, keys)
  pod.onPost = undefined
  const { groupId } = now as { groupId: string }
  await executeWorkflow(client, 'w', {}, { groupId, idempotencyKey: groupId })
  assert.is(keys.at(-1), keys[1])
})
