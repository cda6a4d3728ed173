// The route of events by itself: what the pod is asked, what readers get, and that nothing is left when they have gone.
import { getEventListeners } from 'node:events'
import { assert } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { type Answer, fakeFetch, hang, json, ok, recorder } from '../../../support/fakes.ts'
import { pluck } from '../../../support/pluck.ts'
import { restoreGlobals, setGlobals } from '../../../support/setGlobals.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { byUser, call as callOf, fakePush, handlerOf } from './kit.ts'

const test = suiteWithClock('events of the proxy')
test.after.each(restoreGlobals)

const call = (path = 'runs/r/events', init: RequestInit = {}) => callOf(path, init)
/** As of a user. */
const as = (user: string, init: RequestInit = {}) => call(undefined, { ...init, headers: { 'x-user': user } })
const run = (status: string, more: object = {}) => ok({ _id: 'r', group_id: 'ada', status, ...more })
/** Reads an answer as it comes. `events`: what came so far, each as its id and its data. */
function readAll(response: Response) {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  const stream = {
    text: '',
    isEnded: false,
    reader,
    get ids() {
      return [...stream.text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id)
    },
  }
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      stream.text += decoder.decode(value)
    }
    stream.isEnded = true
  }
  read().catch(() => {})
  return stream
}

test('each state once, with progress and position, up to the end', async ({ clock }) => {
  const pod = fakeFetch(
    run('queued', { position: 2 }),
    run('queued', { position: 1 }),
    run('running'),
    run('running', { progress: 0.5 }),
    run('running', { progress: 0.25 }),
    run('running', { progress: 0.5 }),
    run('completed', { outputs: [{ filename: 'a.png', url: 'http://files.test/a' }] }),
  )
  const response = await handlerOf(pod)(call())
  assert.is(response.status, 200)
  assert.equal(Object.fromEntries(response.headers), {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-content-type-options': 'nosniff',
    'x-accel-buffering': 'no',
  })
  const stream = readAll(response)
  await clock.tickAsync(5999)
  assert.not.ok(stream.isEnded)
  await clock.tickAsync(1)
  assert.ok(stream.isEnded)
  assert.equal(stream.text.split('\n\n'), [
    'id: queued 2\ndata: {"run_id":"r","status":"queued","position":2}',
    'id: queued 1\ndata: {"run_id":"r","status":"queued","position":1}',
    'id: running\ndata: {"run_id":"r","status":"running"}',
    'id: running 0.5\ndata: {"run_id":"r","status":"running","progress":0.5}',
    'id: completed\ndata: {"run_id":"r","status":"completed"}',
    '',
  ])
  assert.is(pod.calls.length, 7)
  for (const { url, headers } of pod.calls) {
    assert.is(url.pathname, '/api/v1/runs/r')
    assert.is(headers.get('x-api-key'), CANARY)
  }
  await clock.tickAsync(60_000)
  assert.is(pod.calls.length, 7, 'the pod is left alone after the end')
})

test('readers share one watcher, which goes with the last of them', async ({ clock, settle }) => {
  const pod = fakeFetch(run('running'))
  const push = fakePush()
  const handler = handlerOf(pod, { push })
  const left = new AbortController()
  const requests = [call(undefined, { signal: left.signal }), ...Array.from({ length: 9 }, () => call())]
  const answers = await Promise.all(requests.map(handler))
  const streams = answers.map(readAll)
  await settle()
  assert.is(pod.calls.length, 1)
  assert.is(push.watched, 1)
  const late = readAll(await handler(call()))
  await settle()
  assert.is(pod.calls.length, 1, 'who comes later gets the state that is known')
  assert.equal(late.ids, ['running'])
  await clock.tickAsync(10_000)
  assert.is(pod.calls.length, 2, 'by the pauses of the connection')
  left.abort()
  await settle()
  assert.ok(streams[0]!.isEnded, 'who left')
  assert.not.ok(streams[1]!.isEnded)
  assert.is(getEventListeners(requests[0]!.signal, 'abort').length, 0)
  await Promise.all(streams.slice(1).map(({ reader }) => reader.cancel()))
  assert.is(push.listeners.size, 1)
  await late.reader.cancel()
  assert.is(push.listeners.size, 0)
  assert.is(clock.countTimers(), 0)
  await clock.tickAsync(60_000)
  assert.is(pod.calls.length, 2)
})

