import { NetworkError } from '@flowscale/client'
import { assert, suite } from '#test'
import { fakeClock, rejection } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'
import { clientFor, connect, FakeSocket, fakeClass, serve, settle } from './kit.ts'

const test = suite('close of a WebSocket')
const CLEAN = { code: 1000, reason: '', wasClean: true, final: true }

/** A connection with a fake socket and a clock that stands still. */
async function withFake(
  options: Parameters<typeof connect>[1],
  run: (
    it: ReturnType<typeof connect> & { made: FakeSocket[]; clock: ReturnType<typeof fakeClock> },
  ) => Promise<void>,
): Promise<void> {
  const clock = fakeClock()
  try {
    const WebSocket = fakeClass()
    const seen = connect(clientFor('http://pod.test'), { WebSocket, ...options })
    await run(Object.assign(seen, { made: WebSocket.made, clock }))
    assert.is(seen.connection.connected, false)
    assert.is(seen.connection.send('x'), false)
    assert.is(clock.countTimers(), 0, 'no timer is left')
  } finally {
    clock.uninstall()
  }
}

test('while open: code and reason reach the server, and come back', async () => {
  const server = await serve()
  const seen = connect(clientFor(server.url))
  await seen.connection.opened
  assert.is(seen.connection.connected, true)
  seen.connection.close(3001, 'enough')
  assert.is(seen.connection.connected, false)
  assert.is(seen.connection.send('x'), false)
  seen.connection.close(3002, 'again')
  assert.equal(await seen.final(), { code: 3001, reason: 'enough', wasClean: true, final: true })
  seen.connection.close()
  await settle()
  assert.equal(seen.order, ['open', 'final'])
  assert.equal(seen.errors, [])
  await server.close()
})

test('at once, before there is a socket', () =>
  withFake({}, async ({ connection, made, order, closes }) => {
    connection.close()
    assert.instance(await rejection(connection.opened), NetworkError)
    await settle()
    assert.equal(order, ['final'])
    assert.equal(closes, [CLEAN])
    assert.is(made.length, 0)
  }))

test('while connecting', async () => {
  const server = await serve()
  const seen = connect(clientFor(server.url))
  await until(() => server.requests.length > 0)
  seen.connection.close()
  await seen.final()
  assert.equal(seen.errors, [])
  await server.close()
})

test('while connecting, and it opens all the same', () =>
  withFake({}, async ({ connection, made, order }) => {
    await settle()
    connection.close()
    made[0]!.open()
    made[0]!.emit('message', { data: '1' })
    assert.equal(order, [])
    made[0]!.end({ code: 1000, wasClean: true })
    assert.equal(order, ['final'])
    assert.match((await rejection(connection.opened)).message, /closed before it was open/)
  }))

test('while it waits to reconnect', () =>
  withFake({}, async ({ connection, made, order, closes, clock }) => {
    await settle()
    made[0]!.open()
    made[0]!.end()
    assert.equal(order, ['open', 'close'])
    connection.close()
    assert.equal(order, ['open', 'close', 'final'])
    assert.equal(closes[1], CLEAN)
    await clock.tickAsync(100_000)
    assert.is(made.length, 1)
  }))

for (const listener of ['onError', 'onClose'] as const) {
  test(`in ${listener} of a failed attempt`, () => {
    let close!: () => void
    return withFake({ [listener]: () => close() }, async ({ connection, made, order, clock }) => {
      close = () => connection.close()
      await settle()
      made[0]!.emit('error')
      made[0]!.end()
      assert.is(clock.countTimers(), 0)
      await clock.tickAsync(100_000)
      assert.is(made.length, 1, 'no further attempt')
      assert.equal(order, listener === 'onError' ? ['error', 'final'] : ['error', 'close', 'final'])
    })
  })
}

for (const listener of ['onOpen', 'onReconnect'] as const) {
  test(`in ${listener}`, () => {
    let close!: () => void
    return withFake({ [listener]: () => close() }, async ({ connection, made, order, clock }) => {
      close = () => {
        if (made.length === 2) connection.close()
      }
      await settle()
      made[0]!.open()
      made[0]!.end()
      await clock.tickAsync(10_000)
      made[1]!.open()
      assert.is(made[1]!.closed.length, 1)
      made[1]!.end({ code: 1000 })
      const reopened = listener === 'onOpen' ? ['open'] : ['open', 'reconnect']
      assert.equal(order, ['open', 'close', ...reopened, 'final'])
    })
  })
}

