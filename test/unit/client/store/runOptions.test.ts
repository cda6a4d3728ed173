// `runOptions` in the real TanStack Query.
import { ArgumentError, createClient, HttpError } from '@flowscale/client'
import { runOptions } from '@flowscale/client/store'
import FakeTimers, { type Clock } from '@sinonjs/fake-timers'
import { environmentManager, QueryClient, QueryObserver } from '@tanstack/query-core'
import { assert, suite } from '#test'
import { json, thrown } from '../../../support/fakes.ts'
import { fakePod, type PodRun, settle } from './kit.ts'

const test = suite('runOptions')
let clock: Clock
let pod: ReturnType<typeof fakePod>
let queries: QueryClient
let run: PodRun
test.before.each(() => {
  clock = FakeTimers.install({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    shouldClearNativeTimers: true,
  })
  // As in a page: on a server it polls nothing.
  environmentManager.setIsServer(() => false)
  pod = fakePod()
  run = { _id: 'r', group_id: null, status: 'running', outputs: [] }
  pod.runs.set('r', run)
  queries = new QueryClient()
})
test.after.each(() => {
  queries.clear()
  clock.uninstall()
})

test('polls until the run has ended, and then no more', async () => {
  const observer = new QueryObserver(queries, runOptions(pod.client, 'r'))
  const seen: unknown[] = []
  const stop = observer.subscribe(({ data }) => seen.push(data?.status))
  await settle(clock)
  await clock.tickAsync(3000)
  assert.is(pod.sent.length, 4)
  for (const status of ['completed', 'success', 'failed', 'cancelled']) {
    run.status = status
    await queries.refetchQueries()
    const { length } = pod.sent
    await clock.tickAsync(60_000)
    assert.is(pod.sent.length, length, status)
    assert.is(observer.getCurrentResult().data?.status, status)
  }
  stop()
  // Links expire: whoever comes later gets fresh ones.
  const { length } = pod.sent
  observer.subscribe(() => {})()
  await settle(clock)
  assert.is(pod.sent.length, length + 1)
})

test('two that watch one run share its polls; another base URL is another run', async () => {
  const observers = [1, 2].map(() => new QueryObserver(queries, runOptions(pod.client, 'r')))
  const stops = observers.map((observer) => observer.subscribe(() => {}))
  await settle(clock)
  assert.is(pod.sent.length, 1)
  const other = createClient({ baseUrl: 'http://other.test' })
  assert.not.equal(runOptions(other, 'r').queryKey, runOptions(pod.client, 'r').queryKey)
  for (const stop of stops) stop()
})

test('the last who leaves aborts the request', async () => {
  let signal: AbortSignal | undefined
  const client = createClient({
    baseUrl: 'http://pod.test',
    fetch: (_, init) =>
      new Promise((_, reject) => {
        signal = init.signal!
        signal.addEventListener('abort', () => reject(signal!.reason))
      }),
  })
  const stop = new QueryObserver(queries, runOptions(client, 'r')).subscribe(() => {})
  await settle(clock)
  assert.is(signal?.aborted, false)
  stop()
  await settle(clock)
  assert.is(signal?.aborted, true)
})

test('an error shows at once, is repeated by nobody but the client, and ends the polls where that is of no use', async () => {
  for (const [status, isFinal] of [
    [401, true],
    [404, true],
    [503, false],
    [429, false],
  ] as const) {
    queries.clear()
    pod.sent.length = 0
    pod.onGet = () => json({ detail: 'no' }, { status })
    const observer = new QueryObserver(queries, runOptions(pod.client, 'r'))
    const stop = observer.subscribe(() => {})
    await settle(clock)
    const { isError, error } = observer.getCurrentResult()
    assert.equal([isError, pod.sent.length], [true, 1], `${status}`)
    assert.instance(error, HttpError)
    await clock.tickAsync(3000)
    assert.is(pod.sent.length, isFinal ? 1 : 4, `${status}`)
    pod.onGet = undefined
    await queries.refetchQueries()
    assert.is(observer.getCurrentResult().data?.status, 'running')
    stop()
  }
})

test('wrong arguments', () => {
  for (const args of [
    [pod.client, ''],
    [pod.client, undefined],
    [{}, 'r'],
  ] as any[])
    assert.instance(
      thrown(() => runOptions(...(args as [never, never]))),
      ArgumentError,
    )
})