test('by push: progress at once, news as a reason to ask, and no state that the pod did not answer', async ({
  settle,
}) => {
  let status = 'queued'
  const pod = fakeFetch(() => run(status, { position: 3 }))
  const push = fakePush()
  const stream = readAll(await handlerOf(pod, { push })(call()))
  await settle()
  push.tell({ status: 'queued', position: 2 })
  push.tell({ position: 1 })
  await settle()
  push.tell({ status: 'running', progress: 0.1 })
  push.tell({ status: 'completed', progress: 1 })
  await settle()
  assert.is(stream.ids.at(-1), 'queued 1')
  assert.is(pod.calls.length, 1)
  status = 'running'
  push.tell({ status: 'running', progress: 0.2 }, true)
  await settle()
  assert.is(pod.calls.length, 2)
  assert.is(stream.ids.at(-1), 'running')
  push.tell({ status: 'in_progress', progress: 0.4 })
  await settle()
  push.tell({ status: 'running', progress: 0.3 })
  await settle()
  assert.is(stream.ids.at(-1), 'running 0.4', 'it does not go back')
  push.tell({ status: 'failed' }, true)
  await settle()
  assert.is(pod.calls.length, 3)
  assert.is(stream.ids.at(-1), 'running 0.4', 'the pod says that it goes on')
  status = 'completed'
  push.tell({}, true)
  await settle()
  assert.ok(stream.isEnded)
  assert.is(stream.ids.at(-1), 'completed')
  assert.is(push.listeners.size, 0)
  const again = readAll(await handlerOf(pod, { push })(call()))
  await settle()
  assert.equal(again.ids, ['completed'])
  assert.is(push.watched, 1, 'a run that has ended needs no subscription')
})

test('news while the pod is asked is not lost', async ({ settle }) => {
  const answers: ((response: Response) => void)[] = []
  const pod = fakeFetch(() => new Promise<Response>((resolve) => answers.push(resolve)))
  const push = fakePush()
  const coming = handlerOf(pod, { push })(call())
  await settle()
  answers[0]!(run('queued'))
  const stream = readAll(await coming)
  push.tell({ status: 'running' }, true)
  await settle()
  push.tell({ status: 'completed' }, true)
  answers[1]!(run('running'))
  await settle()
  assert.is(answers.length, 3, 'without a pause')
  answers[2]!(run('completed'))
  await settle()
  assert.ok(stream.isEnded)
})

test('a slow reader gets the newest state, and no backlog', async ({ clock }) => {
  let step = 0
  const pod = fakeFetch(() => run(step < 50 ? 'running' : 'completed', { progress: step++ / 100 }))
  const { body } = await handlerOf(pod)(call())
  const reader = body!.getReader()
  const next = async () => new TextDecoder().decode((await reader.read()).value)
  assert.match(await next(), /^id: running 0\n/)
  await clock.tickAsync(30_000)
  assert.match(await next(), /^id: running 0.3\n/)
  await clock.tickAsync(30_000)
  assert.match(await next(), /^id: completed\n/)
  assert.ok((await reader.read()).done)
})

test('a comment every 15 s, and the end after maxDurationMs', async ({ clock }) => {
  const pod = fakeFetch(run('running'))
  const stream = readAll(await handlerOf(pod, { maxDurationMs: 40_000 })(call()))
  await clock.tickAsync(39_999)
  assert.is(stream.text.split(': ping\n\n').length - 1, 2)
  assert.not.ok(stream.isEnded)
  await clock.tickAsync(1)
  assert.ok(stream.isEnded)
  assert.is(clock.countTimers(), 0)
  const usual = readAll(await handlerOf(pod)(call()))
  await clock.tickAsync(299_999)
  assert.not.ok(usual.isEnded)
  await clock.tickAsync(1)
  assert.ok(usual.isEnded)
})

test('a reader that never reads holds nothing after maxDurationMs', async ({ clock }) => {
  const pod = fakeFetch(run('running'))
  await handlerOf(pod, { maxDurationMs: 5000 })(call())
  await clock.tickAsync(5000)
  assert.is(clock.countTimers(), 0)
  const asked = pod.calls.length
  await clock.tickAsync(60_000)
  assert.is(pod.calls.length, asked)
})

