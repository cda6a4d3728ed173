import { ArgumentError } from '@flowscale/client'
import { connectWebSocket } from '@flowscale/client/websocket'
import { assert, throws } from '#test'
import { clientFor, fake, settle, socketSuite } from './kit.ts'

const test = socketSuite('options of a WebSocket')
const client = clientFor('http://pod.test')
const f = () => {}
const wrong: Record<string, unknown[]> = {
  url: [5, null, {}, 'ftp://pod.test', ''],
  protocols: [5, null, {}, '', 'a b', ['a', 5], ['ä'], ['a,b']],
  auth: ['bearer', '', null, true, ['auto']],
  WebSocket: ['ws', null, {}],
  onOpen: [5, null, 'f', {}],
  onMessage: [5, null],
  onClose: [5, null],
  onError: [5, null],
  onReconnect: [5, null],
  reconnect: [1, 'true', null],
  reconnectInterval: [0, -1, NaN, '5', null],
  maxReconnectAttempts: [-1, 1.5, NaN, -Infinity, '5', null],
  idleTimeoutMs: [0, -1, NaN, '5', null],
  signal: [{}, null, new AbortController()],
}
for (const [name, values] of Object.entries(wrong)) {
  test(`${name}: wrong values are told at once`, () => {
    for (const value of values) {
      throws(() => connectWebSocket(client, { [name]: value }), ArgumentError)
    }
  })
}

test('an unknown name, and options that are none', () => {
  for (const name of ['onmessage', 'maxRetries', 'constructor', 'toString']) {
    throws(() => connectWebSocket(client, { [name]: 1 } as never), Error)
  }
  for (const options of [null, 5, 'x', [], f]) {
    throws(() => connectWebSocket(client, options as never), ArgumentError)
  }
})

test('a copy of a client is none', () => {
  for (const copy of [{ ...client }, {}, undefined, null]) {
    throws(() => connectWebSocket(copy as never), Error)
  }
})

test('right values, and undefined for each, are taken', async () => {
  const undefineds = Object.fromEntries(Object.keys(wrong).map((name) => [name, undefined]))
  const right = {
    url: 'ws://pod.test',
    protocols: ['a', 'b!#$%&*+-.^_`|~'],
    auth: 'none' as const,
    reconnect: true,
    reconnectInterval: 0.5,
    maxReconnectAttempts: 0,
    idleTimeoutMs: Infinity,
    ping: null,
    signal: new AbortController().signal,
  }
  const { WebSocket: _, ...rest } = undefineds
  for (const options of [rest, right]) {
    const { made } = fake(options)
    await settle()
    assert.is(made.length, 1)
  }
})

test('a logger that throws does no harm', async () => {
  const boom = () => {
    throw new Error('logger')
  }
  const { connection, made, errors, final } = fake(
    {},
    { logger: { debug: boom, info: boom, warn: boom, error: boom } },
  )
  await settle()
  made[0]!.open()
  connection.close()
  made[0]!.end()
  assert.equal((await final()).final, true)
  assert.equal(errors, [])
})
