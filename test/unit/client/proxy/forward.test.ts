// Between caller and pod: uploads and answers stream, end when somebody leaves, and hold nothing. No answer shows the key. The
// server of the proxies makes its own `Response` the global one, so that fake pods answer with it, too.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Writable } from 'node:stream'
import { createClient, executeWorkflow, type Fetch } from '@flowscale/client'
import { createProxyHandler } from '@flowscale/client/proxy'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { closeAll, closeLater } from '../../../support/closeLater.ts'
import { type Answer, fakeFetch, hang, json, ok, recorder } from '../../../support/fakes.ts'
import { heldBytes } from '../../../support/memory.ts'
import { pluck } from '../../../support/pluck.ts'
import { recordingPod, sendRaw, serveProxy } from '../../../support/proxied.ts'
import { withGlobals } from '../../../support/setGlobals.ts'
import { suiteWithClock } from '../../../support/suiteWithClock.ts'
import { until, untilStill } from '../../../support/until.ts'
import { ask, byUser, call, form, handlerOf } from './kit.ts'

const test = suite('forward')
const timed = suiteWithClock('forward, timed')
test.after.each(closeAll)
const mib = 1024 * 1024
const hidden = '[redacted]'
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const pinned = () => ({ groupId: 'ada' })

/** A pod, and a proxy in front of it, which rejects nothing. */
async function openProxy() {
  const pod = closeLater(await recordingPod())
  const logger = recorder()
  const client = createClient({ baseUrl: pod.url, apiKey: CANARY, logger })
  const proxy = await serveProxy(client, { authorize: 'public' })
  const close = async () => {
    await proxy.close()
    assert.equal(proxy.rejections, [])
  }
  closeLater({ close })
  return { pod, proxy, logger }
}

const get = (path: string) => `GET /api/v1/${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
const post = (length: number) =>
  `POST /api/v1/runs?workflow_id=w HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${length}\r\n\r\n`
const submission = `${post(4)}form`
/** JSON is read as a whole; all else streams. */
const plain = { 'content-type': 'text/plain' }
const jsonType = { 'content-type': 'application/json' }
const start = (response: ServerResponse, text: string, headers = {}) =>
  response.writeHead(200, { ...jsonType, ...headers }).write(text)

/** Opens a connection to the proxy and gives what came so far. */
function open(port: number, bytes: string) {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write(bytes)
  return { socket, text: () => Buffer.concat(chunks).toString('latin1') }
}

/** Writes 64 MiB, no faster than they are taken. */
function write(to: Writable, piece: Buffer) {
  const sent = { mibs: 0 }
  const all = async () => {
    for (; sent.mibs < 64; sent.mibs++) if (!to.write(piece)) await once(to, 'drain')
  }
  return Object.assign(sent, { all: all() })
}

test('an upload of 64 MiB: each byte, no faster than the pod reads, and not held', async () => {
  const { pod, proxy } = await openProxy()
  let arrived: [IncomingMessage, ServerResponse] | undefined
  pod.early = (request, response) => {
    arrived = [request, response]
  }
  const piece = Buffer.from(Uint8Array.from({ length: mib }, (_, index) => (index * 31) % 251))
  const { socket, text } = open(proxy.port, post(64 * mib))
  const before = heldBytes()
  const sent = write(socket, piece)
  await until(() => arrived)
  await untilStill(() => sent.mibs)
  assert.ok(sent.mibs < 40, `${sent.mibs} MiB were taken from the caller`)
  const [actual, expected] = [createHash('sha256'), createHash('sha256')]
  for await (const chunk of arrived![0]) actual.update(chunk)
  for (let count = 0; count < 64; count++) expected.update(piece)
  assert.is(actual.digest('hex'), expected.digest('hex'))
  await until(heldBytes, (bytes) => bytes - before < 16 * mib)
  start(arrived![1], '{"data":{"run_id":"r"}}')
  arrived![1].end()
  await until(() => text().includes('"run_id":"r"'))
  socket.destroy()
})

test('a text of 64 MiB starts before it ends, and is read no faster than the caller reads it', async () => {
  const { pod, proxy } = await openProxy()
  let response: ServerResponse | undefined
  pod.respond = (_request, given) => {
    response = given
    start(given, 'a'.repeat(1000), plain)
  }
  const { socket, text } = open(proxy.port, get('runs'))
  await until(() => text().includes('aaaa'))
  socket.pause()
  const sent = write(response!, Buffer.alloc(mib, 97))
  await untilStill(() => sent.mibs)
  assert.ok(sent.mibs < 40, `${sent.mibs} MiB were taken from the pod`)
  socket.resume()
  await sent.all
  response!.end()
  await once(socket, 'close')
  const body = text()
  assert.ok(body.length > 64 * mib)
  assert.ok(body.endsWith('0\r\n\r\n'))
})

test('who leaves during an upload has not executed anything', async () => {
  const { pod, proxy, logger } = await openProxy()
  const { socket } = open(proxy.port, `${post(5000)}${'x'.repeat(2000)}`)
  await until(() => pod.seen.length)
  socket.destroy()
  await until(() => pod.seen[0]!.isWhole !== undefined)
  assert.is(pod.seen[0]!.isWhole, false)
  await untilStill(() => logger.lines.length)
  assert.equal(logger.lines, [], 'it is no fault of the pod')
})

for (const when of ['before', 'within'] as const) {
  test(`a caller that leaves ${when} the answer: an execute is seen through, and all else aborted`, async () => {
    const { pod, proxy, logger } = await openProxy()
    for (const [bytes, headers] of [
      [submission, {}],
      [get('runs'), {}],
      [get('comfy/health'), plain],
    ] as const) {
      let closed = ''
      let response: ServerResponse | undefined
      pod.respond = (_request, given) => {
        given.on('finish', () => (closed ||= 'finished'))
        given.on('close', () => (closed ||= 'cut off'))
        if (when === 'within') start(given, `{"data":"${'x'.repeat(2000)}`, headers)
        response = given
      }
      const { socket, text } = open(proxy.port, bytes)
      await until(() => response)
      if (when === 'within') await (headers === plain ? until(() => text().includes('xxx')) : pause(50))
      socket.destroy()
      if (bytes === submission) {
        await untilStill(() => closed.length)
        assert.is(closed, '', 'the pod is still being waited for')
        response!.end()
      }
      await until(() => closed)
      assert.is(closed, bytes === submission ? 'finished' : 'cut off')
    }
    // A pod that answered a submission with a part of JSON has broken it.
    assert.ok(logger.lines.length < 2)
  })
}

