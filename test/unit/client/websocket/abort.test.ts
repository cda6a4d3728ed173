import { getEventListeners } from 'node:events'
import { assert, rejects } from '#test'
import { until } from '../../../support/until.ts'
import { clientFor, connect, fake, real, serve, settle, socketSuite } from './kit.ts'

const test = socketSuite('abort of a WebSocket')
const next = (connection: AsyncIterable<unknown>) => connection[Symbol.asyncIterator]().next()
const reasons = { 'an error': new Error('mine'), null: null, 'a string': 'mine' }

for (const [name, reason] of Object.entries(reasons)) {
  const caught = (promise: Promise<unknown>) =>
    promise.then(
      () => assert.unreachable(),
      (error) => assert.is(error, reason),
    )

  test(`before, by ${name}: nothing is made or called`, async () => {
    let calls = 0
    const signal = AbortSignal.abort(reason)
    const seen = fake({ url: () => `ws://pod.test/${calls++}`, signal })
    assert.equal(seen.order, [], 'not before there is a connection')
    await caught(seen.connection.opened)
    await caught(next(seen.connection))
    await seen.final()
    assert.equal([seen.order, calls, seen.made], [['final'], 0, []])
    assert.is(getEventListeners(signal, 'abort').length, 0)
  })

  for (const when of ['connecting', 'open', 'waiting', 'hanging'] as const) {
    test(`while ${when}, by ${name}`, async () => {
      const controller = new AbortController()
      const { signal } = controller
      const url = when === 'hanging' ? () => new Promise<string>(() => {}) : undefined
      const { connection, made, clock, final } = fake({ signal, url })
      const message = next(connection)
      await settle()
      if (when === 'open' || when === 'waiting') made[0]!.open()
      if (when === 'waiting') made[0]!.end()
      controller.abort(reason)
      await caught(message)
      if (when === 'connecting' || when === 'hanging') await caught(connection.opened)
      else await connection.opened
      made[0]?.end()
      await final()
      await caught(next(connection))
      await clock.tickAsync(100_000)
      assert.is(made.length, when === 'hanging' ? 0 : 1)
      assert.is(getEventListeners(signal, 'abort').length, 0)
    })
  }
}

test('after a close() it changes nothing', async () => {
  const controller = new AbortController()
  const seen = await real({ signal: controller.signal })
  const message = next(seen.connection)
  seen.connection.close()
  controller.abort(new Error('late'))
  assert.equal(await message, { value: undefined, done: true })
  await seen.final()
  assert.equal(seen.order, ['open', 'final'])
  assert.equal(await next(seen.connection), { value: undefined, done: true })
})

test('after the last failed attempt it changes nothing', async () => {
  const controller = new AbortController()
  const seen = fake({ signal: controller.signal, reconnect: false })
  await settle()
  seen.made[0]!.end()
  controller.abort(new Error('late'))
  assert.equal(seen.order, ['error', 'final'])
  await rejects(next(seen.connection), Error)
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
  for (const seen of all) {
    await seen.final()
    assert.equal(seen.order, ['open', 'final'])
  }
  await until(() => server.sockets.every(({ readyState }) => readyState === 3))
  assert.is(getEventListeners(signal, 'abort').length, 0)
})
