// The events of a run: the requests to the pod, the events that readers get, and that nothing is left without readers.
import { getEventListeners } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createClient, executeWorkflow, type Fetch, type RunUpdate } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { waitForResult } from '@flowscale/client/poller'
import { createProxyHandler, toNodeHandler } from '@flowscale/client/proxy'
import { connectWebSocket } from '@flowscale/client/websocket'
import { createEmulator, type WorkflowDefinition } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { closeAll, closeLater } from '../../../support/closeLater.ts'
import { type Answer, fakeFetch, hang, json, ok } from '../../../support/fakes.ts'
import { listen } from '../../../support/listen.ts'
import { pluck } from '../../../support/pluck.ts'
import { createRandom } from '../../../support/random.ts'
import { restoreGlobals, setGlobals } from '../../../support/setGlobals.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { until } from '../../../support/until.ts'
import { byUser, call as callOf, fakePush, handlerOf } from './kit.ts'

const test = suiteWithClock('events of the proxy')
test.after.each(restoreGlobals)
const wire = suite('events through the proxy, from real servers')
wire.after.each(closeAll)

const call = (init: RequestInit = {}) => callOf('runs/r/events', init)
const as = (user: string, init: RequestInit = {}) => call({ ...init, headers: { 'x-user': user } })
const run = (status: string, more: object = {}) => ok({ _id: 'r', group_id: 'ada', status, ...more })

/** Reads an answer as it comes. `ids` are those of the events so far. */
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

test('each state once, with progress and position, up to the end; also to a page of another site', async ({
  clock,
}) => {
  const pod = fakeFetch(
    run('queued', { position: 2 }),
    run('queued', { position: 1 }),
    run('running'),
    run('running', { progress: 0.5 }),
    run('running', { progress: 0.25 }),
    run('running', { progress: 0.5 }),
    run('COMPLETED'),
    run('x'.repeat(5000)),
    run('completed', { outputs: [{ filename: 'a.png', url: 'http://files.test/a' }] }),
  )
  const origin = 'https://page.test'
  const headers = { origin, 'sec-fetch-site': 'cross-site' }
  const response = await handlerOf(pod, { cors: [origin] })(call({ headers }))
  assert.is(response.status, 200)
  assert.equal(Object.fromEntries(response.headers), {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-content-type-options': 'nosniff',
    'x-accel-buffering': 'no',
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'retry-after, x-request-id, x-idempotency',
    vary: 'Origin',
  })
  const stream = readAll(response)
  await clock.tickAsync(7999)
  assert.is(stream.ids.length, 6)
  assert.not.ok(stream.isEnded)
  await clock.tickAsync(1)
  assert.ok(stream.isEnded)
  const long = 'x'.repeat(100)
  assert.equal(stream.text.split('\n\n'), [
    'id: queued 2\ndata: {"run_id":"r","status":"queued","position":2}',
    'id: queued 1\ndata: {"run_id":"r","status":"queued","position":1}',
    'id: running\ndata: {"run_id":"r","status":"running"}',
    'id: running 0.5\ndata: {"run_id":"r","status":"running","progress":0.5}',
    'id: COMPLETED\ndata: {"run_id":"r","status":"COMPLETED"}',
    `id: ${long}\ndata: {"run_id":"r","status":"${long}"}`,
    'id: completed\ndata: {"run_id":"r","status":"completed"}',
    '',
  ])
  await clock.tickAsync(60_000)
  assert.is(pod.calls.length, 9, 'the pod is left alone after the end')
})