test('a pod that breaks off, refuses early or redirects', async () => {
  const { pod, proxy } = await openProxy()
  let breakOff = () => {}
  pod.respond = (_request, response) => {
    start(response, 'x'.repeat(2000), plain)
    breakOff = () => response.destroy()
  }
  const broken = await sendRaw(proxy.port, get('runs'), (socket) => socket.once('data', () => breakOff()))
  assert.equal([broken.status, broken.isWhole], [200, false])
  const elsewhere = closeLater(await recordingPod())
  for (const bytes of [get('runs'), submission]) {
    pod.respond = (_request, response) => {
      start(response, '{"a":1')
      setTimeout(() => response.destroy(), 20)
    }
    assert.is((await sendRaw(proxy.port, bytes)).status, 502)
    for (const status of [301, 302, 303, 307, 308]) {
      pod.respond = (_request, response) =>
        response.writeHead(status, { location: `${elsewhere.url}/steal` }).end()
      const answer = await sendRaw(proxy.port, bytes)
      assert.equal([answer.status, answer.headers.location], [502, undefined])
      assert.not.match(answer.body, /steal/)
    }
  }
  assert.is(elsewhere.seen.length, 0, 'no redirect is followed')
  pod.early = (_request, response) => response.writeHead(422, jsonType).end('{}')
  const refused = await sendRaw(proxy.port, submission)
  assert.equal([refused.status, refused.body], [422, '{}'])
})

test('a server that only aborts the signal, and leaves the answer alone, cuts the pod off, too', async () => {
  const pod = fakeFetch(new Response('x', { headers: plain }))
  const left = new AbortController()
  assert.is((await handlerOf(pod)(call('comfy/health', { signal: left.signal }))).status, 200)
  left.abort()
  assert.is(pod.calls[0]!.init.signal!.aborted, true)
})

test('who has left already gets nothing asked', async () => {
  const pod = fakeFetch(ok([]))
  const signal = AbortSignal.abort('gone')
  for (const authorize of ['public', pinned]) {
    for (const request of [
      form({ signal }),
      call('comfy/health', { signal }),
      call('runs/x', { signal }),
      call('runs/x/cancel', { method: 'POST', signal }),
      call('runs/x/events', { signal }),
    ]) {
      assert.is((await ask(authorize, pod, request)).status, 499)
    }
  }
  assert.is(pod.calls.length, 0)
})

/** A body that begins and does not go on. `onCancel` is called when it is let go. */
const stalled = (text: string, onCancel = () => {}) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
    cancel: onCancel,
  })

