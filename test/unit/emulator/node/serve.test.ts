import { once } from 'node:events'
import { createServer, get, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createEmulator, type Dialect, type Emulator, type EmulatorOptions } from '@flowscale/emulator'
import { type Served, type ServeOptions, serve } from '@flowscale/emulator/node'
import { assert, said, suite } from '#test'
import { until } from '../../../support/until.ts'
import { form, gates } from '../kit.ts'

const test = suite('server')
const LIMIT = 100_000
const EXECUTE = '/api/v1/runs?workflow_id=bncu0a1kipv'
let emulator: Emulator
let served: Served
const key = { 'X-API-KEY': 'fsk_local_demo_key' }

async function start(options: ServeOptions = {}, own: EmulatorOptions = {}): Promise<void> {
  emulator = createEmulator({ speed: Number.POSITIVE_INFINITY, ...own })
  served = await serve(emulator, options)
}

test.after.each(async () => {
  emulator?.close()
  await served?.close()
})

/** `size` bytes in pieces, without a content-length. */
function pieces(size: number): ReadableStream<Uint8Array> {
  let left = size
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close()
      controller.enqueue(new Uint8Array(Math.min(left, 16_384)))
      left -= 16_384
    },
  })
}

for (const dialect of ['readme', 'openapi', 'python'] satisfies Dialect[]) {
  test(`413, ${dialect}: the client reads it, with and without a content-length`, async () => {
    await start({ maxBodyBytes: LIMIT }, { dialect })
    const text = `The form is larger than ${LIMIT} bytes`
    const expected = dialect === 'readme' ? { status: 'error', errors: [text] } : { detail: text }
    for (const size of [LIMIT + 1, 5_000_000, 40_000_000]) {
      const data = form({ text_51536: 'x', image_1234: new Blob([new Uint8Array(size)]) })
      const type = { 'content-type': 'multipart/form-data; boundary=x' }
      const valid = new Response(data)
      for (const init of [
        { headers: key, body: data },
        { headers: key, body: data, redirect: 'error' },
        { headers: { ...key, ...type }, body: pieces(size), duplex: 'half' },
        // A form that would be fine.
        {
          headers: { ...key, 'content-type': valid.headers.get('content-type')! },
          body: valid.body,
          duplex: 'half',
        },
      ]) {
        const response = await fetch(served.url + EXECUTE, { method: 'POST', ...init } as RequestInit)
        assert.is(response.status, 413)
        assert.ok(response.headers.get('x-request-id'))
        assert.equal(await response.json(), expected)
      }
    }
    assert.is(emulator.stats.runsStarted, 0)
    // And the server goes on.
    const body = form({ text_51536: 'x'.repeat(LIMIT - 1000) })
    assert.is((await fetch(served.url + EXECUTE, { method: 'POST', headers: key, body })).status, 200)
  })
}

test('413 by content-length comes before anything was sent', async () => {
  await start({ maxBodyBytes: LIMIT })
  const length = { 'content-length': String(LIMIT + 1), 'content-type': 'multipart/form-data; boundary=x' }
  const outgoing = request(served.url + EXECUTE, { method: 'POST', headers: { ...key, ...length } })
  outgoing.on('error', () => {})
  outgoing.flushHeaders()
  const status = await new Promise((resolve) =>
    outgoing.on('response', (response) => resolve(response.statusCode)),
  )
  assert.is(status, 413)
  outgoing.destroy()
})

test('a wrong key is read by a client that is uploading', async () => {
  await start()
  const body = form({ text_51536: 'x', image_1234: new Blob([new Uint8Array(20_000_000)]) })
  const init = { method: 'POST', headers: { 'X-API-KEY': 'wrong' }, body }
  for (let i = 0; i < 5; i++) {
    const response = await fetch(served.url + EXECUTE, init)
    assert.is(response.status, 403)
    assert.equal(await response.json(), { status: 'error', errors: ['Invalid API key'] })
  }
})

