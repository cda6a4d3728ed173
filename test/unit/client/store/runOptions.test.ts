// `runOptions` in the real TanStack Query.
import { ArgumentError, createClient, HttpError } from '@flowscale/client'
import { runOptions } from '@flowscale/client/store'
import { environmentManager, QueryClient, QueryObserver } from '@tanstack/query-core'
import { assert, throws } from '#test'
import { atEnd, refuse, storeSuite } from './kit.ts'

const test = storeSuite('runOptions', 'setInterval', 'clearInterval')
const queries = new QueryClient()
// As in a page: on a server it polls nothing.
environmentManager.setIsServer(() => false)
test.before.each(({ pod }) => {
  atEnd(() => queries.clear())
  pod.runs.set('r', { _id: 'r', group_id: null, status: 'running', outputs: [] })
})

test('polls until the run has ended, and then no more', async ({ clock, pod, settle }) => {
  const observer = new QueryObserver(queries, runOptions(pod.client, 'r'))
  const seen: unknown[] = []
  const stop = observer.subscribe(({ data }) => seen.push(data?.status))
  await settle()
  await clock.tickAsync(3000)
  assert.is(pod.sent.length, 4)
  for (const status of ['completed', 'success', 'failed', 'cancelled']) {
    pod.last.status = status
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
  await settle()
  assert.is(pod.sent.length, length + 1)
})

test('two that watch one run share its polls; another base URL is another run', async ({ pod, settle }) => {
  const observers = [1, 2].map(() => new QueryObserver(queries, runOptions(pod.client, 'r')))
  const stops = observers.map((observer) => observer.subscribe(() => {}))
  await settle()
  assert.is(pod.sent.length, 1)
  const other = createClient({ baseUrl: 'http://other.test' })
  assert.not.equal(runOptions(other, 'r').queryKey, runOptions(pod.client, 'r').queryKey)
  for (const stop of stops) stop()
})

test('the last who leaves aborts the request', async ({ settle }) => {
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
  await settle()
  assert.is(signal?.aborted, false)
  stop()
  await settle()
  assert.is(signal?.aborted, true)
})

for (const [status, isFinal] of [
  [401, true],
  [404, true],
  [503, false],
  [429, false],
] as const) {
  test(`an error (${status}) shows at once, and ${isFinal ? 'ends' : 'does not end'} the polls`, async ({
    clock,
    pod,
    settle,
  }) => {
    pod.onGet = refuse(status)
    const observer = new QueryObserver(queries, runOptions(pod.client, 'r'))
    const stop = observer.subscribe(() => {})
    await settle()
    const { isError, error } = observer.getCurrentResult()
    assert.equal([isError, pod.sent.length], [true, 1], 'it is repeated by nobody but the client')
    assert.instance(error, HttpError)
    await clock.tickAsync(3000)
    assert.is(pod.sent.length, isFinal ? 1 : 4)
    pod.onGet = undefined
    await queries.refetchQueries()
    assert.is(observer.getCurrentResult().data?.status, 'running')
    stop()
  })
}

test('wrong arguments', ({ pod }) => {
  for (const args of [
    [pod.client, ''],
    [pod.client, undefined],
    [{}, 'r'],
  ] as any[]) {
    throws(() => runOptions(...(args as [never, never])), ArgumentError)
  }
})