test('readers share one poller, which goes with the last of them; no reader of another group joins', async ({
  clock,
  settle,
}) => {
  const pod = fakeFetch(run('running'))
  const push = fakePush()
  const handler = handlerOf(pod, { push, authorize: byUser })
  const left = new AbortController()
  const requests = [as('ada', { signal: left.signal }), ...Array.from({ length: 9 }, () => as('ada'))]
  const streams = (await Promise.all(requests.map(handler))).map(readAll)
  await settle()
  const late = readAll(await handler(as('ada')))
  assert.is((await handler(as('bob'))).status, 404)
  await settle()
  assert.equal(late.ids, ['running'])
  assert.equal([pod.calls.length, push.watched], [1, 1], 'who comes later gets the state that is known')
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
  assert.equal([push.listeners.size, clock.countTimers()], [0, 0])
  await clock.tickAsync(60_000)
  assert.is(pod.calls.length, 2)
})

test('by push: progress at once, news as a reason to ask, and no state that the pod did not answer', async ({
  settle,
}) => {
  const pod = fakeFetch(run('queued', { position: 3 }), run('running'), run('running'), run('completed'))
  const push = fakePush()
  const stream = readAll(await handlerOf(pod, { push })(call()))
  await settle()
  const steps: [update: RunUpdate, isNews: boolean, asked: number, last: string][] = [
    [{ status: 'queued', position: 2 }, false, 1, 'queued 2'],
    [{ position: 1 }, false, 1, 'queued 1'],
    [{ status: 'running', progress: 0.1 }, false, 1, 'queued 1'],
    [{ status: 'completed', progress: 1 }, false, 1, 'queued 1'],
    [{ status: 'running', progress: 0.2 }, true, 2, 'running'],
    [{ status: 'in_progress', progress: 0.4 }, false, 2, 'running 0.4'],
    [{ status: 'running', progress: 0.3 }, false, 2, 'running 0.4'],
    [{ status: 'failed' }, true, 3, 'running 0.4'],
    [{}, true, 4, 'completed'],
  ]
  for (const [update, isNews, asked, last] of steps) {
    push.tell(update, isNews)
    await settle()
    assert.equal([pod.calls.length, stream.ids.at(-1)], [asked, last])
  }
  assert.ok(stream.isEnded)
  assert.is(push.listeners.size, 0)
  const again = readAll(await handlerOf(pod, { push })(call()))
  await settle()
  assert.equal(again.ids, ['completed'])
  assert.is(push.watched, 1, 'a run that has ended needs no subscription')
})

test('a preview is a path of the pod, wherever it comes from, and ends with its status', async ({
  settle,
}) => {
  const path = (number: number) => `/api/v1/runs/r/preview?number=${number}&expires=9&signature=s`
  const pod = fakeFetch(run('running', { preview: path(1) }), run('completed'))
  const push = fakePush()
  const stream = readAll(await handlerOf(pod, { push })(call()))
  await settle()
  for (const update of [
    { preview: `http://pod.test/base${path(2)}` },
    { progress: 0.5 },
    { preview: 'https://evil.test/api/v1/a' },
  ]) {
    push.tell({ status: 'running', ...update })
    await settle()
  }
  push.tell({ status: 'completed', preview: path(3) }, true)
  await settle()
  const events = [...stream.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!))
  assert.equal(pluck(events, 'preview'), [path(1), path(2), path(2), undefined])
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
  const reader = (await handlerOf(pod)(call())).body!.getReader()
  for (const id of ['running 0', 'running 0.3', 'completed']) {
    assert.match(new TextDecoder().decode((await reader.read()).value), `id: ${id}\n`)
    await clock.tickAsync(30_000)
  }
  assert.ok((await reader.read()).done)
})

test('a comment every 15 s, and the end after maxDurationMs, also for who never reads', async ({ clock }) => {
  for (const [maxDurationMs, pings] of [
    [40_000, 2],
    [undefined, 19],
  ] as const) {
    const pod = fakeFetch(run('running'))
    const handler = handlerOf(pod, { ...(maxDurationMs && { maxDurationMs }) })
    const stream = readAll(await handler(call()))
    await handler(call())
    await clock.tickAsync((maxDurationMs ?? 300_000) - 1)
    assert.is(stream.text.split(': ping\n\n').length - 1, pings)
    assert.not.ok(stream.isEnded)
    await clock.tickAsync(1)
    assert.ok(stream.isEnded)
    assert.is(clock.countTimers(), 0)
    const asked = pod.calls.length
    await clock.tickAsync(60_000)
    assert.is(pod.calls.length, asked)
  }
})

