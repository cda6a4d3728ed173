// Options, permissions, groups in each dialect, CORS: the handler by itself, before the emulator or a fake pod.
import {
  ArgumentError,
  cancelRun,
  createClient,
  executeWorkflow,
  type Fetch,
  getOutput,
  getRun,
  getRuns,
  HttpError,
  iterateRuns,
} from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { createProxyHandler, type ProxyOptions } from '@flowscale/client/proxy'
import { createEmulator, type Dialect } from '@flowscale/emulator'
import { Response as OtherResponse } from 'undici'
import { assert, rejects, suite, throws } from '#test'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, json, ok, recorder } from '../../../support/fakes.ts'
import { pluck } from '../../../support/pluck.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { call, handlerOf } from './kit.ts'

const test = suite('createProxyHandler')
const timed = suiteWithClock('createProxyHandler, timed')
const site = 'http://app.test'
const form = (init: RequestInit = {}) => {
  const body = new FormData()
  body.append('prompt', 'hi')
  return call('runs?workflow_id=w', { method: 'POST', body, ...init })
}
const ask = (authorize: unknown, fetch: Fetch, request = call('comfy/health')) =>
  handlerOf(fetch, { authorize } as ProxyOptions)(request)

test('wrong options are told by name', () => {
  const client = clientWith()
  const wrong: Record<string, unknown[]> = {
    allowed: [[]],
    allow: [['getRun'], { ops: [] }, { operations: ['getrun'] }, { workflowIds: [''] }],
    maxBodyBytes: [0, Number.NaN],
    basePath: ['/api/', 'api', '/a/../b'],
    cors: [['*'], ['null'], ['https://a.test/'], 'https://a.test'],
  }
  const all = Object.entries(wrong).flatMap(([name, values]) =>
    values.map((value) => ({ authorize: 'public', [name]: value })),
  )
  for (const options of [undefined, {}, { authorize: true }, ...all] as ProxyOptions[])
    throws(() => createProxyHandler(client, options), ArgumentError)
  throws(() => createProxyHandler({ ...client }, { authorize: 'public' }), ArgumentError)
})

test('what authorize gives', async () => {
  const yes: unknown[] = ['public', () => true, async () => true, () => ({ groupId: 'ada' })]
  for (const authorize of yes) assert.is((await ask(authorize, fakeFetch(ok([])))).status, 200)
  const no = [false, undefined, null, 0, 1, 'yes', 'public', {}, [], { groupId: undefined }, { ok: true }]
  for (const given of no) {
    const pod = fakeFetch(ok([]))
    const response = await ask(() => given, pod)
    assert.is(response.status, 403, `${given}`)
    assert.equal(await response.json(), { status: 'error', errors: ['Forbidden'] })
    assert.is(pod.calls.length, 0)
  }
  const pod = fakeFetch(ok([]))
  const answer = new Response('Sign in', { status: 401, headers: { 'www-authenticate': 'Bearer' } })
  assert.is(await ask(() => answer, pod), answer)
  for (const groupId of ['', '..', 7, null, '\ud800']) {
    await rejects(
      ask(() => ({ groupId }), pod),
      Error,
    )
  }
  const mine = new Error('the database is down')
  assert.is(await ask(() => Promise.reject(mine), pod).catch((error) => error), mine)
  const fail = () => {
    throw mine
  }
  assert.is(await ask(fail, pod).catch((error) => error), mine)
  const reader = async (request: Request) => Boolean(await request.text())
  await rejects(ask(reader, pod, form()), Error)
  assert.is(pod.calls.length, 0)
})

test('the options are those that were given, whatever becomes of the object', async () => {
  const allow = { operations: ['checkHealth' as const], workflowIds: ['a'] }
  const cors = ['https://a.test']
  const pod = fakeFetch(ok([]))
  const handler = handlerOf(pod, { allow, cors })
  allow.operations.push('getQueue' as never)
  cors.push('https://b.test')
  assert.is((await handler(call('comfy/queue'))).status, 403)
  assert.is((await handler(call('comfy/health', { headers: { origin: 'https://b.test' } }))).status, 403)
  assert.is((await handler(call('comfy/health'))).status, 200)
})

