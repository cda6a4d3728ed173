import { NetworkError } from '@flowscale/client'
import { assert, suite } from '#test'
import { fakeClock, rejection } from '../../../support/fakes.ts'
import { until } from '../../../support/until.ts'
import { clientFor, connect, fakeClass, serve, settle } from './kit.ts'

const test = suite('iteration over a WebSocket')

async function collect(source: AsyncIterable<any>, limit = Infinity): Promise<any[]> {
  const all: any[] = []
  for await (const message of source) {
    all.push(message)
    if (all.length === limit) break
  }
  return all
}

test('several at once; one breaks out; the end after close()', async () => {
  const server = await serve()
  const seen = connect(clientFor(server.url))
  const [all, two, more] = [collect(seen.connection), collect(seen.connection, 2), collect(seen.connection)]
  await seen.connection.opened
  await until(() => server.sockets.length === 1)
  for (const text of ['1', '{"a":2}', 'three']) server.sockets[0]!.send(text)
  assert.equal(await two, [1, { a: 2 }])
  await until(() => seen.messages.length === 3)
  seen.connection.close()
  assert.equal(await all, [1, { a: 2 }, 'three'])
  assert.equal(await more, [1, { a: 2 }, 'three'])
  await seen.final()
  assert.equal(await collect(seen.connection), [], 'and no more after that')
  await server.close()
})

test('break does not close the connection, and a new loop goes on', async () => {
  const server = await serve()
  const seen = connect(clientFor(server.url))
  await seen.connection.opened
  await until(() => server.sockets.length === 1)
  const first = collect(seen.connection, 1)
  server.sockets[0]!.send('1')
  assert.equal(await first, [1])
  assert.is(seen.connection.connected, true)
  const second = collect(seen.connection, 1)
  server.sockets[0]!.send('2')
  assert.equal(await second, [2])
  seen.connection.close()
  await seen.final()
  await server.close()
})

test('a slow reader misses nothing, also after the end', async () => {
  const WebSocket = fakeClass()
  const seen = connect(clientFor('http://pod.test'), { WebSocket })
  const iterator = seen.connection[Symbol.asyncIterator]()
  const first = iterator.next()
  await settle()
  WebSocket.made[0]!.open()
  for (const data of ['1', '2', '3']) WebSocket.made[0]!.emit('message', { data })
  assert.equal(await first, { value: 1, done: false })
  seen.connection.close()
  assert.equal(await iterator.next(), { value: 2, done: false })
  assert.equal(await iterator.next(), { value: 3, done: false })
  assert.equal(await iterator.next(), { value: undefined, done: true })
  WebSocket.made[0]!.end()
  await seen.final()
})

test('close() ends it at once, before the other side has answered', async () => {
  const WebSocket = fakeClass()
  const seen = connect(clientFor('http://pod.test'), { WebSocket })
  const all = collect(seen.connection)
  await settle()
  WebSocket.made[0]!.open()
  seen.connection.close()
  assert.equal(await all, [])
  assert.equal(seen.order, ['open'])
  WebSocket.made[0]!.end()
})

test('goes on over a reconnect, throws after the last failed attempt', async () => {
  const clock = fakeClock()
  try {
    const WebSocket = fakeClass()
    const { made } = WebSocket
    const seen = connect(clientFor('http://pod.test'), { WebSocket, maxReconnectAttempts: 1 })
    const got: any[] = []
    const end = (async () => {
      for await (const message of seen.connection) got.push(message)
    })()
    const error = rejection(end)
    await settle()
    made[0]!.open()
    made[0]!.emit('message', { data: '1' })
    made[0]!.end()
    await clock.tickAsync(10_000)
    made[1]!.open()
    made[1]!.emit('message', { data: '2' })
    made[1]!.end({ code: 1011 })
    await clock.tickAsync(10_000)
    made[2]!.end()
    assert.instance(await error, NetworkError)
    assert.match((await error).message, /1006.*stays closed/)
    assert.equal(got, [1, 2])
    assert.is((await rejection(collect(seen.connection))).code, 'ERR_FLOWSCALE_NETWORK')
    await seen.connection.opened
    assert.is(clock.countTimers(), 0)
  } finally {
    clock.uninstall()
  }
})

test('an error in the body of one loop is its own', async () => {
  const WebSocket = fakeClass()
  const seen = connect(clientFor('http://pod.test'), { WebSocket })
  const boom = new Error('body')
  const bad = (async () => {
    for await (const _ of seen.connection) throw boom
  })()
  const good = collect(seen.connection, 2)
  await settle()
  WebSocket.made[0]!.open()
  WebSocket.made[0]!.emit('message', { data: '1' })
  assert.is(await rejection(bad), boom)
  WebSocket.made[0]!.emit('message', { data: '2' })
  assert.equal(await good, [1, 2])
  assert.equal(seen.errors, [])
  seen.connection.close()
  WebSocket.made[0]!.end()
})
