import { ArgumentError, NetworkError, TimeoutError } from '@flowscale/client'
import { assert, rejects, throws } from '#test'
import { pluck } from '../../../support/pluck.ts'
import { clientFor, connect, fake, serve, settle, socketSuite } from './kit.ts'

const test = socketSuite('URL of a WebSocket')

const paths: Record<string, string> = {
  'http://pod.test': 'ws://pod.test/api/v1/ws',
  'https://pod.test': 'wss://pod.test/api/v1/ws',
  'https://pod.test/': 'wss://pod.test/api/v1/ws',
  'https://pod.test:8443/flowscale/': 'wss://pod.test:8443/flowscale/api/v1/ws',
  'http://127.0.0.1:1/https': 'ws://127.0.0.1:1/https/api/v1/ws',
}
for (const [baseUrl, expected] of Object.entries(paths)) {
  test(`from ${baseUrl}`, async () => {
    const { made } = fake({}, { baseUrl, apiKey: undefined })
    await settle()
    assert.is(made[0]!.url, expected)
  })
}

const given: Record<string, [unknown, string]> = {
  'a string': ['wss://push.test/x?token=1', 'wss://push.test/x?token=1'],
  'an http address': ['https://push.test/x', 'wss://push.test/x'],
  'a URL': [new URL('ws://push.test/x'), 'ws://push.test/x'],
  'a fragment': ['ws://push.test/x#y', 'ws://push.test/x'],
  'a path': ['/v2/ws', 'ws://pod.test/v2/ws'],
  'a function': [() => 'ws://push.test/x', 'ws://push.test/x'],
  'an async function': [async () => new URL('http://push.test/x'), 'ws://push.test/x'],
}
for (const [name, [url, expected]] of Object.entries(given)) {
  test(`given as ${name}`, async () => {
    const { made } = fake({ url: url as any }, { apiKey: undefined })
    await settle()
    assert.is(made[0]!.url, expected)
    if (url instanceof URL) assert.is(url.href, 'ws://push.test/x', 'the URL of the caller is not changed')
  })
}

for (const url of ['', 'ftp://pod.test', 'http://', new URL('data:,x'), 5, null, {}]) {
  test(`wrong: ${url}`, () => {
    throws(() => connect(clientFor('http://pod.test'), { url: url as any }), ArgumentError)
  })
}

test('a real server at a path prefix', async () => {
  const server = await serve()
  await connect(clientFor(`${server.url}/flowscale/`)).connection.opened
  assert.is(server.requests[0]!.url, '/flowscale/api/v1/ws')
})

const boom = new Error('no token')
const failing: Record<string, () => unknown> = {
  throws: () => {
    throw boom
  },
  rejects: () => Promise.reject(boom),
  'throws an error of ours': () => {
    throw Object.assign(new ArgumentError('mine'), { status: 401 })
  },
  'gives nothing': () => undefined,
  'gives an empty string': async () => '',
  'gives no URL of a WebSocket': () => 'ftp://x',
}
for (const [name, url] of Object.entries(failing)) {
  test(`a function that ${name} is one failed attempt`, async () => {
    let calls = 0
    const counted = () => {
      calls++
      return url() as string
    }
    const { connection, order, closes, errors, made, clock } = fake({ url: counted, maxReconnectAttempts: 1 })
    await settle()
    assert.is(calls, 1)
    assert.equal(order, ['error', 'close'])
    assert.is(closes[0]!.code, 1006)
    await clock.tickAsync(60_000)
    assert.is(calls, 2)
    const error = await rejects(connection.opened, NetworkError)
    assert.is(error.cause, errors[1])
    if (name === 'throws' || name === 'rejects') assert.is(errors[0], boom)
    assert.equal(order, ['error', 'close', 'error', 'final'])
    assert.is(made.length, 0)
  })
}

test('a function is called for each attempt', async () => {
  let token = 0
  const { made, clock } = fake({ url: async () => `ws://pod.test/${++token}` }, { apiKey: undefined })
  await settle()
  made[0]!.end()
  await clock.tickAsync(60_000)
  assert.equal(pluck(made, 'url'), ['ws://pod.test/1', 'ws://pod.test/2'])
})

test('a function that hangs ends with the time-out of the client', async () => {
  const url = () => new Promise<string>(() => {})
  const { connection, order, errors, clock } = fake({ url, reconnect: false }, { timeoutMs: 700 })
  await clock.tickAsync(699)
  assert.equal(order, [])
  await clock.tickAsync(1)
  assert.equal(order, ['error', 'final'])
  assert.instance(errors[0], TimeoutError)
  assert.is(errors[0].timeoutMs, 700)
  assert.is((await connection.opened.catch((error) => error)).cause, errors[0])
})

test('closed while the function hangs: no socket is made when it comes back', async () => {
  let give!: (url: string) => void
  const url = () => new Promise<string>((resolve) => (give = resolve))
  const { connection, made, order, final } = fake({ url })
  connection.close(3001, 'enough')
  assert.equal(await final(), { code: 3001, reason: 'enough', wasClean: true, final: true })
  give('ws://pod.test')
  await settle()
  assert.equal([made, order], [[], ['final']])
})

test('a handshake that is never answered ends with the time-out of the client', async () => {
  const { made, order, clock } = fake({ maxReconnectAttempts: 1 }, { timeoutMs: 700 })
  await clock.tickAsync(700)
  assert.equal(order, ['error', 'close'])
  assert.is(made[0]!.closed.length, 1)
  await clock.tickAsync(60_000)
  assert.equal(order, ['error', 'close', 'error', 'final'])
  made[0]!.open()
  made[0]!.emit('message', { data: 'late' })
  made[0]!.emit('error')
  made[0]!.end()
  await settle()
  assert.is(order.length, 4, 'an old socket has nothing more to say')
})