test('failures that may pass are waited out, with growing pauses', async ({ clock }) => {
  Math.random = () => 0.5
  const down = json({ detail: 'down' }, { status: 503 })
  const pod = fakeFetch(
    run('running'),
    new Error('ECONNRESET'),
    ...[408, 425, 429, 500].map((status) => json({}, { status })),
    new Response('<html>', { status: 502, headers: { 'content-type': 'text/html' } }),
    new Response('{"da', { headers: { 'content-type': 'application/json' } }),
    json({ status: 'success', data: [] }),
    new Response(null, { status: 204 }),
    down,
    down,
    run('running', { progress: 0.5 }),
    run('completed'),
  )
  const at: number[] = []
  const timed: Fetch = (url, init) => {
    at.push(Date.now())
    return pod(url, init)
  }
  const stream = readAll(await handlerOf(timed)(call()))
  await clock.tickAsync(200_000)
  const gaps = at.slice(1).map((ms, index) => ms - at[index]!)
  assert.equal(gaps, [1000, 1500, 2000, 3000, 5000, 9000, ...Array(6).fill(16_000), 1000])
  assert.equal(stream.ids, ['running', 'running 0.5', 'completed'])
})

test('a Retry-After is kept, news or not, but not that of a year', async ({ clock, settle }) => {
  for (const [after, ms] of [
    ['60', 60_000],
    ['31536000', 300_000],
  ] as const) {
    const busy = json({ detail: 'busy' }, { status: 429, headers: { 'retry-after': after } })
    const pod = fakeFetch(run('running'), busy, run('completed'))
    const push = fakePush()
    const stream = readAll(await handlerOf(pod, { push, maxDurationMs: 600_000 })(call()))
    push.tell({}, true)
    await settle()
    push.tell({ status: 'completed' }, true)
    await clock.tickAsync(ms - 100)
    assert.is(pod.calls.length, 2)
    await clock.tickAsync(5000)
    assert.is(pod.calls.length, 3)
    assert.ok(stream.isEnded)
  }
})

test('what does not pass ends the streams', async ({ clock }) => {
  const refusals: Answer[] = [
    ...[400, 401, 403, 404, 422].map((status) => json({ detail: 'no' }, { status })),
    new Response(null, { status: 307, headers: { location: 'http://evil.test/' } }),
  ]
  for (const refusal of refusals) {
    const handler = handlerOf(fakeFetch(run('running'), refusal))
    const streams = [readAll(await handler(call())), readAll(await handler(call()))]
    await clock.tickAsync(1000)
    assert.equal(pluck(streams, 'isEnded'), [true, true])
    assert.equal(streams[0]!.ids, ['running'])
    assert.is(clock.countTimers(), 0)
    assert.ok((await handler(call())).status > 399, 'who comes again gets the error')
  }
})

