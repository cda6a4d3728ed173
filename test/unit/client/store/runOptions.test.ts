// `runOptions` in the real TanStack Query.
import { ArgumentError, createClient, HttpError } from '@flowscale/client'
import { runOptions } from '@flowscale/client/store'
import { environmentManager, QueryClient, QueryObserver } from '@tanstack/query-core'
import { assert, throws } from '#test'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, hang } from '../../../support/fakes.ts'
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
  const fetch = fakeFetch(hang)
  const stop = new QueryObserver(queries, runOptions(clientWith(fetch), 'r')).subscribe(() => {})
  await settle()
  const { signal } = fetch.calls[0]!.init
  assert.is(signal?.aborted, false)
  stop()
  await settle()
  assert.is(signal?.aborted, true)
})

for (const [status, polls] of Object.entries({ 401: 1, 404: 1, 429: 4, 503: 4 })) {
  test(`an error (${status}) shows at once; polls in 3 s: ${polls}`, async ({ clock, pod, settle }) => {
    pod.onGet = refuse(Number(status))
    const observer = new QueryObserver(queries, runOptions(pod.client, 'r'))
    const stop = observer.subscribe(() => {})
    await settle()
    const { isError, error } = observer.getCurrentResult()
    assert.equal([isError, pod.sent.length], [true, 1], 'it is repeated by nobody but the client')
    assert.instance(error, HttpError)
    await clock.tickAsync(3000)
    assert.is(pod.sent.length, polls)
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