test('nothing is allowed by empty lists', async () => {
  const pod = fakeFetch(ok([]))
  const none = handlerOf(pod, { allow: { operations: [] } })
  assert.is((await none(call('comfy/health'))).status, 403)
  const idle = handlerOf(pod, { allow: { workflowIds: [] } })
  assert.is((await idle(form())).status, 403)
  assert.is(pod.calls.length, 0)
})

test('a page of an origin that is listed may ask, preflight and all', async () => {
  const origin = 'https://page.test'
  const handler = handlerOf(fakeFetch(ok([])), { cors: [origin] })
  const asks = { origin, 'sec-fetch-site': 'cross-site' }
  const before = await handler(
    call('comfy/health', {
      method: 'OPTIONS',
      headers: { ...asks, 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-a' },
    }),
  )
  assert.is(before.status, 204)
  assert.is(before.headers.get('access-control-allow-headers'), 'x-a')
  assert.is(before.headers.get('access-control-allow-methods'), 'GET, POST')
  const bare = await handler(
    call('runs', { method: 'OPTIONS', headers: { ...asks, 'access-control-request-method': 'POST' } }),
  )
  assert.is(bare.headers.get('access-control-allow-headers'), '')
  const nobody = { 'access-control-request-method': 'GET' }
  assert.is((await handler(call('comfy/health', { method: 'OPTIONS', headers: nobody }))).status, 405)
  const after = await handler(call('comfy/health', { headers: asks }))
  const refused = await handler(call('nothing', { headers: asks }))
  for (const response of [before, bare, after, refused]) {
    assert.is(response.headers.get('access-control-allow-origin'), origin)
    assert.is(response.headers.get('access-control-allow-credentials'), 'true')
    assert.is(response.headers.get('access-control-expose-headers'), 'retry-after, x-request-id')
    assert.is(response.headers.get('vary'), 'Origin')
  }
  assert.equal(await after.json(), { status: 'success', data: [] })
  const own = await handler(call('comfy/health'))
  assert.is(own.headers.get('access-control-allow-origin'), null)
  assert.is(own.headers.get('vary'), 'Origin')
})

test('pages of the own site pass, from browsers of any age', async () => {
  for (const headers of [
    { 'sec-fetch-site': 'same-origin', origin: 'http://behind.test' },
    { 'sec-fetch-site': 'none' },
    { origin: site },
    // A proxy in front ends the TLS.
    { origin: 'https://app.test' },
    // A server that puts its own name into the URL.
    { origin: 'http://lan.test:3000', host: 'lan.test:3000' },
    {},
  ]) {
    assert.is((await ask('public', fakeFetch(ok([])), call('comfy/health', { headers }))).status, 200)
  }
})

test('pages of other sites do not pass, whatever the host is', async () => {
  for (const headers of [
    { origin: 'http://evil.test', host: 'lan.test' },
    { origin: 'http://lan.test', host: 'lan.test:3000' },
    { origin: 'http://lan.test.evil.test', host: 'lan.test' },
    { origin: 'null', host: 'null' },
    { origin: 'http://evil.test' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'cross-site', origin: site, host: 'app.test' },
    { 'sec-fetch-site': 'same-site', origin: 'http://a.app.test', host: 'a.app.test' },
  ]) {
    for (const request of [
      call('comfy/health', { headers }),
      form({ headers }),
      call('runs/r/cancel', { method: 'POST', headers }),
    ]) {
      const pod = fakeFetch(ok([]))
      assert.is((await ask('public', pod, request)).status, 403)
      assert.is(pod.calls.length, 0)
    }
  }
})

test('a base URL with a path, a headers function, an injected fetch', async () => {
  const pod = fakeFetch(ok([]))
  const client = createClient({
    baseUrl: 'https://gate.test/pods/7/',
    headers: async () => ({ authorization: 'Bearer of-the-server' }),
    fetch: pod,
  })
  const handler = createProxyHandler(client, { authorize: 'public', basePath: '/a.b/~c' })
  const request = new Request(`${site}/a.b/~c/api/v1/runs?page=2&sort_by=a%26b&x=1`, {
    headers: { authorization: 'Bearer of-the-caller' },
  })
  assert.is((await handler(request)).status, 200)
  const [{ url, headers, init }] = pod.calls as [(typeof pod.calls)[0]]
  assert.is(url.href, 'https://gate.test/pods/7/api/v1/runs?sort_by=a%26b&page=2')
  assert.equal([...headers], [['authorization', 'Bearer of-the-server']])
  assert.is(init.redirect, 'manual')

  const mine = new Error('no token today')
  const broken = createClient({
    baseUrl: 'https://gate.test',
    headers: () => Promise.reject(mine),
    fetch: pod,
  })
  assert.is(
    await createProxyHandler(broken, { authorize: 'public' })(call('comfy/health')).catch((error) => error),
    mine,
  )
  const pinned = createProxyHandler(broken, { authorize: () => ({ groupId: 'a' }) })
  assert.is(await pinned(call('runs/x')).catch((error) => error), mine)
  const illegal = clientWith(pod, { headers: () => ({ 'x-api-key': 'another' }) })
  await rejects(createProxyHandler(illegal, { authorize: 'public' })(call('comfy/health')), ArgumentError)
  assert.is(pod.calls.length, 1)
})

test('whatever the pod does, the caller gets an answer of ours, and the log the reason', async () => {
  const html = (status: number) =>
    new Response('<h1>nginx on ip-10-0-0-7</h1>', {
      status,
      headers: { 'content-type': 'text/html', 'retry-after': '7' },
    })
  const reset = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } })
  const cases: [given: Response | Error, status: number, log: RegExp][] = [
    [reset, 502, /got no answer: ECONNRESET$/],
    [new Error(`odd ${CANARY}`), 502, /got no answer: Error: odd \[redacted\]$/],
    [
      new Response(null, { status: 302, headers: { location: 'http://evil.test' } }),
      502,
      /was redirected \(302\)$/,
    ],
    [new Response('', { status: 308 }), 502, /was redirected \(308\)$/],
    [Response.error(), 502, /was redirected \(0\)$/],
    [json({ detail: 'no' }, { status: 401 }), 424, /refused the key of the proxy \(401\)$/],
    [json({ detail: 'no' }, { status: 403 }), 424, /refused the key of the proxy \(403\)$/],
    [html(200), 502, /gave a page \(200\)$/],
    [html(403), 424, /refused the key of the proxy \(403\)$/],
    [html(404), 404, /gave a page \(404\)$/],
    [html(503), 503, /gave a page \(503\)$/],
  ]
  for (const [given, status, line] of cases) {
    for (const request of [call('comfy/health'), form()]) {
      const logger = recorder()
      const response = await handlerOf(fakeFetch(given), {}, { logger })(request)
      assert.is(response.status, status)
      const said =
        status === 424 ? 'The pod refused the apiKey of the proxy' : 'The pod gave no usable answer'
      assert.equal((await response.json()).errors, [said])
      assert.is(response.headers.get('location'), null)
      const after = given instanceof Response ? given.headers.get('retry-after') : null
      assert.is(response.headers.get('retry-after'), after)
      assert.is(logger.lines.length, 1)
      assert.match(logger.lines[0]!.message, line)
      assert.match(logger.lines[0]!.message, /^(GET|POST) \/api\/v1\/(comfy\/health|runs) /)
    }
  }
})

