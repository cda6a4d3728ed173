import { execFile } from 'node:child_process'
import { inspect, promisify } from 'node:util'
import {
  ArgumentError,
  executeWorkflow,
  type Fetch,
  HttpError,
  NetworkError,
  ResponseError,
  RunError,
  TimeoutError,
  toFile,
  ValidationError,
} from '@flowscale/client'
import type { Clock } from '@sinonjs/fake-timers'
import * as undici from 'undici'
import { assert, rejects, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { type Answer, fakeFetch, hang, json, ok } from '../../../support/fakes.ts'
import { listen } from '../../../support/listen.ts'
import { readBody, readParts } from '../../../support/multipart.ts'
import { withGlobals } from '../../../support/setGlobals.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'

const test = suite('executeWorkflow')
const onClock = suiteWithClock('executeWorkflow on a clock')
const run = (answer: Answer, options = {}) =>
  executeWorkflow(clientWith(fakeFetch(answer)), 'wf', { a: 'b' }, { groupId: 'g', ...options })

test('the request: one POST, its query, the key, a form', async () => {
  const fetch = fakeFetch(ok({ run_id: 'r' }))
  await executeWorkflow(clientWith(fetch), 'w f/ü', { a: 'b' }, { groupId: 'g&h' })
  await executeWorkflow(clientWith(fetch), 'w', {})
  assert.equal(
    fetch.calls.map(({ url, init, headers }) => [url.href, init.method, headers.get('x-api-key')]),
    [
      ['http://pod.test/api/v1/runs?workflow_id=w%20f%2F%C3%BC&group_id=g%26h', 'POST', CANARY],
      ['http://pod.test/api/v1/runs?workflow_id=w', 'POST', CANARY],
    ],
  )
  assert.instance(fetch.calls[0]?.init.body, FormData)
})

test('every dialect', async () => {
  const bare = { output_names: [], node_errors: {}, number: null }
  const readme = { number: 0, node_errors: {}, output_names: ['prefix_58358'], run_id: 'r', extra: 1 }
  const forms: [unknown, object][] = [
    [readme, readme],
    [[{ run_id: 'r', workflow_id: 'w' }], { ...bare, run_id: 'r', workflow_id: 'w' }],
    [
      { run_id: 'r', workflow_id: 'w' },
      { ...bare, run_id: 'r', workflow_id: 'w' },
    ],
    [{ run_id: 7 }, { ...bare, run_id: '7' }],
    [
      { run_id: 'r', output_names: null, node_errors: null, number: null },
      { ...bare, run_id: 'r' },
    ],
    [
      { run_id: 'r', output_names: 'x', node_errors: [], number: '3' },
      { ...bare, run_id: 'r' },
    ],
    [
      { run_id: 'r', output_names: ['a', 5] },
      { ...bare, run_id: 'r', output_names: ['a', '5'] },
    ],
    [
      { run_id: 'r', node_errors: { 3: 'odd' } },
      { ...bare, run_id: 'r', node_errors: { 3: 'odd' } },
    ],
  ]
  for (const [data, is] of forms) {
    const envelope = await run(ok(data, { errors: null, meta: { x: 1 } }))
    assert.equal(envelope, { status: 'success', data: is as never, errors: null, meta: { x: 1 } })
  }
})

test('a server that starts several runs by one POST: none is lost', async () => {
  const bare = { output_names: [], node_errors: {}, number: null }
  const items = [
    { run_id: 'a', workflow_id: 'w' },
    { run_id: 'b', output_names: ['o'] },
    {},
    null,
    'c',
    { run_id: 7 },
  ]
  const { data } = await run(ok(items))
  assert.equal(data, {
    ...bare,
    run_id: 'a',
    workflow_id: 'w',
    others: [
      { ...bare, run_id: 'b', output_names: ['o'] },
      { ...bare, run_id: '7' },
    ],
  })
  // The first that has an id is the run.
  assert.equal((await run(ok([{ workflow_id: 'w' }, { run_id: 'b' }]))).data, { ...bare, run_id: 'b' })
  // And so it is in an error.
  const failed = { status: 'failed', data: [{ node_errors: {} }, { run_id: 'b' }], errors: 'x' }
  await rejects(run(json(failed)), Error, { runId: 'b' })
  const refused = { status: 'success', data: [{}, { node_errors: { 6: 'bad' } }] }
  await rejects(run(json(refused)), Error, { errors: ['node 6: bad'] })
})

test('workflow_id is a text, null, or not there', async () => {
  for (const [given, is] of [
    ['w', 'w'],
    [7, '7'],
    [null, null],
    [{}, ''],
  ] as const) {
    assert.is((await run(ok({ run_id: 'r', workflow_id: given }))).data.workflow_id, is)
  }
  assert.not('workflow_id' in (await run(ok({ run_id: 'r' }))).data)
})

test('wrong arguments are errors that name them, before anything is sent', async () => {
  const fetch = fakeFetch(ok({ run_id: 'r' }))
  const client = clientWith(fetch)
  for (const [id, options] of [
    ...['', '..', '\ud800', undefined].map((id) => [id, {}]),
    ...['', '\ud800', Symbol('x')].map((groupId) => ['w', { groupId }]),
    ['w', { groupID: 'g' }],
  ]) {
    const error = await rejects(executeWorkflow(client, id as never, {}, options as never), ArgumentError)
    assert.not('maybeSubmitted' in error)
  }
  assert.is(fetch.calls.length, 0)
})

const success = (data: unknown) => ok(data)
const unclear: [what: string, Answer, new (message: string) => Error][] = [
  ['no answer', new TypeError('fetch failed'), NetworkError],
  ['a time-out', hang, TimeoutError],
  ['408', json({ errors: 'x' }, { status: 408 }), HttpError],
  ['500', json({ errors: 'x' }, { status: 500 }), HttpError],
  ['502 with HTML', new Response('<html>', { status: 502 }), HttpError],
  ['503', json({}, { status: 503 }), HttpError],
  ['504', new Response('', { status: 504 }), HttpError],
  ['599', json({}, { status: 599 }), HttpError],
  ['no run_id', success({ workflow_id: 'w' }), ResponseError],
  ['an empty run_id', success({ run_id: '' }), ResponseError],
  ['an empty list', success([]), ResponseError],
  ['no data', json({ status: 'success' }), ResponseError],
  ['data null', success(null), ResponseError],
  ['data that is text', success('queued'), ResponseError],
  ['empty node_errors, no run_id', success({ node_errors: {} }), ResponseError],
  ['HTML', new Response('<html>'), ResponseError],
  ['nothing', new Response(''), ResponseError],
  ['null', json(null), ResponseError],
  ['no envelope', json({ run_id: 'r' }), ResponseError],
  ['204', () => new Response(null, { status: 204 }), ResponseError],
  [
    'a body that breaks off',
    () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) }),
      ),
    NetworkError,
  ],
]
for (const [what, answer, Type] of unclear) {
  test(`maybe submitted: ${what}; never sent again`, async () => {
    const fetch = fakeFetch(answer)
    const before = Date.now()
    // Only what hangs is to reach it.
    const client = clientWith(fetch, { timeoutMs: answer === hang ? 20 : 60_000 })
    const call = executeWorkflow(client, 'wf', { a: 'secret input' }, { groupId: 'g' })
    const fields = { maybeSubmitted: true, workflowId: 'wf', groupId: 'g' }
    const error = await rejects(call, Type, fields)
    const submittedAt = Number((error as HttpError).submittedAt)
    assert.ok(submittedAt >= before && submittedAt <= Date.now())
    assert.is(fetch.calls.length, 1)
    assert.not.match(inspect(error), /secret input/)
  })
}