test('an error before the stream is an answer as that of getRun, for each of thousands', async ({
  clock,
}) => {
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
    const pod = fakeFetch(answer)
    const handler = handlerOf(pod)
    const alike = await handler(callOf('runs/r'))
    const text = await alike.text()
    const requests = Array.from({ length: status === 404 ? 3000 : 2 }, () => call())
    const responses = await Promise.all(requests.map(handler))
    assert.is(pod.calls.length, 2)
    assert.is(responses[0]!.status, status)
    assert.equal([...responses[0]!.headers], [...alike.headers])
    const texts = await Promise.all(responses.reverse().map((response) => response.text()))
    assert.equal([...new Set(texts)], [text])
  }
  assert.is((await handlerOf(fakeFetch(ok(['no run'])))(call())).status, 502)
  const late = handlerOf(fakeFetch(hang), {}, { timeoutMs: 2000 })(call())
  await clock.tickAsync(2000)
  assert.is((await late).status, 504)
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
  const answers = controllers.map(({ signal }) => handler(call({ signal })))
  await settle()
  // The pod's request ends with the last one who waits.
  for (const [index, controller] of controllers.entries()) {
    controller.abort()
    assert.is((await answers[index]!).status, 499)
    assert.is(pod.calls[0]!.init.signal!.aborted, index === 1)
  }
  assert.is(pod.calls.length, 1)
  // The last moment before the stream.
  const left = new AbortController()
  const request = call({ signal: left.signal })
  request.headers.get = (name) => {
    if (name === 'last-event-id') left.abort()
    return null
  }
  const { body } = await handlerOf(fakeFetch(run('running')))(request)
  assert.ok((await body!.getReader().read()).done)
  assert.is(clock.countTimers(), 0)
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
  const streams = [...(await Promise.all(coming)), await by('ada')]
  assert.equal(pluck(streams, 'status'), [200, 200, 200])
  assert.equal(lists, ['ada'])
  for (let round = 1; round < 3; round++) {
    const foreign = [by('bob'), by('bob')]
    await settle()
    answer(ok({ runs: [] }))
    assert.equal(pluck(await Promise.all(foreign), 'status'), [404, 404])
    assert.is(lists.length, 1 + round, 'a no is asked for anew')
  }
  await Promise.all(streams.map(({ body }) => body!.cancel()))
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

test('a group that the pod tells late counts from then on', async ({ clock }) => {
  const pod = fakeFetch(run('running', { group_id: null }), run('running'))
  const authorize = (request: Request) => !request.headers.has('x-user') || byUser(request)
  const handler = handlerOf(pod, { authorize })
  const stream = readAll(await handler(call()))
  assert.is((await handler(as('ada'))).status, 404)
  await clock.tickAsync(1000)
  const own = await handler(as('ada'))
  assert.is(own.status, 200)
  await own.body!.cancel()
  await stream.reader.cancel()
})

test('readers of many groups who ask for one run at a time', async ({ settle }) => {
  const warnings: string[] = []
  const listen = ({ message }: Error) => warnings.push(message)
  process.on('warning', listen)
  const pod = fakeFetch((url) => ok(url.pathname.endsWith('/runs') ? [] : { _id: 'r', status: 'running' }))
  const handler = handlerOf(pod, { authorize: byUser })
  const answers = Array.from({ length: 30 }, (_, index) => handler(as(`user-${index}`)))
  for (const answer of answers) assert.is((await answer).status, 404)
  await settle()
  process.off('warning', listen)
  assert.equal(warnings, [])
})

test('a Last-Event-ID of an end is answered with 204, any other with the present state', async () => {
  const handler = handlerOf(fakeFetch(run('completed')))
  const by = (id: string) => handler(call({ headers: { 'last-event-id': id } }))
  const ended = ['completed', 'success', 'failed', 'error', 'cancelled', 'canceled', 'timed_out']
  for (const id of [...ended, 'completed 1']) {
    const { status, body } = await by(id)
    assert.equal([status, body], [204, null], id)
  }
  const junk = ['', '../completed', '{"status":"completed"}', 'completed%00', '\xff\xfe', 'x'.repeat(5000)]
  for (const id of ['running 0.4', 'completedx', 'COMPLETED', ...junk]) {
    assert.match(await (await by(id)).text(), /^id: completed\n/)
  }
})

test('on Workers each reader asks for itself, and push is left alone', async ({ clock }) => {
  setGlobals({ WebSocketPair: class {} })
  const pod = fakeFetch(run('running'), run('running'), run('completed'))
  const push = fakePush()
  const handler = handlerOf(pod, { push })
  const streams = [readAll(await handler(call())), readAll(await handler(call()))]
  assert.equal([pod.calls.length, push.watched], [2, 0])
  await clock.tickAsync(1000)
  assert.equal(pluck(streams, 'isEnded'), [true, true])
  assert.is(pod.calls.length, 4)
})

for (const connect of [connectWebSocket, connectEvents]) {
  wire(`by ${connect.name} to the pod: all progress, and few requests`, async () => {
    let go: (() => void) | undefined
    const steps = 40
    const workflow: WorkflowDefinition = {
      ...{ id: 'steps', name: 'Steps', description: 'Forty of them', inputs: {}, outputs: { out_1: 'file' } },
      async run(_inputs, { sleep, progress }) {
        await new Promise<void>((resolve) => {
          go = resolve
        })
        for (let step = 1; step < steps; step++) {
          progress(step / steps)
          await sleep(500)
        }
        return { out_1: { data: new Uint8Array(1), type: 'application/octet-stream' } }
      },
    }
    const emulator = closeLater(createEmulator({ apiKey: CANARY, speed: 10, workflows: [workflow] }))
    const { url: baseUrl } = closeLater(await serve(emulator))
    let asked = 0
    const counting: Fetch = (url, init) => {
      asked++
      return fetch(url, init)
    }
    const push = closeLater(connect(createClient({ baseUrl, apiKey: CANARY })))
    const client = createClient({ baseUrl, apiKey: CANARY, fetch: counting })
    const handler = createProxyHandler(client, { authorize: 'public', push })
    const { data } = await executeWorkflow(client, 'steps', {})
    const requests = Array.from({ length: 10 }, () => callOf(`runs/${data.run_id}/events`))
    const readers = (await Promise.all(requests.map(handler))).map(readAll)
    await until(() => go && push.connected && readers.every(({ text }) => text))
    go!()
    await until(() => readers.every(({ isEnded }) => isEnded))
    for (const { ids } of readers) {
      assert.match(ids.at(-1)!, /^(completed|success)$/)
      assert.ok(ids.length > steps / 4, `${ids.length} events`)
    }
    assert.ok(asked < 9, `${asked} requests`)
  })
}

wire('200 forced disconnects lose none', async () => {
  const random = createRandom(Number(process.env.SEED ?? 20261126))
  const emulator = closeLater(createEmulator({ apiKey: CANARY, speed: 5, containers: 24 }))
  const server = closeLater(await serve(emulator))
  const pod = createClient({ baseUrl: server.url, apiKey: CANARY })
  const push = closeLater(connectWebSocket(pod))
  const proxy = toNodeHandler(createProxyHandler(pod, { authorize: () => ({ groupId: 'ada' }), push }))
  const streams = new Set<ServerResponse>()
  const { url } = closeLater(
    await listen((request, response) => {
      if (request.url!.endsWith('/events')) {
        streams.add(response)
        response.on('close', () => streams.delete(response))
      }
      proxy(request, response)
    }),
  )
  const client = createClient({ baseUrl: url, retryDelayMs: 20 })
  const events = closeLater(connectEvents(client, { maxStreams: 24 }))
  let cuts = 0
  let started = 0
  const work = async () => {
    while (cuts < 200) {
      const { data } = await executeWorkflow(client, 't3xtwr1ter00', { prompt: `${started++}` })
      const wait = waitForResult(client, data.run_id, { push: events, timeoutMs: 60_000 })
      // A run takes 200 ms: this is before, at or after its end.
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, random() * 80))
        const stream = [...streams][Math.floor(random() * streams.size)]
        stream?.destroy()
        if (stream) cuts++
      }
      const { outputs } = await wait
      assert.ok(outputs[0]!.download_url)
    }
  }
  await Promise.all(Array.from({ length: 24 }, work))
  assert.is(emulator.stats.runsStarted, started)
})