test('a logger that throws or never ends holds nothing up', async () => {
  for (const error of [
    () => {
      throw new Error('disk full')
    },
    () => Promise.reject(new Error('disk full')),
    () => new Promise<never>(() => {}),
  ]) {
    const logger = { ...recorder(), error: error as () => void }
    const handler = handlerOf(fakeFetch(new Error('down')), {}, { logger })
    assert.is((await handler(call('comfy/health'))).status, 502)
  }
})

test('what passes of an answer', async () => {
  const given = (body: BodyInit | null, status: number, type?: string) =>
    new Response(body, {
      status,
      headers: {
        ...(type && { 'content-type': type }),
        'set-cookie': 'a=1',
        'x-internal': 'b',
        'retry-after': '3',
        'x-request-id': `id-${CANARY}`,
        'access-control-allow-origin': '*',
        'content-encoding': 'br',
      },
    })
  const cases: [given: Response, type: string | null, body: string][] = [
    [given('{"a":1}', 200, 'application/json; charset=utf-8'), 'application/json', '{"a":1}'],
    [given('{"a":1}', 422, 'application/problem+json'), 'application/json', '{"a":1}'],
    [given('Internal Server Error', 500, 'text/plain'), 'text/plain; charset=utf-8', 'Internal Server Error'],
    [given('<script>', 200, 'image/svg+xml'), 'text/plain; charset=utf-8', '<script>'],
    [given(null, 204), null, ''],
    [given(null, 205), null, ''],
    [given('busy', 429), 'text/plain; charset=utf-8', 'busy'],
  ]
  for (const [answer, type, body] of cases) {
    for (const request of [call('runs/output?filename=a'), form()]) {
      const response = await ask('public', async () => answer.clone(), request)
      assert.is(response.status, answer.status)
      assert.equal(Object.fromEntries(response.headers), {
        ...(type && { 'content-type': type }),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'retry-after': '3',
        'x-request-id': 'id-[redacted]',
      })
      assert.is(await response.text(), body)
    }
  }
})