const clear: [what: string, Answer, new (message: string) => Error][] = [
  ...[400, 401, 403, 404, 409, 413, 422, 429, 499].map(
    (status): [string, Answer, new (message: string) => Error] => [
      `${status}`,
      json({ errors: 'x' }, { status }),
      status === 422 ? ValidationError : HttpError,
    ],
  ),
  ['an error envelope', json({ status: 'error', errors: 'no such workflow' }), ResponseError],
  ['a failed envelope', json({ status: 'failed', data: {} }), ResponseError],
  [
    'a 429 that asks for too long a pause',
    json({}, { status: 429, headers: { 'retry-after': '31' } }),
    HttpError,
  ],
]
for (const [what, answer, Type] of clear) {
  test(`not submitted: ${what}`, async () => {
    const fetch = fakeFetch(answer)
    const error = await rejects(executeWorkflow(clientWith(fetch, { maxRetries: 0 }), 'wf', {}), Type)
    for (const field of ['maybeSubmitted', 'submittedAt', 'workflowId', 'groupId']) assert.not(field in error)
    assert.is(fetch.calls.length, 1)
  })
}

onClock('submittedAt is taken before sending', async ({ clock }) => {
  const client = clientWith(fakeFetch(hang), { timeoutMs: 5000 })
  const headers = () => new Promise<object>((resolve) => setTimeout(resolve, 100, {}))
  const pending = executeWorkflow(client, 'wf', {}, { headers: headers as never }).catch((error) => error)
  await clock.tickAsync(5000)
  const error = await pending
  assert.is(+error.submittedAt, 1_750_000_000_100)
  assert.is(error.groupId, undefined)
})