test('a server that never answers the close is waited for 2 s', () =>
  withFake({}, async ({ connection, made, order, closes, clock }) => {
    await settle()
    made[0]!.open()
    connection.close(3000, 'bye')
    await clock.tickAsync(1999)
    assert.equal(order, ['open'])
    await clock.tickAsync(1)
    assert.equal(closes, [{ code: 1006, reason: 'bye', wasClean: false, final: true }])
    made[0]!.end()
    assert.equal(order, ['open', 'final'])
  }))

test('... and with ws its TCP socket is destroyed', async () => {
  const server = await serve()
  const seen = connect(clientFor(server.url))
  await seen.connection.opened
  await until(() => server.sockets.length === 1)
  const { _socket: socket } = server.sockets[0] as any
  socket.removeAllListeners('data')
  socket.pause()
  const clock = fakeClock()
  try {
    seen.connection.close()
    await clock.tickAsync(2000)
    assert.is((await seen.final()).code, 1006)
  } finally {
    clock.uninstall()
  }
  socket.resume()
  await until(() => socket.destroyed || socket.readableEnded)
  await server.close()
})

const codes: [unknown, number][] = [
  [undefined, 1000],
  [1000, 1000],
  [3000, 3000],
  [4999, 4999],
  [0, 1000],
  [999, 1000],
  [1001, 1000],
  [1005, 1000],
  [1006, 1000],
  [2999, 1000],
  [5000, 1000],
  [3000.5, 1000],
  [NaN, 1000],
  ['3000', 1000],
  [null, 1000],
]
test('illegal codes are sent as 1000, and close all the same', async () => {
  const server = await serve()
  for (const [code, expected] of codes) {
    const seen = connect(clientFor(server.url))
    await seen.connection.opened
    seen.connection.close(code as number)
    const info = await seen.final()
    assert.equal([info.code, info.wasClean], [expected, true], `${code}`)
  }
  await server.close()
})

test('a reason of 123 bytes is sent, a longer one is left out', async () => {
  const server = await serve()
  for (const [reason, expected] of [
    ['x'.repeat(123), 'x'.repeat(123)],
    ['x'.repeat(124), ''],
    ['é'.repeat(62), ''],
    [null, 'null'],
  ] as const) {
    const seen = connect(clientFor(server.url))
    await seen.connection.opened
    seen.connection.close(3000, reason as string)
    const info = await seen.final()
    assert.equal([info.code, info.reason, info.wasClean], [3000, expected, true])
  }
  await server.close()
})

test('a socket whose close throws is let go of after 2 s', async () => {
  class Odd extends FakeSocket {
    override close(): void {
      throw new Error('odd')
    }
    terminate(): void {}
  }
  const clock = fakeClock()
  try {
    const made: Odd[] = []
    const seen = connect(clientFor('http://pod.test'), {
      WebSocket: class extends Odd {
        constructor(url: string) {
          super(url)
          made.push(this)
        }
      },
    })
    await settle()
    made[0]!.open()
    seen.connection.close()
    await clock.tickAsync(2000)
    assert.is((await seen.final()).wasClean, false)
    assert.is(clock.countTimers(), 0)
  } finally {
    clock.uninstall()
  }
})

test('while the other side closes, nothing is sent', () =>
  withFake({}, async ({ connection, made }) => {
    await settle()
    made[0]!.open()
    assert.is(connection.send('a'), true)
    made[0]!.readyState = 2
    assert.is(connection.send('b'), false)
    assert.equal(made[0]!.sent, ['a'])
    connection.close()
    made[0]!.end()
  }))

test('a send that throws gives false', () =>
  withFake({}, async ({ connection, made }) => {
    await settle()
    // Some have no readyState.
    made[0]!.open()
    made[0]!.readyState = undefined
    made[0]!.send = () => {
      throw new Error('odd')
    }
    assert.is(connection.send('a'), false)
    connection.close()
    made[0]!.end()
  }))

test('opened: resolves, and stays so', async () => {
  const server = await serve()
  const seen = connect(clientFor(server.url))
  assert.is(await seen.connection.opened, undefined)
  seen.connection.close()
  await seen.final()
  assert.is(await seen.connection.opened, undefined)
  await server.close()
})