test('failures that may pass are waited out, with growing pauses', async ({ clock }) => {
  Math.random = () => 0.5
  const down = json({ detail: 'down' }, { status: 503 })
  const pod = fakeFetch(
    run('running'),
    new Error('ECONNRESET'),
    json({}, { status: 408 }),
    json({}, { status: 425 }),
    json({}, { status: 429 }),
    json({}, { status: 500 }),
    new Response('<html>', { status: 502, headers: { 'content-type': 'text/html' } }),
    new Response('{"da', { headers: { 'content-type': 'application/json' } }),
    json({ status: 'success', data: [] }),
    new Response(null, { status: 204 }),
    down,
    down,
    run('running', { progress: 0.5 }),
    run('completed'),
  )
  const stream = readAll(await handlerOf(pod)(call()))
  const gaps: number[] = []
  let last = Date.now()
  for (let count = 1; !stream.isEnded; ) {
    await clock.tickAsync(100)
    if (pod.calls.length === count) continue
    gaps.push(Math.round((Date.now() - last) / 100) * 100)
    last = Date.now()
    count = pod.calls.length
  }
  assert.equal(gaps, [
    ...[1000, 1500, 2000, 3000, 5000, 9000],
    ...[16_000, 16_000, 16_000, 16_000, 16_000, 16_000, 1000],
  ])
  assert.equal(stream.ids, ['running', 'running 0.5', 'completed'])
})

test('a Retry-After is kept, news or not', async ({ clock, settle }) => {
  const busy = json({ detail: 'busy' }, { status: 429, headers: { 'retry-after': '60' } })
  const pod = fakeFetch(run('running'), busy, run('completed'))
  const push = fakePush()
  const stream = readAll(await handlerOf(pod, { push })(call()))
  push.tell({}, true)
  await settle()
  assert.is(pod.calls.length, 2)
  push.tell({ status: 'completed' }, true)
  await clock.tickAsync(59_900)
  assert.is(pod.calls.length, 2)
  await clock.tickAsync(5000)
  assert.is(pod.calls.length, 3)
  assert.ok(stream.isEnded)
})

test('a Retry-After of a year is not waited out', async ({ clock }) => {
  const busy = json({ detail: 'busy' }, { status: 503, headers: { 'retry-after': '31536000' } })
  const pod = fakeFetch(run('running'), busy, run('completed'))
  const stream = readAll(await handlerOf(pod, { maxDurationMs: 600_000 })(call()))
  await clock.tickAsync(310_000)
  assert.is(pod.calls.length, 3)
  assert.ok(stream.isEnded)
})

test('what does not pass ends the streams', async ({ clock }) => {
  const refusals: Answer[] = [
    ...[400, 401, 403, 404, 422].map((status) => json({ detail: 'no' }, { status })),
    new Response(null, { status: 307, headers: { location: 'http://evil.test/' } }),
  ]
  for (const refusal of refusals) {
    const pod = fakeFetch(run('running'), refusal)
    const handler = handlerOf(pod)
    const streams = [readAll(await handler(call())), readAll(await handler(call()))]
    await clock.tickAsync(1000)
    assert.ok(streams.every(({ isEnded }) => isEnded))
    assert.equal(streams[0]!.ids, ['running'])
    assert.is(clock.countTimers(), 0)
    assert.ok((await handler(call())).status > 399, 'who comes again gets the error')
  }
})

test('an error before the stream is an answer as that of getRun, for each who waits', async ({ clock }) => {
  const answers: [Answer, number][] = [
    [json({ detail: 'Run not found' }, { status: 404 }), 404],
    [json({ detail: 'busy' }, { status: 429, headers: { 'retry-after': '7' } }), 429],
    [json({ detail: 'down' }, { status: 503 }), 503],
    [json({ detail: 'wrong key' }, { status: 401 }), 424],
    [new Response(null, { status: 302, headers: { location: 'http://evil.test/' } }), 502],
    [new Error('ECONNREFUSED'), 502],
    [new Response('<html>', { status: 200, headers: { 'content-type': 'text/html' } }), 502],
  ]
  for (const [answer, status] of answers) {
    const handler = handlerOf(fakeFetch(answer))
    const alike = await handler(call('runs/r'))
    const text = await alike.text()
    for (const response of await Promise.all([handler(call()), handler(call())])) {
      assert.is(response.status, status)
      assert.is(await response.text(), text)
      assert.equal(Object.fromEntries(response.headers), Object.fromEntries(alike.headers))
    }
  }
  const none = await handlerOf(fakeFetch(ok(['no run'])))(call())
  assert.is(none.status, 502)
  const late = handlerOf(fakeFetch(hang), {}, { timeoutMs: 2000 })(call())
  await clock.tickAsync(2000)
  assert.is((await late).status, 504)
})

