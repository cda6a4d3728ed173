import { TimeoutError } from '@flowscale/client'
import { assert } from '#test'
import { until } from '../../../support/until.ts'
import { opened, real, socketSuite } from './kit.ts'

const test = socketSuite('silence of a WebSocket')

test('a silent connection is dropped and made anew', async () => {
  const { socket, clock, made, order, errors, closes, connection } = await opened({ idleTimeoutMs: 1000 })
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
})

test('by default after 300 s; any message begins anew', async () => {
  const { socket, clock, order } = await opened()
  for (let round = 0; round < 10; round++) {
    await clock.tickAsync(299_999)
    socket.emit('message', { data: 'x' })
  }
  assert.not(order.includes('close'))
  await clock.tickAsync(300_000)
  assert.ok(order.includes('close'))
})

test('Infinity: never', async () => {
  const { socket, clock, order } = await opened({ idleTimeoutMs: Infinity, ping: 'ping' })
  await clock.tickAsync(86_400_000)
  assert.equal([order, socket.sent], [['open'], []])
})

test('a ping after half of it, as JSON; an answer begins anew, none is the end', async () => {
  const { socket, clock, order } = await opened({ idleTimeoutMs: 1000, ping: { type: 'ping' } })
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
})

test('a ping as text', async () => {
  const { socket, clock } = await opened({ idleTimeoutMs: 1000, ping: 'ping' })
  await clock.tickAsync(500)
  assert.equal(socket.sent, ['ping'])
})

test("a ping that can't be sent", async () => {
  const { socket, clock, order } = await opened({ idleTimeoutMs: 1000, ping: 10n })
  await clock.tickAsync(500)
  assert.equal(socket.sent, [])
  await clock.tickAsync(500)
  assert.is(order.at(-1), 'close')
})

test('with ws the silent socket is destroyed, and the ping arrives', async () => {
  const options = { idleTimeoutMs: 40, ping: { type: 'ping' }, reconnectInterval: 1 }
  const { socket, server, reconnects } = await real(options)
  await until(() => reconnects.length > 0)
  await until(() => server.received.length > 0)
  assert.is(server.received[0], '{"type":"ping"}')
  await until(() => socket.readyState === 3)
})