test('an echo of the key is taken out, wherever the pieces end; results keep the rest', async () => {
  const secret = 'bearer "quoted" tok\\en-of-9'
  const given = [
    `${CANARY}é${CANARY}`,
    { [CANARY]: secret.split(' ')[2] },
    '🦊🦊',
    'application/x-thing',
    CANARY.slice(0, -1),
  ]
  for (const size of [1, 2, 3, 7, 64, 10_000]) {
    for (const [status, word] of [
      [200, 'success'],
      [200, 'failed'],
      [422, 'success'],
    ] as const) {
      const bytes = new TextEncoder().encode(JSON.stringify({ status: word, data: given }))
      const pod: Fetch = async () => {
        let at = 0
        const body = new ReadableStream({
          pull(controller) {
            controller.enqueue(bytes.slice(at, at + size))
            at += size
            if (at >= bytes.length) controller.close()
          },
        })
        return new Response(body, { status, headers: { 'content-type': 'application/json' } })
      }
      for (const request of [call('runs/a'), form()]) {
        const headers = { authorization: secret, 'x-accept': 'application/x-thing' }
        const response = await handlerOf(pod, {}, { headers })(request)
        const { data } = await response.json()
        const hidden = '[redacted]'
        // The ordinary words of a header are taken out of errors only.
        const plain = status === 200 && word === 'success' ? 'application/x-thing' : hidden
        assert.equal(data, [`${hidden}é${hidden}`, { [hidden]: hidden }, '🦊🦊', plain, CANARY.slice(0, -1)])
        assertNoCanary(data)
      }
    }
  }
  const bare = createClient({ baseUrl: 'http://pod.test', fetch: async () => ok(['a']) })
  const response = await createProxyHandler(bare, { authorize: 'public' })(call('runs'))
  assert.equal(await response.json(), { status: 'success', data: ['a'] })
})

test('a text streams without an echo of the key, wherever the pieces end; keys of any length', async () => {
  for (const apiKey of [CANARY, 'k3y', 'two words']) {
    const text = `${apiKey}é${apiKey}, ${apiKey}🦊 tokens-of-ada ${apiKey.slice(0, -1)}`
    const bytes = new TextEncoder().encode(text)
    for (const size of [1, 2, 3, 7, 64]) {
      const body = new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
          controller.close()
        },
      })
      const pod = async () => new Response(body, { headers: { 'content-type': 'text/plain' } })
      const headers = { authorization: 'Token tokens-of-ada' }
      const response = await handlerOf(pod, {}, { apiKey, headers })(call('runs'))
      const hidden = '[redacted]'
      const rest = apiKey.slice(0, -1)
      assert.is(await response.text(), `${hidden}é${hidden}, ${hidden}🦊 ${hidden} ${rest}`)
    }
  }
})

test('JSON without an echo is passed as it came; with one, or in part, it is not', async () => {
  const answer = (text: string, status = 200) =>
    ask('public', async () => new Response(text, { status, headers: { 'content-type': 'application/json' } }))
  const text = '{ "seed": 18446744073709551615, "a": 1.0, "a": "\\u00e9\\/" }'
  for (const status of [200, 422]) assert.is(await (await answer(text, status)).text(), text)
  const echo = await answer(`{ "a": [1, "${CANARY}"], "__proto__": 1 }`)
  assert.is(await echo.text(), '{"a":[1,"[redacted]"],"__proto__":1}')
  // In JSON that can't be read nothing can be found; the status still counts.
  const said = { status: 'error', errors: ['The pod gave no usable answer'] }
  for (const [given, status] of [
    [200, 502],
    [429, 429],
    [503, 503],
  ] as const) {
    const broken = await answer('{"a":"', given)
    assert.is(broken.status, status)
    assert.equal(await broken.json(), said)
    const empty = await answer('', given)
    assert.is(empty.status, given)
    assert.is(await empty.text(), '')
  }
  // Neither can it in what is nested too deep to be looked through.
  assert.is((await answer('['.repeat(100_000) + ']'.repeat(100_000))).status, 502)
  // An execute is read as a whole, whatever its type.
  const body = `{"a":"\\u0066${CANARY.slice(1)}"}`
  const pod = async () => new Response(body, { headers: { 'content-type': 'text/plain' } })
  const executed = await ask('public', pod, form())
  assert.is(await executed.text(), '{"a":"[redacted]"}')
})