onClock('what fails before anything was sent is not submitted', async ({ clock }) => {
  const fetch = fakeFetch(ok({ run_id: 'r' }))
  const headers = () => new Promise<never>(() => {})
  const pending = executeWorkflow(clientWith(fetch, { headers, timeoutMs: 50 }), 'wf', {}).catch(
    (error) => error,
  )
  await clock.tickAsync(50)
  const error = await pending
  assert.instance(error, TimeoutError)
  assert.not('maybeSubmitted' in error)
  assert.is(fetch.calls.length, 0)
})

onClock('after a 429 nothing is submitted either, until the next attempt is sent', async ({ clock }) => {
  const busy = json({}, { status: 429 })
  const own = new NetworkError('the token server is down')
  const second = (fail: () => Promise<never>) => {
    let calls = 0
    return () => (calls++ ? fail() : {})
  }
  const outcomes: Record<string, any> = {}
  for (const [name, fail] of Object.entries({
    failing: () => Promise.reject(own),
    hanging: () => new Promise<never>(() => {}),
  })) {
    const client = clientWith(fakeFetch(busy), { headers: second(fail), timeoutMs: 50 })
    const pending = executeWorkflow(client, 'wf', {}).catch((error) => error)
    await clock.tickAsync(5000)
    outcomes[name] = await pending
  }
  assert.is(outcomes.failing, own)
  assert.not('maybeSubmitted' in own)
  assert.instance(outcomes.hanging, TimeoutError)
  assert.not('maybeSubmitted' in outcomes.hanging)
  // And once it is sent, it may be.
  const pending = executeWorkflow(clientWith(fakeFetch(busy, new TypeError('reset'))), 'wf', {}).catch(
    (error) => error,
  )
  await clock.tickAsync(5000)
  const error = await pending
  assert.instance(error, NetworkError)
  assert.is(error.maybeSubmitted, true)
})

test('an abort gives the caller’s reason, untouched, even one of our own errors', async () => {
  for (const reason of [
    new NetworkError('mine'),
    new TimeoutError('mine'),
    new HttpError('mine', { status: 500 }),
  ]) {
    const controller = new AbortController()
    const pending = run(hang, { signal: controller.signal }).catch((error) => error)
    await Promise.resolve()
    controller.abort(reason)
    assert.is(await pending, reason)
    assert.not('maybeSubmitted' in reason)
  }
})

test('an abort that comes too late takes nothing from the error', async () => {
  const controller = new AbortController()
  const noop = () => {}
  const logger = { debug: noop, info: noop, warn: noop, error: () => controller.abort() }
  const client = clientWith(fakeFetch(json({}, { status: 500 })), { logger })
  await rejects(executeWorkflow(client, 'wf', {}, { signal: controller.signal }), HttpError, {
    maybeSubmitted: true,
  })
})

