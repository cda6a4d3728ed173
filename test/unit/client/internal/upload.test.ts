// A Blob from `fs.openAsBlob` is streamed: 256 MiB cost less than half of the copy that a plain fetch makes. And what the
// redirect mode that does it costs elsewhere.

import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  createClient,
  executeWorkflow,
  FlowScaleError,
  type HttpError,
  type NetworkError,
  TimeoutError,
  toFile,
} from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { runWorker, withAnswers } from '../../../../scripts/bench/kit.ts'
import { CANARY } from '../../../support/canary.ts'
import { HELD_MS, holdTimers } from '../../../support/holdTimers.ts'
import { freePort, listen } from '../../../support/listen.ts'
import { collect } from '../../../support/memory.ts'
import { readBody, readParts } from '../../../support/multipart.ts'
import { pluck } from '../../../support/pluck.ts'
import { withGlobals } from '../../../support/setGlobals.ts'

const test = suite('upload from a file')

test('keeps its memory flat, measured in a process of its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowscale-upload-'))
  const file = join(folder, 'large.bin')
  writeFileSync(file, '')
  truncateSync(file, 2 ** 28)
  // For the sources, which the process imports.
  process.env.NODE_OPTIONS = '--import tsx'
  const options = { key: CANARY, file, client: resolve('packages/client/src/index.ts') }
  const { mb } = await withAnswers((url) =>
    runWorker<{ mb: number }>('upload.mjs', { ...options, url }),
  ).finally(() => rmSync(folder, { recursive: true }))
  delete process.env.NODE_OPTIONS
  console.log(`[show] a file of 256 MiB: ${mb.toFixed()} MB above idle`)
  assert.ok(mb <= 128, `${mb} MB above idle`)
})

test('an answer that stalls in the middle is let go of, on abort and on time-out', async () => {
  const closed: Promise<unknown>[] = []
  // What fetch holds weakly is gone by then.
  const collecting = setInterval(collect, 20)
  let begun = () => {}
  const server = await listen((request, response) => {
    request.resume()
    closed.push(once(response, 'close'))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{ "status": "suc')
    begun()
  })
  const client = createClient({ baseUrl: server.url, apiKey: CANARY })
  // Texts go another way than files.
  for (const a of ['b', new Blob(['b'])]) {
    const control = new AbortController()
    const reason = new Error('enough')
    begun = () => setTimeout(() => control.abort(reason), 200)
    assert.is(
      await executeWorkflow(client, 'w', { a }, { signal: control.signal }).catch((error) => error),
      reason,
    )
    const timers = holdTimers()
    begun = () => setTimeout(() => timers.fire(), 200)
    const late = executeWorkflow(client, 'w', { a }, { timeoutMs: HELD_MS })
    await rejects(late, TimeoutError, { maybeSubmitted: true })
    timers.release()
  }
  // The connections are closed by the client: the server would leave them open for ever.
  const both = Promise.all(closed).then(() => 'closed')
  let timer: NodeJS.Timeout | undefined
  const held = new Promise((resolve) => {
    timer = setTimeout(() => resolve('held'), 60_000)
  })
  assert.is(await Promise.race([both, held]), 'closed')
  clearTimeout(timer)
  clearInterval(collecting)
  assert.is(closed.length, 4)
  await server.close()
})

test('a form that is answered with 421 is not sent again by Node, and arrives as its fetch sends it', async () => {
  const inputs = {
    text: 'zwölf\n',
    image: toFile(new Uint8Array(70_000), 'a.png', { type: 'image/png' }),
    none: new Blob(),
  }
  const forms: object[] = []
  for (const fetch of [undefined, (url: string, init: RequestInit) => globalThis.fetch(url, init)]) {
    const posts: { isWhole: boolean; parts: object[] }[] = []
    const server = await listen(async (request, response) => {
      const body = await readBody(request)
      const { 'content-length': length, 'content-type': type } = request.headers
      posts.push({ isWhole: length === `${body.length}`, parts: body.length ? readParts(body, type) : [] })
      response.writeHead(421, { 'content-type': 'application/json' }).end('{"errors":"misdirected"}')
    })
    const client = createClient({ baseUrl: server.url, apiKey: CANARY, fetch })
    const error = await rejects(executeWorkflow(client, 'w', inputs), FlowScaleError)
    await server.close()
    forms.push(posts[0]!)
    if (fetch) {
      // It is the caller's, and gets the form; that Node sends it again is in docs/guarantees.md.
      assert.equal([error.code, (error as NetworkError).maybeSubmitted], ['ERR_FLOWSCALE_NETWORK', true])
    } else {
      const { code, status, maybeSubmitted } = error as HttpError
      assert.equal([code, status, maybeSubmitted], ['ERR_FLOWSCALE_HTTP', 421, undefined])
      assert.is(posts.length, 1)
    }
  }
  assert.equal(forms[0], forms[1])
})

test('a character that is cut by a chunk arrives whole', async () => {
  const answer = Buffer.from('\ufeff{ "status": "success", "data": { "run_id": "é-🎨" } }')
  const server = await listen((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'application/json' })
    const parts = [...answer].map((byte) => Buffer.from([byte]))
    const next = () => {
      const part = parts.shift()
      if (part) response.write(part, () => setImmediate(next))
      else response.end()
    }
    next()
  })
  const { data } = await executeWorkflow(createClient({ baseUrl: server.url, apiKey: CANARY }), 'w', {})
  assert.is(data.run_id, 'é-🎨')
  await server.close()
})

