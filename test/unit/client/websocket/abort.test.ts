import { getEventListeners } from 'node:events'
import { assert, suite } from '#test'
import { fakeClock, rejection } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'
import { clientFor, connect, fakeClass, serve, settle } from './kit.ts'

const test = suite('abort of a WebSocket')
const next = (connection: AsyncIterable<unknown>) => connection[Symbol.asyncIterator]().next()
const reasons = { 'an error': new Error('mine'), null: null, 'a string': 'mine' }

for (const [name, reason] of Object.entries(reasons)) {
  const caught = (promise: Promise<unknown>) =>
    promise.then(
      () => assert.unreachable(),
      (error) => assert.is(error, reason),
    )

  test(`before, by ${name}: nothing is made or called`, async () => {
    const WebSocket = fakeClass()
    let calls = 0
    const signal = AbortSignal.abort(reason)
    const seen = connect(clientFor('http://pod.test'), {
      WebSocket,
      url: () => `ws://pod.test/${calls++}`,
      signal,
    })
    assert.equal(seen.order, [], 'not before there is a connection')
    await caught(seen.connection.opened)
    await caught(next(seen.connection))
    await seen.final()
    assert.equal(seen.order, ['final'])
    assert.is(calls, 0)
    assert.is(WebSocket.made.length, 0)
    assert.is(getEventListeners(signal, 'abort').length, 0)
  })

  for (const when of ['connecting', 'open', 'waiting', 'hanging'] as const) {
    test(`while ${when}, by ${name}`, async () => {
      const clock = fakeClock()
      try {
        const controller = new AbortController()
        const { signal } = controller
        const WebSocket = fakeClass()
        const { made } = WebSocket
        const seen = connect(clientFor('http://pod.test'), {
          WebSocket,
          signal,
          ...(when === 'hanging' && { url: () => new Promise<string>(() => {}) }),
        })
        const message = next(seen.connection)
        await settle()
        if (when === 'open' || when === 'waiting') made[0]!.open()
        if (when === 'waiting') made[0]!.end()
        controller.abort(reason)
        await caught(message)
        if (when === 'connecting' || when === 'hanging') await caught(seen.connection.opened)
        else await seen.connection.opened
        made[0]?.end()
        assert.is((await seen.final()).final, true)
        await caught(next(seen.connection))
        await clock.tickAsync(100_000)
        assert.is(made.length, when === 'hanging' ? 0 : 1)
        assert.is(getEventListeners(signal, 'abort').length, 0)
        assert.is(clock.countTimers(), 0)
      } finally {
        clock.uninstall()
      }
    })
  }
}

test('after a close() it changes nothing', async () => {
  const controller = new AbortController()
  const server = await serve()
  const seen = connect(clientFor(server.url), { signal: controller.signal })
  await seen.connection.opened
  const message = next(seen.connection)
  seen.connection.close()
  controller.abort(new Error('late'))
  assert.equal(await message, { value: undefined, done: true })
  await seen.final()
  assert.equal(seen.order, ['open', 'final'])
  assert.equal(await next(seen.connection), { value: undefined, done: true })
  await server.close()
})

test('after the last failed attempt it changes nothing', async () => {
  const controller = new AbortController()
  const WebSocket = fakeClass()
  const seen = connect(clientFor('http://pod.test'), {
    WebSocket,
    signal: controller.signal,
    reconnect: false,
  })
  await settle()
  WebSocket.made[0]!.end()
  controller.abort(new Error('late'))
  assert.equal(seen.order, ['error', 'final'])
  assert.match((await rejection(next(seen.connection))).message, /stays closed/)
})

test('100 connections on one signal: no warning, no listener left', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const server = await serve()
  const all = Array.from({ length: 100 }, () => connect(clientFor(server.url), { signal }))
  await Promise.all(all.map(({ connection }) => connection.opened))
  assert.is(getEventListeners(signal, 'abort').length, 0)
  for (const { connection } of all.slice(0, 50)) connection.close()
  controller.abort(new Error('enough'))
  await Promise.all(all.map((seen) => seen.final()))
  assert.equal(
    all.map(({ order }) => order.join()),
    Array(100).fill('open,final'),
  )
  await until(() => server.sockets.every(({ readyState }) => readyState === 3))
  assert.is(getEventListeners(signal, 'abort').length, 0)
  await server.close()
})
