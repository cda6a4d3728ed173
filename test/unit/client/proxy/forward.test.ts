// Uploads and answers through the proxy on real servers: they stream, end when somebody leaves, and hold nothing.
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { createClient } from '@flowscale/client'
import { createProxyHandler, type ProxyOptions } from '@flowscale/client/proxy'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { closeAll, closeLater } from '../../../support/closeLater.ts'
import { recorder } from '../../../support/fakes.ts'
import { HELD_MS, holdTimers } from '../../../support/holdTimers.ts'
import { heldBytes } from '../../../support/memory.ts'
import { type Respond, recordingPod, sendRaw, serveProxy } from '../../../support/proxied.ts'
import { until, untilStill } from '../../../support/until.ts'

const test = suite('streams through the proxy')
test.after.each(closeAll)
const mib = 1024 * 1024
const used = () => heldBytes() / mib

/** A pod, and a proxy in front of it, which rejects nothing. */
async function openProxy({
  timeoutMs = 30_000,
  ...options
}: {
  timeoutMs?: number
  maxBodyBytes?: number
} = {}) {
  const pod = closeLater(await recordingPod())
  const logger = recorder()
  const client = createClient({ baseUrl: pod.url, apiKey: CANARY, timeoutMs, logger })
  const proxy = await serveProxy(client, { authorize: 'public', ...options })
  closeLater({
    async close() {
      await proxy.close()
      assert.equal(proxy.rejections, [])
    },
  })
  return { pod, proxy, logger }
}