test('authorize may answer with a Response of any class', async () => {
  const pod = fakeFetch(ok([]))
  const other = new OtherResponse('Sign in', { status: 401 })
  assert.not(other instanceof Response)
  assert.is(await ask(() => other, pod), other)
  // Neither of these is one; a session may have a status.
  for (const session of [{ status: 401 }, { status: 'active' }, new Blob(['x']), { arrayBuffer() {} }]) {
    assert.is((await ask(() => session, pod)).status, 403)
    assert.is((await ask(() => Object.assign(session, { groupId: 'ada' }), pod)).status, 200)
  }
})

timed('the look for the owner of a run or an output takes the time-out of the client', async ({ clock }) => {
  const logger = recorder()
  let lookups = 0
  const pod: Fetch = async () => {
    await new Promise((resolve) => setTimeout(resolve, 400))
    return ok([{ _id: `run-${lookups++}`, status: 'completed' }])
  }
  const handler = handlerOf(pod, { authorize: () => ({ groupId: 'ada' }) }, { timeoutMs: 1000, logger })
  const pending = handler(call('runs/output?filename=of-bob.png'))
  await clock.tickAsync(1000)
  assert.is((await pending).status, 504)
  assert.is(lookups, 2)
  assert.equal(pluck(logger.lines, 'message'), ['GET /api/v1/runs timed out after 200ms'])
  await clock.tickAsync(400)
})

test('an execute whose answer has no end is given up', async () => {
  let cancelled = 0
  const pod: Fetch = async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1 << 20).fill(97)),
      cancel: () => void cancelled++,
    })
    return new Response(body, { headers: { 'content-type': 'application/json' } })
  }
  assert.is((await ask('public', pod, form())).status, 502)
  assert.is(cancelled, 1)
})

test('a form that breaks off is no fault of the pod', async () => {
  const logger = recorder()
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(9)),
    pull: (controller) => controller.error(new Error('reset')),
  })
  const read: Fetch = async (_url, { body }) => {
    await new Response(body).text()
    return ok({})
  }
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  const request = form({ body, headers, duplex: 'half' } as RequestInit)
  const response = await handlerOf(read, {}, { logger })(request)
  assert.is(response.status, 400)
  assert.equal(await response.json(), { status: 'error', errors: ['The upload broke off'] })
  assert.equal(logger.lines, [])
})

test('an answer that is not shown, or not read to its end, is let go', async () => {
  let cancelled = 0
  const pod =
    (status: number, type: string): Fetch =>
    async () => {
      const body = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(100)),
        cancel: () => void cancelled++,
      })
      return new Response(body, { status, headers: { 'content-type': type } })
    }
  assert.is((await ask('public', pod(200, 'text/html'))).status, 502)
  assert.is(cancelled, 1)
  assert.is((await ask('public', pod(307, 'application/json'))).status, 502)
  assert.is(cancelled, 2)
  const response = await ask('public', pod(200, 'application/json'))
  await response.body!.cancel()
  assert.is(cancelled, 3)
})

timed('an execute has more time, by its length, or by the longest that may come', async ({ clock }) => {
  const logger = recorder()
  const slow: Fetch = () => new Promise((resolve) => setTimeout(() => resolve(ok({})), 200))
  const handler = handlerOf(slow, {}, { timeoutMs: 20, logger })
  const patient = handlerOf(() => new Promise(() => {}), { maxBodyBytes: 600_000 }, { timeoutMs: 20, logger })
  for (const [request, status] of [
    [form(), 200],
    [call('comfy/health'), 504],
  ] as const) {
    let got: number | undefined
    handler(request).then((response) => {
      got = response.status
    })
    for (let ms = 0; ms < 1000 && !got; ms += 10) await clock.tickAsync(10)
    assert.is(got, status)
  }
  for (const [headers, ms] of [
    [{}, 3020],
    [{ 'content-length': '300000' }, 2020],
  ] as const) {
    const type = { 'content-type': 'multipart/form-data; boundary=b' }
    const pending = patient(form({ body: 'x', headers: { ...headers, ...type } }))
    await clock.tickAsync(ms)
    assert.is((await pending).status, 504)
    assert.match(logger.lines.at(-1)!.message, `timed out after ${ms}ms`)
  }
  await clock.tickAsync(200)
})