test('a client that reads only when it has sent everything gets its answer', async () => {
  await start({ maxBodyBytes: LIMIT })
  const size = 8_000_000
  const { port } = new URL(served.url)
  for (const [headers, status] of [
    [`X-API-KEY: ${key['X-API-KEY']}\r\nContent-Length: ${size}`, 413],
    [`X-API-KEY: ${key['X-API-KEY']}\r\nTransfer-Encoding: chunked`, 413],
    [`X-API-KEY: wrong\r\nContent-Length: ${size}`, 403],
    [`Content-Length: ${size}`, 401],
  ] as const) {
    const chunked = headers.endsWith('chunked')
    const socket = connect(Number(port), '127.0.0.1')
    const type = 'Content-Type: multipart/form-data; boundary=x'
    socket.write(`POST ${EXECUTE} HTTP/1.1\r\nHost: x\r\n${headers}\r\n${type}\r\n\r\n`)
    if (chunked) socket.write(`${size.toString(16)}\r\n`)
    await new Promise((resolve) => socket.write(new Uint8Array(size), resolve))
    if (chunked) socket.write('\r\n0\r\n\r\n')
    const [first] = (await once(socket, 'data')) as [Buffer]
    assert.match(first.toString('latin1'), new RegExp(`^HTTP/1.1 ${status} `))
    socket.destroy()
  }
})

test('an upload arrives whole', async () => {
  let got: Uint8Array | undefined
  const workflow = {
    id: 'keep',
    name: 'Keep',
    description: 'Keeps a file',
    inputs: { file: 'file' },
    outputs: {},
    run({ file }: { file?: unknown }) {
      got = (file as { data: Uint8Array }).data
      return {}
    },
  } as const
  await start({}, { workflows: [workflow] })
  const bytes = Uint8Array.from({ length: 10_000_000 }, (_, i) => (i * 31 + (i >> 8)) % 256)
  const body = form({ file: new Blob([bytes]) })
  const response = await fetch(`${served.url}/api/v1/runs?workflow_id=keep`, {
    method: 'POST',
    headers: key,
    body,
  })
  assert.is(response.status, 200)
  await until(() => got !== undefined)
  assert.is(Buffer.compare(got!, bytes), 0)
})

test('a client that goes away in its upload leaves no run, and aborts the signal', async () => {
  await start()
  const inner = emulator
  const signals: AbortSignal[] = []
  const watched: Emulator = {
    ...inner,
    handle(req, where) {
      signals.push(req.signal)
      return inner.handle(req, where)
    },
  }
  const second = await serve(watched)
  const outgoing = request(second.url + EXECUTE, {
    method: 'POST',
    headers: { ...key, 'content-type': 'multipart/form-data; boundary=x', 'content-length': '1000' },
  })
  outgoing.on('error', () => {})
  outgoing.write('--x\r\nContent-Disposition: form-data; name="text_51536"\r\n\r\nhello')
  await until(() => signals.length === 1)
  assert.not(signals[0]!.aborted)
  outgoing.destroy()
  await until(() => signals[0]!.aborted)
  assert.is(inner.stats.runsStarted, 0)
  const response = await fetch(`${second.url}/api/v1/comfy/health`, { headers: key })
  assert.is(response.status, 200)
  await until(() => signals.length === 2)
  await response.text()
  assert.not(signals[1]!.aborted)
  await second.close()
})

test('a client that goes away once its upload is there leaves a run', async () => {
  await start()
  const inner = emulator
  const late = await serve({
    ...inner,
    async handle(req, where) {
      await new Promise((resolve) => req.signal.addEventListener('abort', resolve))
      return await inner.handle(req, where)
    },
  })
  const body = 'text_51536=hello'
  const type = 'Content-Type: application/x-www-form-urlencoded'
  const { port } = new URL(late.url)
  connect(Number(port), '127.0.0.1').end(
    `POST ${EXECUTE} HTTP/1.1\r\nHost: x\r\nX-API-KEY: ${key['X-API-KEY']}\r\n${type}\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  )
  try {
    await until(() => inner.ledger.runs.length === 1)
  } finally {
    await late.close()
  }
})

test('HEAD and 204 on the wire', async () => {
  const gate = gates()
  await start({}, { workflows: [gate.workflow] })
  const executed = await fetch(`${served.url}/api/v1/runs?workflow_id=gate`, {
    method: 'POST',
    headers: key,
    body: form({ label: 'a' }),
  })
  const { output_names: names } = (await executed.json()).data
  const waiting = await raw(
    `GET /api/v1/runs/output?filename=${names[0]} HTTP/1.1\r\nX-API-KEY: ${key['X-API-KEY']}\r\n`,
  )
  assert.match(waiting, /^HTTP\/1\.1 204 /)
  assert.not.match(waiting, /content-length|transfer-encoding/i)
  assert.ok(waiting.endsWith('\r\n\r\n'))
  await until(() => gate.begun.length === 1)
  gate.release('a')
  const output = await until(
    () => fetch(`${served.url}/api/v1/runs/output?filename=${names[0]}`, { headers: key }),
    ({ status }) => status === 200,
  )
  const { pathname, search, port } = new URL((await output.json()).data.download_url)
  const head = await raw(`HEAD ${pathname}${search} HTTP/1.1\r\n`, Number(port))
  assert.match(head, /^HTTP\/1\.1 200 /)
  assert.match(head, /\r\ncontent-length: 7\r\n/)
  assert.ok(head.endsWith('\r\n\r\n'))
})

test('odd requests get an answer', async () => {
  await start()
  assert.match(await raw('OPTIONS * HTTP/1.1\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(await raw('TRACE / HTTP/1.1\r\n'), /^HTTP\/1\.1 404 /)
  assert.match(await raw('GET //evil.example/api/v1/runs HTTP/1.1\r\n'), /^HTTP\/1\.1 404 /)
  assert.match(await raw('GET /api/v1/comfy/health HTTP/1.1\r\nX-API-KEY: \r\n'), /^HTTP\/1\.1 401 /)
  assert.match(await raw('GET http://proxy.example/api/v1/comfy/health HTTP/1.1\r\n'), /^HTTP\/1\.1 401 /)
})

/** The whole answer to a request that is written by hand. */
function raw(start: string, port = Number(new URL(served.url).port)): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${start}Host: x\r\nConnection: close\r\n\r\n`),
    )
    let text = ''
    socket.setEncoding('latin1').on('data', (part) => {
      text += part
    })
    socket.on('end', () => resolve(text)).on('error', reject)
  })
}

