import { ArgumentError } from '@flowscale/client'
import { subscribeToRun, unsubscribeFromRun, type WebSocketOptions } from '@flowscale/client/websocket'
import { assert, rejects, throws } from '#test'
import { pluck } from '../../../support/pluck.ts'
import { until } from '../../../support/until.ts'
import { clientFor, connect, fake, real, serve, settle, socketSuite } from './kit.ts'

const test = socketSuite('reconnect of a WebSocket')

/** A first socket is there; `failAll` fails attempts for as long as there are any, and gives their pauses. */
async function begin(options?: WebSocketOptions, random = 0.5) {
  Math.random = () => random
  const seen = fake(options)
  const { made, clock, closes } = seen
  await settle()
  const failAll = async () => {
    const pauses: number[] = []
    for (;;) {
      made.at(-1)!.end()
      if (closes.at(-1)!.final) return pauses
      const { now } = clock
      const count = made.length
      while (made.length === count) await clock.nextAsync()
      pauses.push(clock.now - now)
    }
  }
  return Object.assign(seen, { failAll })
}

test('five attempts, each pause twice the one before, up to 30 s', async () => {
  const { failAll, made, errors, opens } = await begin()
  assert.equal(await failAll(), [5000, 10_000, 20_000, 30_000, 30_000])
  assert.is(made.length, 6)
  assert.is(errors.length, 6)
  assert.is(opens, 0)
})

for (const [random, pauses] of [
  [0, [3750, 7500, 15_000, 22_500, 22_500]],
  [1 - Number.EPSILON, [6250, 12_500, 25_000, 37_500, 37_500]],
] as const) {
  test(`jitter: a quarter less to a quarter more (${random})`, async () => {
    const { failAll } = await begin({}, random)
    const got = await failAll()
    assert.equal(
      got.map((ms) => Math.round(ms / 10) * 10),
      pauses,
    )
  })
}

for (const [reconnectInterval, pause] of [
  [40_000, 40_000],
  [Infinity, 2 ** 31 - 1],
] as const) {
  test(`an interval of ${reconnectInterval} is its own cap, and no storm`, async () => {
    const { failAll } = await begin({ reconnectInterval, maxReconnectAttempts: 3 })
    assert.equal(await failAll(), [pause, pause, pause])
  })
}

test('attempts are counted anew after an open', async () => {
  const { made, clock, failAll, reconnects, order, lines } = await begin({ maxReconnectAttempts: 2 })
  for (let round = 0; round < 5; round++) {
    made.at(-1)!.end()
    await clock.tickAsync(5000)
    made.at(-1)!.end()
    await clock.tickAsync(10_000)
    made.at(-1)!.open()
  }
  assert.equal(reconnects, [2, 2, 2, 2], 'the first open is none')
  assert.is(order.slice(-2).join(), 'open,reconnect')
  assert.equal(await failAll(), [5000, 10_000])
  const levels = lines.filter(({ message }) => message === 'WebSocket connection established')
  assert.equal(pluck(levels, 'level'), Array(5).fill('info'))
  assert.ok(lines.some(({ level, message }) => level === 'warn' && /1006.*attempt 2 follows/.test(message)))
})

for (const options of [{ maxReconnectAttempts: 0 }, { reconnect: false }]) {
  test(`${Object.keys(options)} can end them all`, async () => {
    const { made, failAll, connection, closes } = await begin(options)
    made[0]!.open()
    await connection.opened
    assert.equal(await failAll(), [])
    assert.is(closes.length, 1)
  })
}

test('maxReconnectAttempts Infinity: for as long as it takes', async () => {
  const { made, clock, closes } = await begin({ maxReconnectAttempts: Infinity })
  for (let round = 0; round < 2000; round++) {
    made.at(-1)!.end()
    await clock.tickAsync(30_000)
  }
  assert.is(made.length, 2001)
  assert.not(closes.some(({ final }) => final))
})

for (const code of [1008, 4401, 4403]) {
  test(`close code ${code} is final`, async () => {
    const { made, closes, connection } = await begin()
    made[0]!.open()
    made[0]!.end({ code, reason: 'key', wasClean: true })
    assert.equal(closes, [{ code, reason: 'key', wasClean: true, final: true }])
    const next = connection[Symbol.asyncIterator]().next()
    await rejects(next, Error)
  })

  test(`... unless a function can bring a new token`, async () => {
    const { made, clock, closes } = await begin({ url: () => 'ws://pod.test' })
    made[0]!.open()
    made[0]!.end({ code })
    assert.is(closes[0]!.final, false)
    await clock.tickAsync(5000)
    assert.is(made.length, 2)
  })
}