timed(
  'a pod or a form that takes too long; a form has more time, by the longest that may come',
  async ({ clock }) => {
    const upload = (body: BodyInit, headers = {}) => {
      const type = { 'content-type': 'multipart/form-data; boundary=b' }
      return form({ body, headers: { ...type, ...headers }, duplex: 'half' } as RequestInit)
    }
    let cancelled = 0
    const half: Answer = () =>
      new Response(
        stalled('{"a', () => cancelled++),
        { headers: jsonType },
      )
    const read: Answer = async (_url, { body }) => ok(await new Response(body).text())
    for (const [request, given, ms] of [
      [call('comfy/health'), hang, 20],
      [call('comfy/health'), half, 20],
      [upload('x'), hang, 3020],
      [upload('x', { 'content-length': '300000' }), hang, 2020],
      [upload('x'), half, 3020],
      [upload(stalled('x')), read, 3020],
    ] as const) {
      const logger = recorder()
      const pod = fakeFetch(given)
      const pending = handlerOf(pod, { maxBodyBytes: 600_000 }, { timeoutMs: 20, logger })(request)
      await clock.tickAsync(ms - 1)
      assert.is(pod.calls[0]!.init.signal!.aborted, false)
      await clock.tickAsync(1)
      const response = await pending
      assert.is(response.status, 504)
      assert.equal(await response.json(), { status: 'error', errors: ['The pod did not answer in time'] })
      assert.is(pod.calls[0]!.init.signal!.aborted, true)
      const { pathname } = new URL(request.url)
      assert.equal(pluck(logger.lines, 'message'), [`${request.method} ${pathname} timed out after ${ms}ms`])
      await clock.tickAsync(ms)
    }
    assert.is(cancelled, 2)
    // Within a stream, all that can be done is not to end it.
    const pod = fakeFetch(
      () =>
        new Response(
          stalled('x', () => cancelled++),
          { headers: plain },
        ),
    )
    const response = await handlerOf(pod, {}, { timeoutMs: 20 })(call('runs'))
    const text = response.text().catch((error) => error)
    await clock.tickAsync(20)
    assert.ok((await text) instanceof Error)
    assert.equal([response.status, cancelled], [200, 3])
  },
)

test('whatever the pod does, the caller gets an answer of ours, and the log the reason', async () => {
  const html = (status: number) =>
    new Response('<h1>nginx on ip-10-0-0-7</h1>', {
      status,
      headers: { 'content-type': 'text/html', 'retry-after': '7' },
    })
  const reset = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } })
  const away = { status: 302, headers: { location: 'http://evil.test' } }
  const cases: [given: Response | Error, status: number, log: RegExp][] = [
    [reset, 502, /got no answer: ECONNRESET$/],
    [new Error(`odd ${CANARY}`), 502, /got no answer: Error: odd \[redacted\]$/],
    [new Response(null, away), 502, /was redirected \(302\)$/],
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
      const after = given instanceof Error ? null : given.headers.get('retry-after')
      assert.is(response.headers.get('retry-after'), after)
      assert.is(logger.lines.length, 1)
      assert.match(logger.lines[0]!.message, line)
      assert.match(logger.lines[0]!.message, /^(GET|POST) \/api\/v1\/(comfy\/health|runs) /)
    }
  }
})

test('a logger that throws or never ends holds nothing up', async () => {
  const fail = () => {
    throw new Error('disk full')
  }
  for (const error of [fail, async () => fail(), () => new Promise<never>(() => {})]) {
    const logger = { ...recorder(), error: error as () => void }
    const handler = handlerOf(fakeFetch(new Error('down')), {}, { logger })
    assert.is((await handler(call('comfy/health'))).status, 502)
  }
})