/** Clients of users, each behind the same proxy, whose fetch is the handler. */
function users(dialect: Dialect, workflows?: Parameters<typeof createEmulator>[0]) {
  const emulator = createEmulator({ apiKey: CANARY, speed: 1000, dialect, ...workflows })
  const client = createClient({ baseUrl: emulator.url, apiKey: CANARY, fetch: emulator.fetch })
  const handler = createProxyHandler(client, {
    basePath: '/api/flowscale',
    authorize: (request) => {
      const groupId = request.headers.get('x-user')
      return groupId ? { groupId } : false
    },
  })
  const as = (user: string) =>
    createClient({
      baseUrl: `${site}/api/flowscale`,
      headers: { 'x-user': user },
      maxRetries: 0,
      fetch: (url, init) => handler(new Request(url, init)),
    })
  return { emulator, client, as }
}

for (const dialect of ['readme', 'openapi', 'python'] as const) {
  test(`groups: each user has its own runs (${dialect})`, async () => {
    const { emulator, client, as } = users(dialect)
    const [ada, bob] = [as('ada'), as('bob')]
    const options = { pollIntervalMs: 5 }
    const { runId, outputs } = await executeWorkflowAsync(
      ada,
      'd1ptych7two2',
      { prompt: 'dawn' },
      { ...options, groupId: 'bob' },
    )
    assert.is(outputs.length, 2)
    // Older ones of many, over pages.
    for (let i = 0; i < 120; i++) await executeWorkflow(ada, 'fa1lsa1ways0', {})
    const { data: mine } = await getRuns(client, { groupId: 'ada', pageSize: 100 })
    assert.ok(mine.runs.length >= 100)
    assert.is((await getRuns(client, { groupId: 'bob' })).data.runs.length, 0)

    const [name] = outputs.map(({ filename }) => filename) as [string]
    assert.is((await getRun(ada, runId)).data.status, 'completed')
    for (const form of [name, name.replace('.png', '')]) {
      assert.match((await getOutput(ada, form))!.data.download_url!, /^http/)
    }
    // Not there, or, as a run is going that may make it, not yet.
    assert.is(await getOutput(ada, name.replace('.png', '.jpg')).catch(() => null), null)
    assert.is(
      (await getRuns(ada)).data.runs.length,
      (await getRuns(client, { groupId: 'ada' })).data.runs.length,
    )

    const known = [
      getRun(bob, runId),
      getOutput(bob, name),
      cancelRun(bob, runId),
      getRuns(bob, { groupId: 'ada' }),
    ]
    const unknown = [getRun(bob, 'no-such-run'), getOutput(bob, 'no-such.png'), cancelRun(bob, 'no-such-run')]
    // The same for what is not there.
    const fields = { status: 404, body: { status: 'error', errors: ['Not Found'] } }
    for (const refused of [...known, ...unknown]) await rejects(refused, HttpError, fields)
    assert.is((await getRuns(bob)).data.runs.length, 0)

    const endless = await executeWorkflow(ada, 'nev3rend5run', {})
    assert.is(await statusOf(cancelRun(bob, endless.data.run_id)), 404)
    assert.is(emulator.stateOf(endless.data.run_id)!.status !== 'cancelled', true)
    if (dialect !== 'openapi') {
      await cancelRun(ada, endless.data.run_id)
      assert.is(emulator.stateOf(endless.data.run_id)!.status, 'cancelled')
    }
    // A run that nobody put in a group.
    const stray = await executeWorkflow(client, 'fa1lsa1ways0', {})
    assert.is(await statusOf(getRun(ada, stray.data.run_id)), 404)
    const all: string[] = []
    for await (const run of iterateRuns(ada)) all.push(run._id)
    assert.is(all.includes(stray.data.run_id), false)
    assert.is(all.length, 122)
    emulator.close()
  })
}