test('thousands who wait for one refusal can all read theirs', async () => {
  const pod = fakeFetch(json({ detail: 'Run not found' }, { status: 404 }))
  const handler = handlerOf(pod)
  const answers = await Promise.all(Array.from({ length: 3000 }, () => handler(call())))
  assert.is(pod.calls.length, 1)
  const texts = await Promise.all(answers.reverse().map((answer) => answer.text()))
  assert.equal([...new Set(texts)], ['{"detail":"Run not found"}'])
})

test("the client's own headers that throw: the handler rejects, and a stream ends", async ({ clock }) => {
  const mine = new Error('no token')
  let isBroken = true
  const headers = () => {
    if (isBroken) throw mine
    return {}
  }
  const handler = handlerOf(fakeFetch(run('running')), {}, { headers })
  assert.is(await handler(call()).catch((error) => error), mine)
  isBroken = false
  const stream = readAll(await handler(call()))
  isBroken = true
  await clock.tickAsync(1000)
  assert.ok(stream.isEnded)
})

test('who leaves before the stream leaves nothing', async ({ clock, settle }) => {
  const pod = fakeFetch(hang)
  const handler = handlerOf(pod)
  const controllers = [new AbortController(), new AbortController()]
  const answers = controllers.map(({ signal }) => handler(call(undefined, { signal })))
  await settle()
  controllers[0]!.abort()
  assert.is((await answers[0]!).status, 499)
  assert.is(pod.calls[0]!.init.signal!.aborted, false, 'the other one waits')
  controllers[1]!.abort()
  assert.is((await answers[1]!).status, 499)
  assert.is(pod.calls[0]!.init.signal!.aborted, true)
  assert.is(clock.countTimers(), 0)
  const gone = await handler(call(undefined, { signal: AbortSignal.abort() }))
  assert.is(gone.status, 499)
  assert.is(pod.calls.length, 1)
})

test('kept to the group, without a lookup for each reader', async () => {
  const pod = fakeFetch((url) =>
    url.pathname.endsWith('/unknown')
      ? json({ detail: 'Run not found' }, { status: 404 })
      : url.pathname.endsWith('/nobodys')
        ? ok({ status: 'running', group_id: null })
        : run('running'),
  )
  const handler = handlerOf(pod, { authorize: byUser })
  const by = (user: string, path?: string, more = {}) =>
    handler(call(path, { headers: { 'x-user': user, ...more } }))
  const streams = await Promise.all(Array.from({ length: 20 }, () => by('ada')))
  assert.ok(streams.every(({ status }) => status === 200))
  assert.is(pod.calls.length, 1)
  const foreign = [
    await by('bob'),
    await by('bob', undefined, { 'last-event-id': 'completed' }),
    await by('ada', 'runs/unknown/events'),
    await by('ada', 'runs/nobodys/events'),
    await by('bob', 'runs/nobodys/events'),
  ]
  const texts = await Promise.all(foreign.map((response) => response.text()))
  assert.equal(pluck(foreign, 'status'), [404, 404, 404, 404, 404])
  assert.is(new Set(texts).size, 1, 'the same for a run of others as for none')
  const asked = pod.calls.map(({ url }) => url.pathname.split('/').at(-1))
  assert.equal(asked, ['r', 'unknown', 'nobodys', 'nobodys'])
  await Promise.all(streams.map(({ body }) => body!.cancel()))
})