test('close ends idle and busy connections, and may be called again', async () => {
  await start()
  // Kept alive and idle.
  await (await fetch(`${served.url}/api/v1/comfy/health`, { headers: key })).text()
  // Busy: an upload that never ends.
  const outgoing = request(served.url + EXECUTE, {
    method: 'POST',
    headers: { ...key, 'content-type': 'multipart/form-data; boundary=x' },
  })
  const failed = new Promise((resolve) => outgoing.on('error', resolve))
  outgoing.write('--x')
  await until(() => emulator.stats.requests === 2)
  await Promise.all([served.close(), served.close()])
  await failed
  await served.close()
  const error = await new Promise((resolve) => get(served.url).on('error', resolve))
  assert.is((error as NodeJS.ErrnoException).code, 'ECONNREFUSED')
})

test('a port in use: one clear error, and nothing is left open', async () => {
  const blocker = createServer()
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
  const { port } = blocker.address() as AddressInfo
  emulator = createEmulator()
  for (const options of [{ port }, { filesPort: port }]) {
    const error: any = await serve(emulator, options).catch((error: unknown) => error)
    assert.is(error.code, 'EADDRINUSE')
    assert.match(error.message, `${port}`)
    said(error.message.replace(port, 'PORT'))
  }
  await new Promise((resolve) => blocker.close(resolve))
})

test('a request for the API at the port of the files is refused, and names the address of the API', async () => {
  await start()
  const answer = await fetch(`${served.filesUrl}/api/v1/comfy/queue`, { headers: key })
  assert.is(answer.status, 400)
  assert.match(await answer.text(), `Authorization header. The API is at ${served.url}</Message>`)
})

test('on all interfaces, links lead to the host that the client came by', async () => {
  await start({ hostname: '0.0.0.0' })
  assert.match(served.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  const url = served.url.replace('127.0.0.1', 'localhost')
  const workflow = await fetch(`${url}/api/v1/runs?workflow_id=bncu0a1kipv`, {
    method: 'POST',
    headers: key,
    body: form({ text_51536: 'x' }),
  })
  const { run_id: id } = (await workflow.json()).data
  const run = await until(
    async () => (await (await fetch(`${url}/api/v1/runs/${id}`, { headers: key })).json()).data,
    ({ status }) => status === 'completed',
  )
  assert.is(new URL(run.outputs[0].url).hostname, 'localhost')
  const file = await fetch(run.outputs[0].url)
  assert.is(file.status, 200)
  assert.is((await file.arrayBuffer()).byteLength, Number(file.headers.get('content-length')))
  // HTTP/1.0 has requests without a host.
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1')
  socket.end(`GET /api/v1/runs/${id} HTTP/1.0\r\nX-API-KEY: ${emulator.apiKey}\r\n\r\n`)
  assert.match(await text(socket), `"url":"http://127.0.0.1:${new URL(run.outputs[0].url).port}/`)
})
