import { NetworkError } from '@flowscale/client'
import { assert, rejects } from '#test'
import { until } from '../../../support/until.ts'
import {
  clientFor,
  connect,
  FakeSocket,
  fake,
  opened,
  real,
  serve,
  settle,
  socketSuite,
  stopClock,
} from './kit.ts'

const test = socketSuite('close of a WebSocket')
const CLEAN = { code: 1000, reason: '', wasClean: true, final: true }

test('while open: code and reason reach the server, and come back', async () => {
  const { connection, order, errors, final } = await real()
  assert.is(connection.connected, true)
  connection.close(3001, 'enough')
  assert.equal([connection.connected, connection.send('x')], [false, false])
  connection.close(3002, 'again')
  assert.equal(await final(), { code: 3001, reason: 'enough', wasClean: true, final: true })
  connection.close()
  await settle()
  assert.equal([order, errors], [['open', 'final'], []])
})

test('at once, before there is a socket', async () => {
  const { connection, made, order, closes } = fake()
  connection.close()
  await rejects(connection.opened, NetworkError)
  await settle()
  assert.equal([order, closes, made], [['final'], [CLEAN], []])
})

test('while connecting', async () => {
  const server = await serve()
  const { connection, errors, final } = connect(clientFor(server.url))
  await until(() => server.requests.length > 0)
  connection.close()
  await final()
  assert.equal(errors, [])
})

test('while connecting, and it opens all the same', async () => {
  const { connection, made, order } = fake()
  await settle()
  connection.close()
  made[0]!.open()
  made[0]!.emit('message', { data: '1' })
  assert.equal(order, [])
  made[0]!.end({ code: 1000, wasClean: true })
  assert.equal(order, ['final'])
  await rejects(connection.opened, Error)
})

test('while it waits to reconnect', async () => {
  const { connection, socket, made, order, closes, clock } = await opened()
  socket.end()
  assert.equal(order, ['open', 'close'])
  connection.close()
  assert.equal(order, ['open', 'close', 'final'])
  assert.equal(closes[1], CLEAN)
  await clock.tickAsync(100_000)
  assert.is(made.length, 1)
})

for (const listener of ['onError', 'onClose'] as const) {
  test(`in ${listener} of a failed attempt`, async () => {
    const { connection, made, order, clock } = fake({ [listener]: () => connection.close() })
    await settle()
    made[0]!.emit('error')
    made[0]!.end()
    assert.is(clock.countTimers(), 0)
    await clock.tickAsync(100_000)
    assert.is(made.length, 1, 'no further attempt')
    assert.equal(order, listener === 'onError' ? ['error', 'final'] : ['error', 'close', 'final'])
  })
}

for (const listener of ['onOpen', 'onReconnect'] as const) {
  test(`in ${listener}`, async () => {
    const close = () => made.length === 2 && connection.close()
    const { connection, made, order, clock } = fake({ [listener]: close })
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
}

test('a server that never answers the close is waited for 2 s', async () => {
  const { connection, socket, order, closes, clock } = await opened()
  connection.close(3000, 'bye')
  await clock.tickAsync(1999)
  assert.equal(order, ['open'])
  await clock.tickAsync(1)
  assert.equal(closes, [{ code: 1006, reason: 'bye', wasClean: false, final: true }])
  socket.end()
  assert.equal(order, ['open', 'final'])
})

test('... and with ws its TCP socket is destroyed', async () => {
  const seen = await real()
  const { _socket: socket } = seen.socket as any
  socket.removeAllListeners('data')
  socket.pause()
  const clock = stopClock()
  seen.connection.close()
  await clock.tickAsync(2000)
  assert.is((await seen.final()).code, 1006)
  socket.resume()
  await until(() => socket.destroyed || socket.readableEnded)
})

test('illegal codes are sent as 1000, and close all the same', async () => {
  const server = await serve()
  const illegal = [undefined, 0, 999, 1001, 1005, 1006, 2999, 5000, 3000.5, NaN, '3000', null]
  for (const [code, expected] of [
    ...[1000, 3000, 4999].map((legal) => [legal, legal]),
    ...illegal.map((code) => [code, 1000]),
  ]) {
    const seen = connect(clientFor(server.url))
    await seen.connection.opened
    seen.connection.close(code as number)
    const info = await seen.final()
    assert.equal([info.code, info.wasClean], [expected, true], `${code}`)
  }
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
})

test('a socket whose close throws is let go of after 2 s', async () => {
  class Odd extends FakeSocket {
    override close(): void {
      throw new Error('odd')
    }
    terminate(): void {}
  }
  const { connection, final, clock } = fake({ WebSocket: Odd as never })
  await settle()
  Odd.last!.open()
  connection.close()
  await clock.tickAsync(2000)
  assert.is((await final()).wasClean, false)
})

test('while the other side closes, nothing is sent', async () => {
  const { connection, socket } = await opened()
  assert.is(connection.send('a'), true)
  socket.readyState = 2
  assert.is(connection.send('b'), false)
  assert.equal(socket.sent, ['a'])
})

test('a send that throws gives false', async () => {
  const { connection, socket } = await opened()
  // Some have no readyState.
  socket.readyState = undefined
  socket.send = () => {
    throw new Error('odd')
  }
  assert.is(connection.send('a'), false)
})

test('opened: resolves, and stays so', async () => {
  const { connection, final } = await real()
  assert.is(await connection.opened, undefined)
  connection.close()
  await final()
  assert.is(await connection.opened, undefined)
})
