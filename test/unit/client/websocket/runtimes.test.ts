import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { NetworkError } from '@flowscale/client'
import { build } from 'esbuild'
import { assert, rejects } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { fakeFetch } from '../../../support/fakes.ts'
import { setGlobals } from '../../../support/setGlobals.ts'
import {
  clientFor,
  connect,
  FakeSocket,
  fake,
  fakeClass,
  NodeWebSocket,
  opened,
  real,
  serve,
  settle,
  socketSuite,
} from './kit.ts'

const test = socketSuite('runtimes of a WebSocket')

test('Node 20: isomorphic-ws, loaded lazily', async () => {
  assert.is((globalThis as any).WebSocket, undefined)
  await real()
})

test('the one passed in comes before the global one', async () => {
  const [mine, global] = [fakeClass(), fakeClass()]
  setGlobals({ WebSocket: global })
  connect(clientFor('http://pod.test'), { WebSocket: mine })
  connect(clientFor('http://pod.test'))
  await settle()
  assert.equal([mine.made.length, global.made.length], [1, 1])
})

test('without isomorphic-ws: a clear error, at once and final', async () => {
  const hook = `export async function resolve(name, context, next) {
    if (name === 'isomorphic-ws') throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
  const script = `
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}))
    const { createClient } = await import('@flowscale/client')
    const { connectWebSocket } = await import('@flowscale/client/websocket')
    const client = createClient({ baseUrl: 'http://127.0.0.1:1', apiKey: 'k' })
    const connection = connectWebSocket(client, { onClose: ({ final }) => console.log('final', final) })
    await connection.opened.catch((error) => console.log(error.code, error.message))
  `
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: process.cwd() })
  assert.match(stdout, /^ERR_FLOWSCALE_ARGUMENT .*npm install isomorphic-ws ws/m)
  assert.match(stdout, /^final true/m)
})

test('bundles neither hold nor resolve isomorphic-ws', async () => {
  for (const minify of [false, true]) {
    const { outputFiles, metafile } = await build({
      stdin: { contents: "export * from '@flowscale/client/websocket'", resolveDir: process.cwd() },
      tsconfig: 'test/tsconfig.json',
      bundle: true,
      minify,
      format: 'esm',
      platform: 'browser',
      write: false,
      metafile: true,
      logLevel: 'silent',
    })
    assert.equal(Object.values(metafile.outputs)[0]!.imports, [])
    assert.not(Object.keys(metafile.inputs).some((path) => path.includes('node_modules')))
    assert.not.match(outputFiles[0]!.text, /import\(['"`]/)
  }
})

/** How runtimes tell that a handshake was refused. */
const refusals: Record<string, [(socket: FakeSocket) => void, number?]> = {
  'error and no close (Node 22)': [(socket) => socket.emit('error', { message: 'Received network error' })],
  'close with code 0 (Deno)': [
    (socket) => {
      socket.emit('error', { message: 'NetworkError: failed to connect' })
      socket.end({ code: 0 })
    },
  ],
  'error, then close (browsers)': [
    (socket) => {
      socket.emit('error')
      socket.end()
    },
  ],
  'close without an error': [(socket) => socket.end({ code: 1002 }), 1002],
  'close, then error': [
    (socket) => {
      socket.end()
      socket.emit('error', { message: 'late' })
    },
  ],
}
for (const [name, [act, code = 1006]] of Object.entries(refusals)) {
  test(`refused by ${name}: one failed attempt`, async () => {
    const { connection, made, order, closes, errors, clock } = fake({ maxReconnectAttempts: 1 })
    await settle()
    act(made[0]!)
    await clock.tickAsync(1)
    assert.equal(order, ['error', 'close'])
    assert.equal(closes[0], { code, reason: '', wasClean: false, final: false })
    assert.instance(errors[0], NetworkError)
    await clock.tickAsync(60_000)
    act(made[1]!)
    await clock.tickAsync(1)
    assert.equal(order, ['error', 'close', 'error', 'final'])
    assert.is((await connection.opened.catch((error) => error)).cause, errors[1])
  })
}

test('an error that shows the URL is not passed on', async () => {
  const { made, errors, final } = fake({ auth: 'query', reconnect: false })
  await settle()
  const { url } = made[0]!
  made[0]!.emit('error', { message: `connection to ${url} failed`, error: new Error(url) })
  made[0]!.end()
  await final()
  assert.is(errors[0].message, 'The WebSocket did not open')
})

test('ws says why there is no connection', async () => {
  const server = await serve()
  await server.close()
  const { errors, final } = connect(clientFor(server.url), { reconnect: false })
  await final()
  assert.is(errors.length, 1)
  assert.match(errors[0].message, /ECONNREFUSED/)
})

test('an error while open reaches onError, and is not the end', async () => {
  const { connection, socket, errors, final } = await opened({ reconnect: false })
  socket.emit('error', { message: 'odd' })
  assert.match(errors[0].message, /failed: odd/)
  assert.is(connection.connected, true)
  socket.end({ code: 1011, reason: undefined, wasClean: undefined })
  assert.equal(await final(), { code: 1011, reason: '', wasClean: false, final: true })
  assert.is(errors.length, 1)
})

test('an error while closing is the end', async () => {
  for (const isOpen of [false, true]) {
    const { connection, made, order, clock } = fake()
    await settle()
    if (isOpen) made[0]!.open()
    connection.close()
    made[0]!.emit('error', { message: 'a broken frame, or no connection yet' })
    await clock.tickAsync(1)
    assert.equal(order, isOpen ? ['open', 'final'] : ['final'])
  }
})