const statusOf = async (promise: Promise<unknown>): Promise<number | undefined> => {
  try {
    await promise
    return 200
  } catch (error) {
    return error instanceof HttpError ? error.status : undefined
  }
}

test('an output that a run of the group may still make is not ready; one that it can not is not there', async () => {
  const { emulator, client, as } = users('readme')
  const { data } = await executeWorkflow(client, 'd1ptych7two2', { prompt: 'x' })
  const foreign = data.output_names[0]!
  assert.is(await statusOf(getOutput(as('ada'), foreign)), 404)
  const endless = await executeWorkflow(as('ada'), 'nev3rend5run', {})
  assert.is(await getOutput(as('ada'), foreign), null)
  await cancelRun(as('ada'), endless.data.run_id)
  assert.is(await statusOf(getOutput(as('ada'), foreign)), 404)
  emulator.close()
})

test('a pod that could not be asked whose run it is', async () => {
  const cases: [given: Response | Error, status: number, after: string | null][] = [
    [new Error('down'), 502, null],
    [json({}, { status: 429, headers: { 'retry-after': '9' } }), 429, '9'],
    [json({}, { status: 503, headers: { 'retry-after': '9' } }), 503, '9'],
    [json({ detail: 'x' }, { status: 401 }), 424, null],
    [new Response('{"sta', { headers: { 'content-type': 'application/json' } }), 502, null],
    [new Response('null', { headers: { 'content-type': 'application/json' } }), 404, null],
    [ok({ runs: 'odd' }), 404, null],
    [ok([{ run_id: 'other', group_id: 'ada' }]), 404, null],
  ]
  for (const [given, status, after] of cases) {
    for (const request of [call('runs/x'), call('runs/x/cancel', { method: 'POST' })]) {
      const pod = fakeFetch(given)
      const response = await ask(() => ({ groupId: 'ada' }), pod, request)
      assert.is(response.status, status)
      assert.is(response.headers.get('retry-after'), after)
      assert.is(
        pod.calls.some(({ init }) => init.method === 'POST'),
        false,
      )
    }
  }
  const list = fakeFetch(ok({ _id: 'x' }), json({}, { status: 500 }))
  assert.is((await ask(() => ({ groupId: 'ada' }), list, call('runs/x'))).status, 500)
})

test('a list that tells of other groups, too, is gone through', async () => {
  const runs = [
    { _id: 'a', group_id: 'bob', outputs: [{ filename: 'b.png' }], status: 'running' },
    { _id: 'b', group_id: 'ada', outputs: [], output_names: ['a'], status: 'completed' },
  ]
  const pod: Fetch = async (url) =>
    url.includes('/runs/output') ? ok({}) : ok(url.includes('/runs?') ? { runs } : {})
  const status = async (path: string) => (await ask(() => ({ groupId: 'ada' }), pod, call(path))).status
  assert.is(await status('runs/a'), 404)
  assert.is(await status('runs/b'), 200)
  assert.is(await status('runs/output?filename=b.png'), 404)
  assert.is(await status('runs/output?filename=a.png'), 200)
  assert.is(await status('runs/output?filename=a.b.png'), 404)
})

test('a lookup whose answer has no end is given up', async () => {
  let open = 0
  let type = ''
  const pod: Fetch = async () => {
    open++
    const long = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
      cancel: () => {
        open--
      },
    })
    return new Response(long, { status: 404, headers: { 'content-type': type } })
  }
  for (const one of ['application/json', 'text/plain']) {
    type = one
    const answer = await ask(() => ({ groupId: 'ada' }), pod, call('runs/x'))
    assert.equal([answer.status, open], [502, 0])
  }
})

test('what starts a run is sent as a form or a stream: Deno would send a text again by itself, after a reset', async () => {
  const fetch = fakeFetch(json({}, { status: 429 }), ok({ run_id: 'r1' }))
  const client = clientWith(fetch, { maxRetries: 1, retryDelayMs: 1 })
  await executeWorkflow(client, 'w', { text: 'no file' })
  const body = new FormData()
  body.append('text', 'no file')
  const request = new Request('http://app.test/api/v1/runs?workflow_id=w', { method: 'POST', body })
  const { status } = await createProxyHandler(client, { authorize: 'public' })(request)
  assert.is(status, 200)
  const kinds = fetch.calls.map(({ init }) => init.body?.constructor)
  assert.equal(kinds, [FormData, FormData, ReadableStream])
})