test('what passes of an answer', async () => {
  const text = 'text/plain; charset=utf-8'
  const cases: [body: string | null, status: number, given: string | undefined, type: string | null][] = [
    ['{"a":1}', 200, 'application/json; charset=utf-8', 'application/json'],
    ['{"a":1}', 422, 'application/problem+json', 'application/json'],
    ['Internal Server Error', 500, 'text/plain', text],
    ['<script>', 200, 'image/svg+xml', text],
    [null, 204, undefined, null],
    [null, 205, undefined, null],
    ['busy', 429, undefined, text],
  ]
  for (const [body, status, given, type] of cases) {
    const headers = {
      ...(given && { 'content-type': given }),
      ...{ 'set-cookie': 'a=1', 'x-internal': 'b', 'retry-after': '3', 'x-request-id': `id-${CANARY}` },
      ...{ 'access-control-allow-origin': '*', 'content-encoding': 'br' },
    }
    for (const request of [call('runs/output?filename=a'), form()]) {
      const response = await ask('public', fakeFetch(new Response(body, { status, headers })), request)
      assert.is(response.status, status)
      assert.equal(Object.fromEntries(response.headers), {
        ...(type && { 'content-type': type }),
        ...{ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
        ...{ 'retry-after': '3', 'x-request-id': `id-${hidden}` },
      })
      assert.is(await response.text(), body ?? '')
    }
  }
})

/** An answer whose text comes in pieces of a size. */
const inPieces = (text: string, size: number, headers: Record<string, string>, status = 200): Answer => {
  const bytes = new TextEncoder().encode(text)
  const start = (controller: ReadableStreamDefaultController) => {
    for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
    controller.close()
  }
  return () => new Response(new ReadableStream({ start }), { status, headers })
}

test('an echo of the key is taken out, wherever the pieces end; results keep the rest', async () => {
  const secret = 'bearer "quoted" tok\\en-of-9'
  const word = 'application/x-thing'
  const rest = CANARY.slice(0, -1)
  const given = [`${CANARY}é${CANARY}`, { [CANARY]: secret.split(' ')[2] }, '🦊🦊', word, rest]
  for (const size of [1, 7, 10_000]) {
    for (const [httpStatus, status, plainWord] of [
      [200, 'success', word],
      // The ordinary words of a header are taken out of errors only.
      [200, 'failed', hidden],
      [422, 'success', hidden],
    ] as const) {
      const pod = fakeFetch(inPieces(JSON.stringify({ status, data: given }), size, jsonType, httpStatus))
      for (const request of [call('runs/a'), form()]) {
        const headers = { authorization: secret, 'x-accept': word }
        const { data } = await (await handlerOf(pod, {}, { headers })(request)).json()
        assert.equal(data, [`${hidden}é${hidden}`, { [hidden]: hidden }, '🦊🦊', plainWord, rest])
        assertNoCanary(data)
      }
    }
  }
  const bare = createClient({ baseUrl: 'http://pod.test', fetch: fakeFetch(ok(['a'])) })
  const response = await createProxyHandler(bare, { authorize: 'public' })(call('runs'))
  assert.equal(await response.json(), { status: 'success', data: ['a'] })
})

test('a text streams without an echo of the key, wherever the pieces end; keys of any length', async () => {
  for (const apiKey of [CANARY, 'k3y', 'two words']) {
    const rest = apiKey.slice(0, -1)
    const text = `${apiKey}é${apiKey}, ${apiKey}🦊 tokens-of-ada ${rest}`
    for (const size of [1, 2, 3, 7, 64]) {
      const headers = { authorization: 'Token tokens-of-ada' }
      const response = await handlerOf(
        fakeFetch(inPieces(text, size, plain)),
        {},
        { apiKey, headers },
      )(call('runs'))
      assert.is(await response.text(), `${hidden}é${hidden}, ${hidden}🦊 ${hidden} ${rest}`)
    }
  }
})

test('JSON without an echo is passed as it came; with one, or in part, it is not', async () => {
  const answer = (text: string, status = 200, headers = jsonType, request?: Request) =>
    ask('public', fakeFetch(new Response(text, { status, headers })), request)
  const text = '{ "seed": 18446744073709551615, "a": 1.0, "a": "\\u00e9\\/" }'
  for (const status of [200, 422]) assert.is(await (await answer(text, status)).text(), text)
  const echo = await answer(`{ "a": [1, "${CANARY}"], "__proto__": 1 }`)
  assert.is(await echo.text(), `{"a":[1,"${hidden}"],"__proto__":1}`)
  // In JSON that can't be read nothing can be found; the status still counts.
  for (const [given, status] of [
    [200, 502],
    [429, 429],
    [503, 503],
  ] as const) {
    const broken = await answer('{"a":"', given)
    assert.is(broken.status, status)
    assert.equal(await broken.json(), { status: 'error', errors: ['The pod gave no usable answer'] })
    const empty = await answer('', given)
    assert.equal([empty.status, await empty.text()], [given, ''])
  }
  // Neither can it in what is nested too deep to be looked through.
  assert.is((await answer('['.repeat(100_000) + ']'.repeat(100_000))).status, 502)
  // An execute is read as a whole, whatever its type.
  const executed = await answer(`{"a":"\\u0066${CANARY.slice(1)}"}`, 200, plain, form())
  assert.is(await executed.text(), `{"a":"${hidden}"}`)
})

test('an answer that is too long, not shown, or not read to its end is let go', async () => {
  const cases: [request: () => Request, status: number, type: string, shown: number, authorize?: unknown][] =
    [
      [() => call('runs'), 200, 'application/json', 502],
      [form, 200, 'application/json', 502],
      [form, 200, 'text/plain', 502],
      [() => call('runs/x'), 404, 'application/json', 502, pinned],
      [() => call('runs/x'), 404, 'text/plain', 502, pinned],
      [() => call('runs'), 200, 'text/html', 502],
      [() => call('runs'), 307, 'text/plain', 502],
      [() => call('runs'), 200, 'text/plain', 200],
    ]
  for (const [request, status, type, shown, authorize = 'public'] of cases) {
    let cancelled = 0
    const pod: Fetch = async () => {
      const body = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(mib).fill(97)),
        cancel: () => void cancelled++,
      })
      return new Response(body, { status, headers: { 'content-type': type } })
    }
    const response = await ask(authorize, pod, request())
    assert.is(response.status, shown)
    await response.body!.cancel()
    assert.is(cancelled, 1, `${status} ${type}`)
  }
  const text = `{"data":"${'a'.repeat(15 * mib)}${CANARY}"}`
  const answer = await ask('public', fakeFetch(new Response(text, { headers: jsonType })))
  assert.is((await answer.text()).length, text.length - CANARY.length + hidden.length)
})