function deferred<T = void>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const get = (path: string) => `GET /api/v1/${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
const post = (length: number) =>
  `POST /api/v1/runs?workflow_id=w HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${length}\r\n\r\n`
const start = (response: ServerResponse, text = '', headers = {}) => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  if (text) response.write(text)
  else response.flushHeaders()
}

/** JSON is read as a whole; all else streams. */
const plain = { 'content-type': 'text/plain' }

/** Opens a connection to the proxy and gives what came so far. */
function open(port: number, bytes: string) {
  const socket: Socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  socket.write(bytes)
  return { socket, text: () => Buffer.concat(chunks).toString('latin1') }
}

test('an upload of 64 MiB: flat memory, and no faster than the pod reads', async () => {
  const { pod, proxy } = await openProxy()
  const arrived = deferred<[IncomingMessage, ServerResponse]>()
  pod.early = (request, response) => arrived.resolve([request, response])
  const piece = Buffer.alloc(mib)
  for (let i = 0; i < piece.length; i++) piece[i] = (i * 31) % 251
  const { socket, text } = open(proxy.port, post(64 * mib))
  const before = used()
  let written = 0
  const hash = createHash('sha256')
  const all = (async () => {
    for (; written < 64; written++) {
      hash.update(piece)
      if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve))
    }
  })()
  const [request, response] = await arrived.promise
  // The pod does not read: what is under way is what sockets hold.
  await untilStill(() => written)
  assert.ok(written < 40, `${written} MiB were taken from the caller`)
  const heldBefore = used() - before
  let bytes = 0
  const arrivedHash = createHash('sha256')
  request.on('data', (chunk) => {
    bytes += chunk.length
    arrivedHash.update(chunk)
  })
  await all
  await until(() => bytes === 64 * mib)
  assert.is(arrivedHash.digest('hex'), hash.digest('hex'))
  let held = used() - before
  // Chunks that have just gone through may still be on their way out.
  for (let round = 0; held >= 16 && round < 500; round++) {
    await pause(20)
    held = used() - before
  }
  assert.ok(held < 16, `${held.toFixed(1)} MiB are held at the end`)
  start(response)
  response.end('{"status":"success","data":{"run_id":"r"}}')
  await until(() => text().includes('"run_id":"r"'))
  console.log(
    `[show] an upload of 64 MiB through the proxy: ${written} sent, ${Math.max(0, heldBefore).toFixed(1)} MiB held on the way, ${Math.max(0, held).toFixed(1)} at its end`,
  )
  socket.destroy()
})

test('a text of 64 MiB starts before it ends, is read no faster than the caller reads it, and is not held', async () => {
  const { pod, proxy } = await openProxy()
  let written = 0
  const first = deferred()
  pod.respond = async (_request, response) => {
    start(response, 'a'.repeat(1000), plain)
    await first.promise
    for (; written < 64 && !response.destroyed; written++) {
      const isFull = !response.write(Buffer.alloc(mib, 97))
      if (isFull) await new Promise((resolve) => response.once('drain', resolve))
    }
    response.end()
  }
  const { socket, text } = open(proxy.port, get('runs'))
  await until(() => text().includes('aaaa'))
  assert.is(written, 0, 'the pod has not ended yet')
  socket.pause()
  first.resolve()
  await untilStill(() => written)
  assert.ok(written < 40, `${written} MiB were taken from the pod`)
  socket.removeAllListeners('data')
  let bytes = 0
  let last = ''
  socket.on('data', (chunk) => {
    bytes += chunk.length
    last = (last + chunk.toString('latin1')).slice(-20)
  })
  socket.resume()
  await until(() => last.endsWith('0\r\n\r\n'))
  assert.ok(bytes > 64 * mib)
  socket.destroy()
})

test('JSON of more than 16 MiB is not taken, and not held', async () => {
  const { pod, proxy, logger } = await openProxy()
  for (const bytes of [get('runs'), `${post(4)}form`]) {
    const closed = deferred<boolean>()
    let written = 0
    pod.respond = async (_request, response) => {
      response.on('close', () => closed.resolve(response.writableFinished))
      start(response, '{"data":"')
      for (; written < 64 && !response.destroyed; written++) {
        if (response.write(Buffer.alloc(mib, 97))) continue
        await Promise.race([closed.promise, new Promise((resolve) => response.once('drain', resolve))])
      }
      response.end('"}')
    }
    assert.is((await sendRaw(proxy.port, bytes)).status, 502)
    assert.is(await closed.promise, false)
    assert.ok(written < 64, `${written} MiB were taken from the pod`)
    assert.match(logger.lines.at(-1)!.message, /got no answer: RangeError: It is longer than 16777216 bytes$/)
  }
  const text = `{"data":"${'a'.repeat(15 * mib)}${CANARY}"}`
  pod.respond = (_request, response) => {
    start(response)
    response.end(text)
  }
  const answer = await sendRaw(proxy.port, get('runs'))
  assert.is(answer.status, 200)
  assert.is(answer.body.length, text.length - CANARY.length + '[redacted]'.length)
  assertNoCanary(answer.body.slice(-100))
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
  test(`an execute that was sent is seen through when the caller leaves ${when} its answer`, async () => {
    const { pod, proxy } = await openProxy()
    const asked = deferred<ServerResponse>()
    let closed = ''
    pod.respond = (_request, response) => {
      response.on('finish', () => {
        closed ||= 'finished'
      })
      response.on('close', () => {
        closed ||= 'cut off'
      })
      if (when === 'within') start(response, '{"status":')
      asked.resolve(response)
    }
    const { socket } = open(proxy.port, `${post(4)}form`)
    const response = await asked.promise
    if (when === 'within') await pause(50)
    socket.destroy()
    await untilStill(() => closed.length)
    assert.is(closed, '', 'the pod is still being waited for')
    if (when === 'before') start(response)
    response.end('"success"}')
    await until(() => closed)
    assert.is(closed, 'finished')
  })

  test(`whatever else is aborted when the caller leaves ${when} its answer`, async () => {
    const { pod, proxy, logger } = await openProxy()
    for (const type of ['application/json', 'text/plain']) {
      const request = get(type === 'text/plain' ? 'comfy/health' : 'runs')
      const asked = deferred<ServerResponse>()
      const closed = deferred<boolean>()
      pod.respond = (_request, response) => {
        response.on('close', () => closed.resolve(response.writableFinished))
        if (when === 'within') start(response, `{"data":"${'x'.repeat(2000)}`, { 'content-type': type })
        asked.resolve(response)
      }
      const { socket, text } = open(proxy.port, request)
      await asked.promise
      if (when === 'within') await (type === 'text/plain' ? until(() => text().includes('xxx')) : pause(50))
      socket.destroy()
      assert.is(await closed.promise, false, 'the pod is cut off')
    }
    assert.equal(logger.lines, [])
  })
}