const fault = (code: string, syscall?: string) =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall })
const refusedBy = (...codes: string[]) =>
  Object.assign(new AggregateError(codes.map((code) => fault(code, 'connect'))), { code: codes[0] })
const faults: [error: Error, isRefused: boolean][] = [
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].map((code): [Error, boolean] => [
    fault(code, 'connect'),
    true,
  ]),
  ...['ENOTFOUND', 'EAI_AGAIN'].map((code): [Error, boolean] => [fault(code, 'getaddrinfo'), true]),
  [refusedBy('ECONNREFUSED', 'ENETUNREACH'), true],
  [refusedBy('ECONNREFUSED', 'ECONNRESET'), false],
  [new AggregateError([]), false],
  // A route can get lost after the form went out.
  [fault('EHOSTUNREACH', 'read'), false],
  [fault('ECONNREFUSED'), false],
  [fault('ECONNRESET', 'connect'), false],
  [fault('UND_ERR_SOCKET'), false],
]
/** What sends for the fetch of Node. */
const dispatcher = Symbol.for('undici.globalDispatcher.1')

for (const [error, isRefused] of faults) {
  const name = error instanceof AggregateError ? `several: ${pluck(error.errors, 'code')}` : error.message
  test(`${name} ${isRefused ? 'is sent again, as after a 429' : 'leaves open what happened'}`, async () => {
    let sent = 0
    const failing = {
      dispatch(_options: object, handler: { onError(error: Error): void }) {
        sent++
        handler.onError(error)
        return true
      },
    }
    // Until the first request there is none.
    await fetch('data:,').then((response) => response.text())
    const globals = globalThis as Record<symbol, unknown>
    const before = globals[dispatcher]
    globals[dispatcher] = failing
    try {
      const options = { retryDelayMs: 1, maxRetries: 2 }
      const client = createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, ...options })
      for (const a of ['b', new Blob(['b'])]) {
        sent = 0
        const got = await executeWorkflow(client, 'w', { a }).catch((thrown) => thrown)
        assert.equal([got.code, got.status], ['ERR_FLOWSCALE_NETWORK', 0])
        assert.is(got.cause.cause, error)
        assert.equal([sent, got.maybeSubmitted], isRefused ? [3, undefined] : [1, true])
      }
    } finally {
      globals[dispatcher] = before
    }
  })
}

test('a server that comes up gets the form, but not by the fetch of a caller', async () => {
  const own = globalThis.fetch
  const callers = (url: string, init: RequestInit) => own(url, init)
  for (const [global, fetch] of [[own], [own, callers], [callers]]) {
    const port = await freePort()
    let posts = 0
    const server = createServer((request, response) => {
      posts++
      request.resume()
      response.end('{"status":"success","data":{"run_id":"r"}}')
    })
    // Between two attempts.
    const warn = () => void (server.listening || server.listen(Number(port), '127.0.0.1'))
    const options = {
      fetch,
      logger: { debug() {}, info() {}, warn, error() {} },
      retryDelayMs: 20,
      maxRetries: 9,
    }
    const client = createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: CANARY, ...options })
    const got = await withGlobals({ fetch: global }, () =>
      executeWorkflow(client, 'w', { a: 'b' }).catch((error) => error),
    )
    const ended = got instanceof Error ? (got as NetworkError).maybeSubmitted : got.data.run_id
    assert.equal([ended, posts], fetch || global !== own ? [true, 0] : ['r', 1])
    server.closeAllConnections()
    server.close()
  }
})
