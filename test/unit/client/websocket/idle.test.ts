import { TimeoutError } from '@flowscale/client'
import { assert, suite } from '#test'
import { fakeClock } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'
import { clientFor, connect, type FakeSocket, fakeClass, serve, settle } from './kit.ts'

const test = suite('silence of a WebSocket')

async function withOpen(
  options: Parameters<typeof connect>[1],
  run: (
    socket: FakeSocket,
    it: ReturnType<typeof connect> & { made: FakeSocket[]; clock: ReturnType<typeof fakeClock> },
  ) => Promise<void>,
): Promise<void> {
  const clock = fakeClock()
  try {
    const WebSocket = fakeClass()
    const seen = connect(clientFor('http://pod.test'), { WebSocket, ...options })
    await settle()
    WebSocket.made[0]!.open()
    await run(WebSocket.made[0]!, Object.assign(seen, { made: WebSocket.made, clock }))
    seen.connection.close()
    WebSocket.made.at(-1)!.end()
    assert.is(clock.countTimers(), 0)
  } finally {
    clock.uninstall()
  }
}

test('a silent connection is dropped and made anew', () =>
  withOpen({ idleTimeoutMs: 1000 }, async (socket, { clock, made, order, errors, closes, connection }) => {
    await clock.tickAsync(999)
    assert.equal(order, ['open'])
    await clock.tickAsync(1)
    assert.equal(order, ['open', 'error', 'close'])
    assert.instance(errors[0], TimeoutError)
    assert.is(errors[0].timeoutMs, 1000)
    assert.equal(closes[0], { code: 1006, reason: 'silent', wasClean: false, final: false })
    assert.is(connection.connected, false)
    assert.is(socket.closed.length, 1)
    await clock.tickAsync(10_000)
    made[1]!.open()
    socket.emit('message', { data: '"from the dead"' })
    socket.emit('error')
    socket.end()
    assert.equal(order, ['open', 'error', 'close', 'open', 'reconnect'])
  }))

test('by default after 300 s; any message begins anew', () =>
  withOpen({}, async (socket, { clock, order }) => {
    for (let round = 0; round < 10; round++) {
      await clock.tickAsync(299_999)
      socket.emit('message', { data: 'x' })
    }
    assert.not(order.includes('close'))
    await clock.tickAsync(300_000)
    assert.ok(order.includes('close'))
  }))

test('Infinity: never', () =>
  withOpen({ idleTimeoutMs: Infinity, ping: 'ping' }, async (socket, { clock, order }) => {
    await clock.tickAsync(86_400_000)
    assert.equal(order, ['open'])
    assert.equal(socket.sent, [])
  }))

test('a ping after half of it, as JSON; an answer begins anew, none is the end', () =>
  withOpen({ idleTimeoutMs: 1000, ping: { type: 'ping' } }, async (socket, { clock, order }) => {
    for (let round = 1; round <= 3; round++) {
      await clock.tickAsync(499)
      assert.is(socket.sent.length, round - 1)
      await clock.tickAsync(1)
      assert.equal(socket.sent, Array(round).fill('{"type":"ping"}'))
      await clock.tickAsync(499)
      socket.emit('message', { data: '{"type":"pong"}' })
    }
    assert.not(order.includes('close'))
    await clock.tickAsync(1000)
    assert.is(socket.sent.length, 4)
    assert.is(order.at(-1), 'close')
  }))

test("a ping as text, and one that can't be sent", async () => {
  await withOpen({ idleTimeoutMs: 1000, ping: 'ping' }, async (socket, { clock }) => {
    await clock.tickAsync(500)
    assert.equal(socket.sent, ['ping'])
  })
  await withOpen({ idleTimeoutMs: 1000, ping: 10n }, async (socket, { clock, order }) => {
    await clock.tickAsync(500)
    assert.equal(socket.sent, [])
    await clock.tickAsync(500)
    assert.is(order.at(-1), 'close')
  })
})

test('with ws the silent socket is destroyed, and the ping arrives', async () => {
  const server = await serve()
  const seen = connect(clientFor(server.url), {
    idleTimeoutMs: 40,
    ping: { type: 'ping' },
    reconnectInterval: 1,
  })
  await until(() => seen.reconnects.length > 0)
  await until(() => server.received.length > 0)
  assert.is(server.received[0], '{"type":"ping"}')
  await until(() => server.sockets[0]!.readyState === 3)
  seen.connection.close()
  await seen.final()
  await server.close()
})