test('a server that only aborts the signal, and leaves the answer alone, cuts the pod off, too', async () => {
  const pod = await recordingPod()
  const closed = deferred<boolean>()
  pod.respond = (_request, response) => {
    response.on('close', () => closed.resolve(response.writableFinished))
    start(response, 'x'.repeat(2000), plain)
  }
  const client = createClient({ baseUrl: pod.url, apiKey: CANARY })
  const handler = createProxyHandler(client, { authorize: 'public' })
  const left = new AbortController()
  const response = await handler(new Request('http://app.test/api/v1/comfy/health', { signal: left.signal }))
  assert.is(response.status, 200)
  left.abort()
  assert.is(await closed.promise, false)
  await pod.close()
})

test('who has left already gets nothing asked', async () => {
  const pod = await recordingPod()
  const client = createClient({ baseUrl: pod.url, apiKey: CANARY })
  const body = new FormData()
  body.append('a', 'b')
  for (const options of [
    { authorize: 'public' },
    { authorize: () => ({ groupId: 'ada' }) },
  ] as ProxyOptions[]) {
    const handler = createProxyHandler(client, options)
    for (const [path, init] of [
      ['runs?workflow_id=w', { method: 'POST', body }],
      ['comfy/health', {}],
      ['runs/x', {}],
      ['runs/x/cancel', { method: 'POST' }],
    ] as [string, RequestInit][]) {
      const signal = AbortSignal.abort('gone')
      const response = await handler(new Request(`http://app.test/api/v1/${path}`, { ...init, signal }))
      assert.is(response.status, 499)
    }
  }
  assert.is(pod.seen.length, 0)
  await pod.close()
})

/** A proxy whose time is over when the test says so. */
async function openHeldProxy() {
  const timers = holdTimers()
  closeLater({ close: timers.release })
  const opened = await openProxy({ timeoutMs: HELD_MS, maxBodyBytes: 1000 })
  return { ...opened, timers, lines: opened.logger.lines }
}

test('a pod that does not answer in time', async () => {
  const { pod, proxy, timers, lines } = await openHeldProxy()
  for (const [respond, count] of [
    [() => {}, 1],
    // One more for the pieces of the answer.
    [(_request, response) => start(response, '{"a'), 2],
  ] as [Respond, number][]) {
    const asked = deferred()
    const closed = deferred<boolean>()
    pod.respond = (request, response, seen) => {
      response.on('close', () => closed.resolve(response.writableFinished))
      respond(request, response, seen)
      asked.resolve()
    }
    const bytes = `${post(4)}form`
    const answering = sendRaw(proxy.port, bytes)
    await asked.promise
    await until(() => timers.count === count)
    // That of the whole call, which was the first.
    timers.fire(1)
    const answer = await answering
    assert.is(answer.status, 504)
    assert.equal(JSON.parse(answer.body), { status: 'error', errors: ['The pod did not answer in time'] })
    assert.is(await closed.promise, false)
    timers.fire()
  }
  for (const respond of [() => {}, (_request, response) => start(response, '{"a')] as Respond[]) {
    const asked = deferred()
    pod.respond = (request, response, seen) => {
      respond(request, response, seen)
      asked.resolve()
    }
    const answering = sendRaw(proxy.port, get('comfy/health'))
    await asked.promise
    timers.fire(1)
    assert.is((await answering).status, 504)
    timers.fire()
  }
  assert.equal(
    lines.map(({ message }) => message.replace(/\d+ms/, '')),
    [
      'POST /api/v1/runs timed out after ',
      'POST /api/v1/runs timed out after ',
      'GET /api/v1/comfy/health timed out after ',
      'GET /api/v1/comfy/health timed out after ',
    ],
  )
  // Within a stream, all that can be done is not to end it.
  const closed = deferred<boolean>()
  pod.respond = (_request, response) => {
    response.on('close', () => closed.resolve(response.writableFinished))
    start(response, 'x'.repeat(2000), plain)
  }
  const arrived = deferred()
  const cutting = sendRaw(proxy.port, get('runs'), (socket) => socket.once('data', () => arrived.resolve()))
  await arrived.promise
  await until(() => timers.count)
  timers.fire()
  const cut = await cutting
  assert.is(cut.status, 200)
  assert.is(cut.isWhole, false)
  assert.is(await closed.promise, false)
})