for (const code of [1000, 1001, 1006, 1011, 1012, 4000, 4402]) {
  test(`close code ${code} is not`, async () => {
    const { made, clock } = await begin()
    made[0]!.open()
    made[0]!.end({ code })
    await clock.tickAsync(5000)
    assert.is(made.length, 2)
  })
}

for (const status of [401, 403]) {
  test(`a handshake refused by ${status}: final, unless a function can bring a new token`, async () => {
    const server = await serve()
    server.refuse = status
    const seen = connect(clientFor(server.url))
    assert.equal(await seen.final(), { code: status, reason: '', wasClean: false, final: true })
    assert.equal(seen.order, ['error', 'final'])
    assert.match(seen.errors[0].message, new RegExp(`${status}`))
    assert.is((await seen.connection.opened.catch((error) => error)).cause, seen.errors[0])
    assert.is(server.requests.length, 1)
    const again = connect(clientFor(server.url), {
      url: () => {
        if (server.requests.length === 2) server.refuse = undefined
        return server.url
      },
      reconnectInterval: 1,
    })
    await again.connection.opened
    assert.equal(again.order, ['error', 'close', 'open'])
  })
}

test('a handshake refused by 503 is tried again, then open', async () => {
  const server = await serve()
  server.refuse = 503
  const seen = connect(clientFor(server.url), {
    reconnectInterval: 1,
    onClose: () => {
      server.refuse = undefined
    },
  })
  await seen.connection.opened
  assert.is(seen.closes[0]!.code, 503)
  assert.equal(seen.order, ['error', 'close', 'open'])
  assert.equal(seen.reconnects, [], 'it was not open before')
})

const event = (action: string, runId: string) =>
  JSON.stringify({ type: 'client_event', data: { action, runId } })

test('subscriptions: sent at the open, again after a reconnect, not when taken back', async () => {
  const server = await serve()
  const { received, sockets } = server
  const seen = connect(clientFor(server.url), { reconnectInterval: 1 })
  const { connection } = seen
  assert.is(subscribeToRun(connection, 'early'), false)
  assert.is(subscribeToRun(connection, 'taken-back'), false)
  assert.is(unsubscribeFromRun(connection, 'taken-back'), false)
  await connection.opened
  assert.is(subscribeToRun(connection, 'later'), true)
  assert.is(subscribeToRun(connection, 'gone'), true)
  assert.is(unsubscribeFromRun(connection, 'gone'), true)
  connection.send({ type: 'client_event', data: { action: 'subscribe', runId: 'by-hand' } })
  connection.send({ type: 'other', data: { action: 'subscribe', runId: 'other' } })
  await until(() => received.length === 6)
  assert.equal(received.splice(0), [
    event('subscribe', 'early'),
    event('subscribe', 'later'),
    event('subscribe', 'gone'),
    event('unsubscribe', 'gone'),
    event('subscribe', 'by-hand'),
    JSON.stringify({ type: 'other', data: { action: 'subscribe', runId: 'other' } }),
  ])
  sockets[0]!.terminate()
  await until(() => seen.reconnects.length === 1)
  await until(() => received.length === 3)
  await settle()
  assert.equal(received, [
    event('subscribe', 'early'),
    event('subscribe', 'later'),
    event('subscribe', 'by-hand'),
  ])
})

test('a run that two want is unsubscribed from when both have taken it back', async () => {
  const { connection, server } = await real()
  for (const ask of [subscribeToRun, subscribeToRun, unsubscribeFromRun, unsubscribeFromRun]) {
    assert.is(ask(connection, 'r1'), true)
  }
  connection.send('end')
  await until(() => server.received.at(-1) === 'end')
  assert.equal(server.received, [
    event('subscribe', 'r1'),
    event('subscribe', 'r1'),
    event('unsubscribe', 'r1'),
    'end',
  ])
})

test('a connection that is lost, or closed, ends the long pauses of waits; attempts that fail do not', async () => {
  const { connection, made, clock } = await begin()
  const news: boolean[] = []
  connection.watch('a', (_, isNews) => news.push(isNews))
  made[0]!.open()
  // Once too often: a wait still hears of the loss.
  unsubscribeFromRun(connection, 'a')
  made[0]!.end()
  assert.equal(news, [true])
  await clock.tickAsync(5000)
  made[1]!.end()
  assert.equal(news, [true])
  await clock.tickAsync(10_000)
  made[2]!.open()
  connection.close()
  assert.equal(news, [true, true])
})

test('ids are checked', () => {
  const connection = { send: () => true } as never
  for (const id of ['', '.', '..', 5, undefined, '\ud800']) {
    for (const ask of [subscribeToRun, unsubscribeFromRun]) {
      throws(() => ask(connection, id as string), ArgumentError)
    }
  }
})