test('a server whose runs tell no group is asked for the list', async () => {
  const pod = fakeFetch((url) =>
    url.pathname.endsWith('/runs')
      ? ok({ runs: url.searchParams.get('group_id') === 'ada' ? [{ _id: 'r', status: 'running' }] : [] })
      : ok({ _id: 'r', status: 'running' }),
  )
  const handler = handlerOf(pod, { authorize: byUser })
  const own = await handler(as('ada'))
  assert.is(own.status, 200)
  assert.is((await handler(as('bob'))).status, 404)
  await own.body!.cancel()
})

test('one lookup of a list for all who come at a time, whoever of them leaves, and none after a yes', async ({
  settle,
}) => {
  let answer = (_: Response) => {}
  const lists: string[] = []
  let status = 'running'
  const pod = fakeFetch((url, { signal }) => {
    if (!url.pathname.endsWith('/runs')) return ok({ _id: 'r', status })
    lists.push(url.searchParams.get('group_id')!)
    return new Promise<Response>((resolve, reject) => {
      answer = resolve
      signal!.addEventListener('abort', () => reject(signal!.reason))
    })
  })
  const handler = handlerOf(pod, { authorize: byUser })
  const by = (user: string, more = {}) => handler(as(user, more))
  const left = new AbortController()
  const leaving = by('ada', { signal: left.signal })
  const coming = [by('ada'), by('ada')]
  await settle()
  left.abort()
  assert.is((await leaving).status, 499)
  answer(ok({ runs: [{ _id: 'r', status }] }))
  const streams = await Promise.all(coming)
  const late = await by('ada')
  assert.equal(pluck([...streams, late], 'status'), [200, 200, 200])
  assert.equal(lists, ['ada'])
  for (let round = 1; round < 3; round++) {
    const foreign = [by('bob'), by('bob')]
    await settle()
    answer(ok({ runs: [] }))
    for (const response of await Promise.all(foreign)) {
      assert.is(response.status, 404)
      assert.match(await response.text(), /Not Found/)
    }
    assert.is(lists.length, 1 + round, 'a no is asked for anew')
  }
  await Promise.all([...streams, late].map(({ body }) => body!.cancel()))
  // The last one leaves while the list is looked up.
  const alone = new AbortController()
  const gone = by('ada', { signal: alone.signal })
  await settle()
  alone.abort()
  assert.is((await gone).status, 499)
  assert.is(pod.calls.at(-1)!.init.signal!.aborted, true)
  status = 'completed'
  const over = by('ada')
  await settle()
  answer(ok({ runs: [{ _id: 'r', status }] }))
  assert.match(await (await over).text(), /^id: completed\n/)
})

test('a group that the pod tells late counts from then on', async ({ clock, settle }) => {
  const pod = fakeFetch(run('running', { group_id: null }), run('running'))
  const handler = handlerOf(pod, {
    authorize: ({ headers }) => (headers.get('who') === 'ada' ? { groupId: 'ada' } : true),
  })
  const stream = readAll(await handler(call()))
  await settle()
  const ask = async () => handler(call(undefined, { headers: { who: 'ada' } }))
  assert.is((await ask()).status, 404)
  await clock.tickAsync(1000)
  const own = await ask()
  assert.is(own.status, 200)
  await own.body!.cancel()
  await stream.reader.cancel()
})

test('readers of many groups who ask for one run at a time', async ({ settle }) => {
  const warnings: string[] = []
  const listen = ({ message }: Error) => warnings.push(message)
  process.on('warning', listen)
  const pod = fakeFetch((url) =>
    url.pathname.endsWith('/runs') ? ok({ runs: [] }) : ok({ _id: 'r', status: 'running' }),
  )
  const handler = handlerOf(pod, { authorize: byUser })
  const answers = Array.from({ length: 30 }, (_, index) => handler(as(`user-${index}`)))
  for (const answer of answers) assert.is((await answer).status, 404)
  await settle()
  process.off('warning', listen)
  assert.equal(warnings, [])
})