class Accepted extends FakeSocket {
  accepted = 0
  accept() {
    this.accepted++
    this.readyState = 1
  }
}
const upgraded = (webSocket?: Accepted, status = 101) =>
  fakeFetch(() => ({ status, webSocket, body: null }) as unknown as Response)
const workerd = { WebSocketPair: class {} }

test('workerd: a fetch that is upgraded', async () => {
  const webSocket = new Accepted('')
  const fetch = upgraded(webSocket)
  const WebSocket = fakeClass()
  setGlobals({ ...workerd, WebSocket, fetch })
  const client = clientFor('https://pod.test/ws', { headers: { 'X-Team': 'mine' } })
  const seen = connect(client, { protocols: ['one', 'two'] })
  await seen.connection.opened
  const [{ url, headers }] = fetch.calls as [(typeof fetch.calls)[0]]
  assert.is(url.href, 'https://pod.test/ws/api/v1/ws')
  assert.is(headers.get('upgrade'), 'websocket')
  assert.is(headers.get('x-api-key'), CANARY)
  assert.is(headers.get('x-team'), 'mine')
  assert.is(headers.get('sec-websocket-protocol'), 'one,two')
  assert.is(webSocket.accepted, 1)
  assert.is(webSocket.binaryType, 'arraybuffer')
  assert.is(seen.opens, 1)
  assert.is(seen.connection.send({ a: 1 }), true)
  webSocket.emit('message', { data: '{"b":2}' })
  assert.equal(seen.messages, [{ b: 2 }])
  seen.connection.close(3000, 'done')
  assert.equal(webSocket.closed, [[3000, 'done']])
  webSocket.end({ code: 3000, reason: 'done', wasClean: true })
  assert.is(WebSocket.made.length, 0)
})

test("workerd: the client's fetch, where it has one", async () => {
  const fetch = upgraded(new Accepted(''))
  setGlobals({ ...workerd, WebSocket: fakeClass() })
  const seen = connect(clientFor('https://pod.test', { fetch }))
  await seen.connection.opened
  assert.is(fetch.calls.length, 1)
})

test('workerd: refusals and failures', async () => {
  setGlobals({ ...workerd, WebSocket: fakeClass() })
  const bad = connect(clientFor('https://pod.test', { fetch: upgraded(undefined, 401) }))
  assert.equal(await bad.final(), { code: 401, reason: '', wasClean: false, final: true })
  const busy = connect(clientFor('https://pod.test', { fetch: upgraded(undefined, 503) }))
  await settle()
  assert.equal(busy.order, ['error', 'close'])
  assert.match(busy.errors[0].message, /503/)
  const headers = { 'X-Team': 'mine' }
  const leak = fakeFetch(new Error(`no way to https://pod.test/?api_key=${CANARY}`))
  const down = connect(clientFor('https://pod.test', { fetch: leak, headers }), { auth: 'query' })
  await settle()
  assert.is(leak.calls[0]!.url.searchParams.get('api_key'), CANARY)
  assert.is(leak.calls[0]!.headers.get('x-api-key'), null)
  assert.equal(down.order, ['error', 'close'])
})

test('workerd: closed while the upgrade is under way', async () => {
  let signal: AbortSignal | null | undefined
  const fetch = (_: string, init: RequestInit) =>
    new Promise<Response>((_, reject) => {
      signal = init.signal
      signal!.addEventListener('abort', () => reject(signal!.reason))
    })
  setGlobals({ ...workerd, WebSocket: fakeClass() })
  const seen = connect(clientFor('https://pod.test', { fetch }))
  await settle()
  seen.connection.close()
  await seen.final()
  assert.is(signal!.aborted, true)
  await settle()
  assert.equal(seen.order, ['final'])
})

test('workerd: the query, no key, or a WebSocket that was passed need no fetch', async () => {
  const fetch = fakeFetch(new Error('not to be called'))
  for (const [options, own] of [
    [{ auth: 'query' }, {}],
    [{}, { apiKey: undefined }],
    [{ WebSocket: fakeClass() }, {}],
  ] as const) {
    const WebSocket = fakeClass()
    setGlobals({ ...workerd, WebSocket })
    connect(clientFor('https://pod.test', { fetch, ...own }), options)
    await settle()
    const made = [...WebSocket.made, ...('WebSocket' in options ? options.WebSocket.made : [])]
    assert.is(made.length, 1)
  }
  assert.is(fetch.calls.length, 0)
})

test('ws as it is, passed in', async () => {
  const { server } = await real({ WebSocket: NodeWebSocket as never })
  assert.is(server.requests[0]!.headers['x-api-key'], CANARY)
})

const deno = 'NetworkError: failed to connect to WebSocket: Invalid status code: 403'
const bun = "WebSocket connection to 'ws://pod.test/api/v1/ws' failed: Expected 101 status code: 403"
for (const [runtime, message, error, said] of [
  ['Deno', deno, Object.assign(new Error(), { code: 19 }), `The WebSocket did not open: ${deno}`],
  ['Bun', bun, new Error(), 'The WebSocket did not open'],
] as const) {
  test(`${runtime} tells the status of a refused handshake: a bad key ends it`, async () => {
    const { connection, made, errors, final } = fake()
    await settle()
    made[0]!.emit('error', { message, error })
    made[0]!.end({ code: 0 })
    assert.equal(await final(), { code: 403, reason: '', wasClean: false, final: true })
    assert.is(errors[0].message, said)
    await rejects(connection.opened, Error)
  })
}