const nodeError = {
  errors: [{ type: 'required_input_missing', message: 'Required input is missing', details: 'clip' }],
}
const refusals: [what: string, body: object, errors: string[]][] = [
  ['one node', { data: { node_errors: { 6: nodeError } } }, ['node 6: Required input is missing']],
  [
    'several nodes, in several forms',
    { data: [{ node_errors: { 6: nodeError, 7: 'bad', 8: ['a', { message: 'b' }], 9: {} } }] },
    ['node 6: Required input is missing', 'node 7: bad', 'node 8: a; b', 'node 9: refused'],
  ],
  ['in an error envelope', { status: 'error', data: { node_errors: { 6: 'bad' } } }, ['node 6: bad']],
]
for (const [what, body, errors] of refusals) {
  test(`node_errors without a run: ${what}`, async () => {
    const error = await rejects(run(json({ status: 'success', ...body })), RunError, {
      errors,
      status: 'failed',
    })
    assert.instance(error.cause, ResponseError)
    assert.not('maybeSubmitted' in error)
  })
}

/** The time after which an attempt that never ends is given up. */
async function limit(clock: Clock, inputs: object, options: object, own: object): Promise<number> {
  const start = clock.now
  let ended = 0
  const client = clientWith(fakeFetch(hang), own)
  const pending = executeWorkflow(client, 'w', inputs as never, options)
    .catch((error) => error)
    .then((error) => {
      assert.instance(error, TimeoutError)
      assert.is(
        error.message,
        `POST http://pod.test/api/v1/runs?workflow_id=w timed out after ${error.timeoutMs}ms`,
      )
      ended = clock.now - start
    })
  await clock.tickAsync(200_000)
  await pending
  return ended
}

onClock(
  'the time limit grows by 1 s for each 256 KiB of files, unless it is given here',
  async ({ clock }) => {
    const kib = (n: number) => new Uint8Array(n * 1024)
    assert.is(await limit(clock, { a: 'x'.repeat(1_000_000) }, {}, {}), 60_000)
    assert.is(await limit(clock, { a: kib(1) }, {}, {}), 61_000)
    assert.is(await limit(clock, { a: kib(256) }, {}, {}), 61_000)
    assert.is(await limit(clock, { a: kib(257) }, {}, {}), 62_000)
    assert.is(await limit(clock, { a: [kib(512), new Blob([kib(512)])], b: 'x' }, {}, {}), 64_000)
    assert.is(await limit(clock, { a: kib(1024) }, {}, { timeoutMs: 500 }), 4500)
    assert.is(await limit(clock, { a: kib(1024) }, { timeoutMs: 700 }, {}), 700)
    assert.is(await limit(clock, { a: kib(1024) }, { timeoutMs: undefined }, {}), 64_000)
  },
)

test('an answer whose body is not a web stream, and one that has only text()', async () => {
  const text = async () => '{"status":"success","data":{"run_id":"r"}}'
  // A stream of a polyfill takes none of the runtime's streams, but it can be read.
  const refuse = () => {
    throw new TypeError('First parameter is not a ReadableWritablePair')
  }
  const getReader = () => new Blob(['{"status":"success","data":{"run_id":"r"}}']).stream().getReader()
  const polyfilled = { getReader, pipeTo: refuse, pipeThrough: refuse, async cancel() {} }
  for (const body of [undefined, null, { pipe() {}, on() {} }, polyfilled]) {
    const answer = { ok: true, status: 200, headers: new Headers(), body, text }
    const { data } = await executeWorkflow(
      clientWith(async () => answer as never),
      'w',
      {},
    )
    assert.is(data.run_id, 'r')
  }
})

test('the fetch that uploads asks for no redirect, and no Content-Type of ours', async () => {
  const fetch = fakeFetch(ok({ run_id: 'r' }))
  await executeWorkflow(clientWith(fetch), 'w', { a: 'b' })
  assert.is(fetch.calls[0]?.init.redirect, 'error')
  assert.equal([...fetch.calls[0]!.headers.keys()], ['x-api-key'])
})