test('a Last-Event-ID of an end is answered with 204, any other with the present state', async () => {
  const handler = handlerOf(fakeFetch(run('completed')))
  const by = (id: string) => handler(call(undefined, { headers: { 'last-event-id': id } }))
  const ended = ['completed', 'success', 'failed', 'error', 'cancelled', 'canceled', 'timed_out']
  for (const id of [...ended, 'completed 1']) {
    const response = await by(id)
    assert.is(response.status, 204, id)
    assert.is(response.body, null)
  }
  const junk = [
    '',
    '../completed',
    '{}',
    '{"status":"completed"}',
    'completed%00',
    '\xff\xfe',
    'x'.repeat(5000),
  ]
  for (const id of ['running 0.4', 'completedx', 'COMPLETED', ...junk]) {
    const response = await by(id)
    assert.is(response.status, 200)
    assert.match(await response.text(), /^id: completed\n/)
  }
  const none = handlerOf(fakeFetch(json({ detail: 'no' }, { status: 404 })))
  assert.is((await none(call(undefined, { headers: { 'last-event-id': 'failed' } }))).status, 404)
})

test('what the pod says stays within its field', async ({ clock }) => {
  const status = `run\n\ndata: {"status":"completed"}\r\nid: ${CANARY}\n\n${'x'.repeat(5000)}`
  const logger = recorder()
  const pod = fakeFetch(
    run(status, { run_id: 'other', progress: CANARY, position: CANARY, error: CANARY, extra: CANARY }),
    run('completed'),
  )
  const stream = readAll(await handlerOf(pod, {}, { logger })(call()))
  await clock.tickAsync(1000)
  const [first, second, rest] = stream.text.split('\n\n')
  const [id, data, more] = first!.split('\n')
  assert.match(id!, /^id: run__data___status___completed___id___redacted__x+|^id: [\w.-]{1,100}$/)
  assert.is(more, undefined)
  const { status: told, ...others } = JSON.parse(data!.slice('data: '.length))
  assert.equal(others, { run_id: 'r' })
  assert.is(told.length, 100)
  assert.not.match(stream.text, CANARY)
  assert.match(second!, /^id: completed\n/)
  assert.is(rest, '')
})

test('a word that nobody knows is no end', async ({ clock }) => {
  const pod = fakeFetch(run('rendering', { progress: 0.5 }), run('COMPLETED'), run('completed'))
  const stream = readAll(await handlerOf(pod)(call()))
  await clock.tickAsync(2000)
  assert.equal(stream.ids, ['rendering 0.5', 'COMPLETED', 'completed'])
  assert.ok(stream.isEnded)
})

test('on Workers each reader asks for itself, and push is left alone', async ({ clock }) => {
  setGlobals({ WebSocketPair: class {} })
  const pod = fakeFetch(run('running'), run('running'), run('completed'))
  const push = fakePush()
  const handler = handlerOf(pod, { push })
  const streams = [readAll(await handler(call())), readAll(await handler(call()))]
  assert.is(pod.calls.length, 2)
  assert.is(push.watched, 0)
  await clock.tickAsync(1000)
  assert.ok(streams.every(({ isEnded }) => isEnded))
  assert.is(pod.calls.length, 4)
})

test('shared with a page of another origin, it still streams', async ({ clock, settle }) => {
  const origin = 'https://page.test'
  const pod = fakeFetch(run('running'), run('completed'))
  const handler = handlerOf(pod, { cors: [origin] })
  const response = await handler(call(undefined, { headers: { origin, 'sec-fetch-site': 'cross-site' } }))
  assert.is(response.headers.get('access-control-allow-origin'), origin)
  const stream = readAll(response)
  await settle()
  assert.equal(stream.ids, ['running'])
  await clock.tickAsync(1000)
  assert.equal(stream.ids, ['running', 'completed'])
})

test('it is an operation like the others', async () => {
  const pod = fakeFetch(run('completed'))
  const narrow = handlerOf(pod, { allow: { operations: ['getRun'] } })
  assert.is((await narrow(call())).status, 403)
  const events = handlerOf(pod, { allow: { operations: ['connectEvents'] } })
  assert.match(await (await events(call())).text(), /^id: completed\n/)
  assert.is((await events(call('runs/r'))).status, 403)
  const no = new Response('Sign in first', { status: 401 })
  assert.is(await handlerOf(pod, { authorize: () => no })(call()), no)
  assert.is(pod.calls.length, 1)
  const refused = await handlerOf(pod)(call('runs/r/events', { method: 'POST' }))
  assert.equal([refused.status, refused.headers.get('allow')], [405, 'GET'])
})