test('a form that breaks off is no fault of the pod', async () => {
  const logger = recorder()
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(9)),
    pull: (controller) => controller.error(new Error('reset')),
  })
  const read: Fetch = async (_url, { body }) => ok(await new Response(body).text())
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  const request = form({ body, headers, duplex: 'half' } as RequestInit)
  const response = await handlerOf(read, {}, { logger })(request)
  assert.is(response.status, 400)
  assert.equal(await response.json(), { status: 'error', errors: ['The upload broke off'] })
  assert.equal(logger.lines, [])
})

test('what starts a run is sent as a form or a stream: Deno would send a text again by itself, after a reset', async () => {
  const fetch = fakeFetch(json({}, { status: 429 }), ok({ run_id: 'r1' }))
  const client = clientWith(fetch, { maxRetries: 1, retryDelayMs: 1 })
  await executeWorkflow(client, 'w', { text: 'no file' })
  await createProxyHandler(client, { authorize: 'public' })(form())
  const kinds = fetch.calls.map(({ init }) => init.body?.constructor)
  assert.equal(kinds, [FormData, FormData, ReadableStream])
})

const keyed = suite('keys through the proxy')

keyed('the pod gets a hash of group and key, so that nobody gets the run of another', async () => {
  const keys: unknown[] = []
  const pod: Answer = (_, { headers }) => {
    keys.push(new Headers(headers).get('idempotency-key'))
    return ok({ run_id: 'r' })
  }
  const send = (user: string, key?: string) =>
    ask(
      byUser,
      fakeFetch(pod),
      form({ headers: { 'x-user': user, ...(key != null && { 'Idempotency-Key': key }) } }),
    )
  const rows = [
    ['ada', 'k'],
    ['bob', 'k'],
    ['ada', 'k'],
    ['ada', 'l'],
  ] as const
  for (const [user, key] of rows) assert.is((await send(user, key)).status, 200)
  const hashed = rows.map((row) => createHash('sha256').update(JSON.stringify(row)).digest('hex'))
  assert.equal(keys, hashed)
  await handlerOf(fakeFetch(pod))(form({ headers: { 'Idempotency-Key': 'k' } }))
  assert.is(keys.at(-1), createHash('sha256').update('[null,"k"]').digest('hex'), 'without a group')
  await send('ada')
  assert.is(keys.at(-1), null)
  for (const key of ['', 'a b', 'k'.repeat(256)]) assert.is((await send('ada', key)).status, 400)
  assert.is(keys.length, 6)
})

keyed('health promises what the pod promises, and nothing where no hash can be made', async () => {
  const of = (headers: Record<string, string>) =>
    ask('public', fakeFetch(json({ status: 'success', data: [] }, { headers })))
  const said = async (headers = {}) => (await of(headers)).headers.get('x-idempotency')
  assert.equal([await said({ 'x-idempotency': 'kept' }), await said()], ['kept', null])
  const fetch = fakeFetch(ok({ run_id: 'r' }))
  await withGlobals({ crypto: undefined }, async () => {
    assert.is(await said({ 'x-idempotency': 'kept' }), null)
    await ask('public', fetch, form({ headers: { 'Idempotency-Key': 'k' } }))
  })
  assert.is(fetch.calls[0]!.headers.get('idempotency-key'), null)
})
