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
import { createProxyHandler, type ProxyOperation, type ProxyOptions } from '@flowscale/client/proxy'
import { createEmulator, type Dialect } from '@flowscale/emulator'
import { Response as OtherResponse } from 'undici'
import { assert, rejects, suite, throws } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, json, ok, recorder } from '../../../support/fakes.ts'
import { pluck } from '../../../support/pluck.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { ask, byUser, call, form, handlerOf } from './kit.ts'

const test = suite('createProxyHandler')
const timed = suiteWithClock('createProxyHandler, timed')
const site = 'http://app.test'
const pinned = () => ({ groupId: 'ada' })

test('wrong options are told by name', () => {
  const client = clientWith()
  const wrong: Record<string, unknown[]> = {
    allowed: [[]],
    allow: [
      ['getRun'],
      { ops: [] },
      { operations: ['getrun'] },
      { operations: ['getPreview'] },
      { workflowIds: [''] },
    ],
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
  // A session may have a status, and is no `Response`.
  const sessions = [{ status: 401 }, { status: 'active' }, new Blob(['x']), { arrayBuffer() {} }]
  const yes = ['public', () => true, async () => true, pinned, () => Object.assign(new Blob([]), pinned())]
  for (const authorize of yes) assert.is((await ask(authorize, fakeFetch(ok([])))).status, 200)
  const pod = fakeFetch(ok([]))
  const no = [false, undefined, null, 0, 1, 'yes', 'public', {}, [], { groupId: undefined }, { ok: true }]
  for (const given of [...no, ...sessions]) {
    const response = await ask(() => given, pod)
    assert.is(response.status, 403, `${given}`)
    assert.equal(await response.json(), { status: 'error', errors: ['Forbidden'] })
  }
  const other = new OtherResponse('Sign in', { status: 401 })
  assert.not(other instanceof Response)
  for (const answer of [new Response('Sign in', { status: 401 }), other]) {
    assert.is(await ask(() => answer, pod), answer)
  }
  for (const groupId of ['', '..', 7, null, '\ud800']) {
    await rejects(
      ask(() => ({ groupId }), pod),
      Error,
    )
  }
  const mine = new Error('the database is down')
  const fail = () => {
    throw mine
  }
  for (const authorize of [fail, async () => fail()]) {
    assert.is(await ask(authorize, pod).catch((error) => error), mine)
  }
  const reader = async (request: Request) => Boolean(await request.text())
  await rejects(ask(reader, pod, form()), Error)
  assert.is(pod.calls.length, 0)
})

test('a preview is asked for with nothing but its link, where a run may be read', async () => {
  const link = 'runs/r/preview?number=1&expires=2&signature=3'
  const headers = { authorization: 'of-the-proxy' }
  const authorize = () => {
    throw new Error('asked')
  }
  const cases: [operations: ProxyOperation[] | undefined, status: number][] = [
    [undefined, 200],
    [['getRun'], 200],
    [['connectEvents', 'getOutput'], 200],
    [['getRuns', 'executeWorkflow'], 403],
    [[], 403],
  ]
  for (const [operations, status] of cases) {
    const type = { 'content-type': 'image/jpeg', 'set-cookie': 'pod=1', 'cache-control': 'public' }
    const pod = fakeFetch(new Response('a picture', { headers: type }))
    const allow = operations && { operations }
    const handler = handlerOf(pod, { authorize, allow, cors: ['https://app.test'] }, { headers })
    const response = await handler(call(link, { headers: { origin: 'https://app.test' } }))
    assert.is(response.status, status)
    if (status === 403) {
      assert.is(pod.calls.length, 0)
      continue
    }
    assert.equal([...pod.calls[0]!.headers], [])
    assert.equal(Object.fromEntries(response.headers), {
      'access-control-allow-credentials': 'true',
      'access-control-allow-origin': 'https://app.test',
      'access-control-expose-headers': 'retry-after, x-request-id, x-idempotency',
      'cache-control': 'no-store',
      'content-security-policy': 'sandbox',
      'content-type': 'image/jpeg',
      vary: 'Origin',
      'x-content-type-options': 'nosniff',
    })
    assert.is(await response.text(), 'a picture')
  }
})

test('a preview that fails: no link in the log', async () => {
  const link = 'http://pod.test/api/v1/runs/r/preview?number=1&expires=2&signature=of-3'
  for (const given of [
    new TypeError(`error sending request for url (${link})`),
    new Response('', { status: 500 }),
  ]) {
    const logger = recorder()
    const handler = handlerOf(fakeFetch(given), {}, { logger })
    const response = await handler(call('runs/r/preview?number=1&expires=2&signature=of-3'))
    assert.is(response.status, 502)
    assert.is(logger.lines.length, 1)
    assert.not.match(JSON.stringify([logger.lines, await response.text()]), /of-3/)
  }
})

test('the options are those that were given, whatever becomes of the object; empty lists allow nothing', async () => {
  const allow = { operations: ['checkHealth' as const], workflowIds: ['a'] }
  const cors = ['https://a.test']
  const pod = fakeFetch(ok([]))
  const handler = handlerOf(pod, { allow, cors })
  allow.operations.push('getQueue' as never)
  cors.push('https://b.test')
  const headers = { origin: 'https://b.test' }
  for (const [answering, status] of [
    [handler(call('comfy/queue')), 403],
    [handler(call('comfy/health', { headers })), 403],
    [handlerOf(pod, { allow: { operations: [] } })(call('comfy/health')), 403],
    [handlerOf(pod, { allow: { workflowIds: [] } })(form()), 403],
    [handler(call('comfy/health')), 200],
  ] as const) {
    assert.is((await answering).status, status)
  }
  assert.is(pod.calls.length, 1)
})

test('a page of an origin that is listed may ask, preflight and all', async () => {
  const origin = 'https://page.test'
  const handler = handlerOf(fakeFetch(ok([])), { cors: [origin] })
  const asks = { origin, 'sec-fetch-site': 'cross-site' }
  const preflight = (headers: Record<string, string>) =>
    handler(
      call('runs', { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST', ...headers } }),
    )
  const before = await preflight({ ...asks, 'access-control-request-headers': 'x-a' })
  assert.is(before.status, 204)
  assert.is(before.headers.get('access-control-allow-headers'), 'x-a')
  assert.is(before.headers.get('access-control-allow-methods'), 'GET, POST')
  const bare = await preflight(asks)
  assert.is(bare.headers.get('access-control-allow-headers'), '')
  assert.is((await preflight({})).status, 405)
  const after = await handler(call('comfy/health', { headers: asks }))
  const refused = await handler(call('nothing', { headers: asks }))
  for (const response of [before, bare, after, refused]) {
    assert.is(response.headers.get('access-control-allow-origin'), origin)
    assert.is(response.headers.get('access-control-allow-credentials'), 'true')
    assert.is(
      response.headers.get('access-control-expose-headers'),
      'retry-after, x-request-id, x-idempotency',
    )
    assert.is(response.headers.get('vary'), 'Origin')
  }
  assert.equal(await after.json(), { status: 'success', data: [] })
  const own = await handler(call('comfy/health'))
  assert.is(own.headers.get('access-control-allow-origin'), null)
  assert.is(own.headers.get('vary'), 'Origin')
})

test('pages of the own site pass, from browsers of any age; those of other sites do not, whatever the host is', async () => {
  const cases: [headers: Record<string, string>, status: number][] = [
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://behind.test' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ origin: site }, 200],
    // A proxy in front ends the TLS.
    [{ origin: 'https://app.test' }, 200],
    // A server that puts its own name into the URL.
    [{ origin: 'http://lan.test:3000', host: 'lan.test:3000' }, 200],
    [{}, 200],
    [{ origin: 'http://evil.test', host: 'lan.test' }, 403],
    [{ origin: 'http://lan.test', host: 'lan.test:3000' }, 403],
    [{ origin: 'http://lan.test.evil.test', host: 'lan.test' }, 403],
    [{ origin: 'null', host: 'null' }, 403],
    [{ origin: 'http://evil.test' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site', origin: site, host: 'app.test' }, 403],
    [{ 'sec-fetch-site': 'same-site', origin: 'http://a.app.test', host: 'a.app.test' }, 403],
  ]
  for (const [headers, status] of cases) {
    const cancel = call('runs/r/cancel', { method: 'POST', headers })
    for (const request of [call('comfy/health', { headers }), form({ headers }), cancel]) {
      const pod = fakeFetch(ok([]))
      assert.is((await ask('public', pod, request)).status, status)
      assert.is(pod.calls.length, status === 200 ? 1 : 0)
    }
  }
})

test('a base URL with a path, a headers function, an injected fetch', async () => {
  const pod = fakeFetch(ok([]))
  const at = (headers: () => Promise<Record<string, string>>) =>
    createClient({ baseUrl: 'https://gate.test/pods/7/', headers, fetch: pod })
  const client = at(async () => ({ authorization: 'Bearer of-the-server' }))
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
  const broken = at(() => Promise.reject(mine))
  for (const authorize of ['public', pinned] as const) {
    const failing = createProxyHandler(broken, { authorize })(call('runs/x'))
    assert.is(await failing.catch((error) => error), mine)
  }
  const illegal = clientWith(pod, { headers: () => ({ 'x-api-key': 'another' }) })
  await rejects(createProxyHandler(illegal, { authorize: 'public' })(call('comfy/health')), ArgumentError)
  assert.is(pod.calls.length, 1)
})

test('a visitor names no address that hears of a run', async () => {
  const pod = fakeFetch(ok({ run_id: 'r' }))
  const handler = createProxyHandler(clientWith(pod), { authorize: pinned })
  const body = new FormData()
  body.append('prompt', 'a')
  const request = call('runs?workflow_id=w&webhook_url=https%3A%2F%2Fvisitor.test', { method: 'POST', body })
  assert.is((await handler(request)).status, 200)
  assert.equal([...pod.calls[0]!.url.searchParams.keys()].sort(), ['group_id', 'workflow_id'])
  const resend = await handler(call('runs/r/webhook/resend', { method: 'POST' }))
  assert.equal([resend.status, pod.calls.length], [404, 1])
})

timed('the look for the owner of a run or an output takes the time-out of the client', async ({ clock }) => {
  const logger = recorder()
  let lookups = 0
  const pod: Fetch = async () => {
    await new Promise((resolve) => setTimeout(resolve, 400))
    return ok([{ _id: `run-${lookups++}`, status: 'completed' }])
  }
  const handler = handlerOf(pod, { authorize: pinned }, { timeoutMs: 1000, logger })
  const pending = handler(call('runs/output?filename=of-bob.png'))
  await clock.tickAsync(1000)
  assert.is((await pending).status, 504)
  assert.is(lookups, 2)
  assert.equal(pluck(logger.lines, 'message'), ['GET /api/v1/runs timed out after 200ms'])
  await clock.tickAsync(400)
})

/** Clients of users, each behind the same proxy, whose fetch is the handler. */
function users(dialect: Dialect) {
  const emulator = createEmulator({ apiKey: CANARY, speed: 1000, dialect })
  const client = createClient({ baseUrl: emulator.url, apiKey: CANARY, fetch: emulator.fetch })
  const handler = createProxyHandler(client, { basePath: '/api/flowscale', authorize: byUser })
  const as = (user: string) =>
    createClient({
      baseUrl: `${site}/api/flowscale`,
      headers: { 'x-user': user },
      maxRetries: 0,
      fetch: (url, init) => handler(new Request(url, init)),
    })
  return { emulator, client, ada: as('ada'), bob: as('bob') }
}

const notFound = { status: 404, body: { status: 'error', errors: ['Not Found'] } }

for (const dialect of ['readme', 'openapi', 'python'] as const) {
  test(`groups: each user has its own runs (${dialect})`, async () => {
    const { emulator, client, ada, bob } = users(dialect)
    const inputs = { prompt: 'dawn' }
    const { runId, outputs } = await executeWorkflowAsync(ada, 'd1ptych7two2', inputs, {
      pollIntervalMs: 5,
      groupId: 'bob',
    })
    assert.is(outputs.length, 2)
    assert.is((await getRuns(client, { groupId: 'bob' })).data.runs.length, 0)
    const [name] = outputs.map(({ filename }) => filename) as [string]
    assert.is((await getRun(ada, runId)).data.status, 'completed')
    for (const form of [name, name.replace('.png', '')]) {
      assert.match((await getOutput(ada, form))!.data.download_url!, /^http/)
    }
    // Not there, or, as a run is going that may make it, not yet.
    assert.is(await getOutput(ada, name.replace('.png', '.jpg')).catch(() => null), null)

    const endless = (await executeWorkflow(ada, 'nev3rend5run', {})).data.run_id
    // A run that nobody put in a group.
    const stray = (await executeWorkflow(client, 'fa1lsa1ways0', {})).data.run_id
    for (const refused of [
      ...[getRun(bob, runId), getOutput(bob, name), cancelRun(bob, runId), getRuns(bob, { groupId: 'ada' })],
      // The same for what is not there.
      ...[getRun(bob, 'no-such-run'), getOutput(bob, 'no-such.png'), cancelRun(bob, 'no-such-run')],
    ]) {
      await rejects(refused, HttpError, notFound)
    }
    for (const refused of [cancelRun(bob, endless), getRun(ada, stray)]) {
      assert.is((await refused.catch((error) => error)).status, 404)
    }
    assert.is((await getRuns(bob)).data.runs.length, 0)
    assert.is.not(emulator.stateOf(endless)!.status, 'cancelled')
    if (dialect !== 'openapi') {
      await cancelRun(ada, endless)
      assert.is(emulator.stateOf(endless)!.status, 'cancelled')
    }
    const all: string[] = []
    for await (const run of iterateRuns(ada)) all.push(run._id)
    assert.equal(all.sort(), [endless, runId].sort())
    emulator.close()
  })
}

test('an output that a run of the group may still make is not ready; one that it can not is not there', async () => {
  const { emulator, client, ada } = users('readme')
  const { data } = await executeWorkflow(client, 'd1ptych7two2', { prompt: 'x' })
  const get = () => getOutput(ada, data.output_names[0]!).catch(({ status }) => status)
  assert.is(await get(), 404)
  const endless = await executeWorkflow(ada, 'nev3rend5run', {})
  assert.is(await get(), null)
  await cancelRun(ada, endless.data.run_id)
  assert.is(await get(), 404)
  emulator.close()
})

test('a pod that could not be asked whose run it is', async () => {
  const broken = (text: string) => new Response(text, { headers: { 'content-type': 'application/json' } })
  const busy = (status: number) => json({}, { status, headers: { 'retry-after': '9' } })
  const cases: [given: Response | Error, status: number, after: string | null][] = [
    [new Error('down'), 502, null],
    [busy(429), 429, '9'],
    [busy(503), 503, '9'],
    [json({ detail: 'x' }, { status: 401 }), 424, null],
    [broken('{"sta'), 502, null],
    [broken('null'), 404, null],
    [ok({ runs: 'odd' }), 404, null],
    [ok([{ run_id: 'other', group_id: 'ada' }]), 404, null],
  ]
  for (const [given, status, after] of cases) {
    for (const request of [call('runs/x'), call('runs/x/cancel', { method: 'POST' })]) {
      const pod = fakeFetch(given)
      const response = await ask(pinned, pod, request)
      assert.equal([response.status, response.headers.get('retry-after')], [status, after])
      assert.not.ok(pod.calls.some(({ init }) => init.method === 'POST'))
    }
  }
  const list = fakeFetch(ok({ _id: 'x' }), json({}, { status: 500 }))
  assert.is((await ask(pinned, list, call('runs/x'))).status, 500)
})

test('a list that tells of other groups, too, is gone through', async () => {
  const runs = [
    { _id: 'a', group_id: 'bob', outputs: [{ filename: 'b.png' }], status: 'running' },
    { _id: 'b', group_id: 'ada', outputs: [], output_names: ['a'], status: 'completed' },
  ]
  const pod = fakeFetch((url) => ok(url.pathname.endsWith('/runs') ? { runs } : {}))
  for (const [path, status] of [
    ['runs/a', 404],
    ['runs/b', 200],
    ['runs/output?filename=b.png', 404],
    ['runs/output?filename=a.png', 200],
    ['runs/output?filename=a.b.png', 404],
  ] as const) {
    assert.is((await ask(pinned, pod, call(path))).status, status, path)
  }
})