test('a caller that does not send what it began', async () => {
  const { pod, proxy, timers } = await openHeldProxy()
  const answering = sendRaw(proxy.port, `${post(900)}${'x'.repeat(100)}`)
  await until(() => pod.seen.length)
  timers.fire(1)
  assert.is((await answering).status, 504)
  await until(() => pod.seen[0]!.isWhole !== undefined)
  assert.is(pod.seen[0]!.isWhole, false)
})

test('a pod that breaks off, is packed, refuses early, redirects or is not there', async () => {
  const { pod, proxy } = await openProxy()
  let breakOff = () => {}
  pod.respond = (request, response) => {
    const isText = request.url!.endsWith('/health')
    start(response, `{"data":"${'x'.repeat(2000)}`, isText ? plain : {})
    breakOff = () => response.destroy()
    // Nothing of JSON, or of the answer to an execute, comes before all of it.
    if (!isText) setTimeout(breakOff, 20)
  }
  const broken = await sendRaw(proxy.port, get('comfy/health'), (socket) =>
    socket.once('data', () => breakOff()),
  )
  assert.is(broken.status, 200)
  assert.is(broken.isWhole, false)
  for (const bytes of [get('runs'), `${post(4)}form`])
    assert.is((await sendRaw(proxy.port, bytes)).status, 502)

  const text = JSON.stringify({ status: 'success', data: ['é'.repeat(500), CANARY] })
  pod.respond = (_request, response) => {
    const packed = gzipSync(text)
    const headers = { 'content-encoding': 'gzip', 'content-length': packed.length }
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(packed)
  }
  for (const bytes of [get('runs'), `${post(4)}form`]) {
    const answer = await sendRaw(proxy.port, bytes)
    assert.is(answer.headers['content-encoding'], undefined)
    assert.is(answer.body, text.replace(CANARY, '[redacted]'))
    assert.is(answer.isWhole, true)
    assertNoCanary(answer)
  }

  pod.early = (_request, response) => {
    response.writeHead(422, { 'content-type': 'application/json' }).end('{"detail":"too many"}')
  }
  const refused = await sendRaw(proxy.port, `${post(4)}form`)
  assert.is(refused.status, 422)
  assert.is(refused.body, '{"detail":"too many"}')
  pod.early = undefined

  const elsewhere = await recordingPod()
  for (const status of [301, 302, 303, 307, 308]) {
    pod.respond = (_request, response) => {
      response.writeHead(status, { location: `${elsewhere.url}/steal` }).end()
    }
    for (const bytes of [get('runs'), `${post(4)}form`]) {
      const answer = await sendRaw(proxy.port, bytes)
      assert.is(answer.status, 502)
      assert.is(answer.headers.location, undefined)
      assert.not.match(answer.body, /steal/)
    }
  }
  assert.is(elsewhere.seen.length, 0, 'no redirect is followed')
  await elsewhere.close()
  await pod.close()
  for (const bytes of [get('runs'), `${post(4)}form`])
    assert.is((await sendRaw(proxy.port, bytes)).status, 502)
})