// Node 20 and 22 lose the signal of such a request at the next garbage collection.
for (const end of ['time-out', 'abort']) {
  test(`a stalled answer ends at the ${end}, also after a garbage collection`, async () => {
    const child = `
      import { createServer } from 'node:http'
      import { checkHealth, createClient, executeWorkflow } from '@flowscale/client'
      const closed = Promise.withResolvers?.() ?? {}
      closed.promise ??= new Promise((resolve) => { closed.resolve = resolve })
      const server = createServer((request, response) => {
        request.resume()
        if (request.method === 'GET') return response.end('{"status":"success","data":[]}')
        response.on('close', closed.resolve)
        setTimeout(() => controller.abort(new Error('enough')), 300)
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{"status":')
        // The headers are there; now the signal gets lost.
        for (const ms of [50, 100, 150]) setTimeout(gc, ms)
      })
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
      const baseUrl = 'http://127.0.0.1:' + server.address().port
      const controller = new AbortController()
      const options = '${end}' === 'abort' ? { signal: controller.signal } : { timeoutMs: 2000 }
      const client = createClient({ baseUrl })
      // Loads fetch, so that the time below is for the request.
      await checkHealth(client)
      const error = await executeWorkflow(client, 'w', { a: new Blob(['x']) }, options)
        .catch((error) => error)
      await closed.promise
      server.close()
      console.log(error.name, error.message.replace(baseUrl, ''), error.maybeSubmitted)
    `
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', child],
      { timeout: 120_000 },
    )
    assert.is(stderr, '')
    assert.is(
      stdout.trim(),
      end === 'abort'
        ? 'Error enough undefined'
        : 'TimeoutError POST /api/v1/runs?workflow_id=w timed out after 2000ms true',
    )
  })
}

test('a fetch that knows another FormData: an error, and not a run without inputs; with that FormData all is well', async () => {
  const bodies: Buffer[] = []
  const types: string[] = []
  const server = await listen(async (request, response) => {
    types.push(request.headers['content-type'] ?? '')
    bodies.push(await readBody(request))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ status: 'success', data: { run_id: 'r' } }))
  })
  const fetch = ((url: string, init: undici.RequestInit) => undici.fetch(url, init)) as unknown as Fetch
  const inputs = { prompt: 'a fox', image: toFile(new Uint8Array([1, 2]), 'a.png', { type: 'image/png' }) }
  const client = clientWith(fetch, { baseUrl: server.url })
  await rejects(executeWorkflow(client, 'w', inputs), NetworkError)
  assert.is(bodies.length, 0)
  await withGlobals({ FormData: undici.FormData }, () => executeWorkflow(client, 'w', inputs))
  const parts = readParts(bodies[0]!, types[0]!)
  assert.equal(
    parts.map(({ name, filename }) => [name, filename]),
    [
      ['prompt', undefined],
      ['image', 'a.png'],
    ],
  )
  await server.close()
})

test('a run that an error names is its runId', async () => {
  const told = { status: 'error', errors: ['queue is full'], data: { run_id: 'r1' } }
  await rejects(run(json(told)), ResponseError, { runId: 'r1', maybeSubmitted: undefined })
  await rejects(run(json({ ...told, data: [told.data] }, { status: 500 })), HttpError, {
    runId: 'r1',
    maybeSubmitted: true,
  })
  await rejects(run(json({ ...told, data: { run_id: 'r1', node_errors: { 5: 'no image' } } })), RunError, {
    runId: 'r1',
  })
})

test('an envelope whose status is no word does not hide that a run may have been submitted', async () => {
  const fetch = fakeFetch(json({ status: { toString: 'queued' }, data: {} }))
  await rejects(executeWorkflow(clientWith(fetch, { maxRetries: 0 }), 'w', {}), ResponseError, {
    maybeSubmitted: true,
  })
})
