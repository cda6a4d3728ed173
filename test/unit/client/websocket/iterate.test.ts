import { NetworkError } from '@flowscale/client'
import { assert, rejects } from '#test'
import { until } from '../../../support/until.ts'
import { fake, opened, real, settle, socketSuite } from './kit.ts'

const test = socketSuite('iteration over a WebSocket')

async function collect(source: AsyncIterable<any>, limit = Infinity): Promise<any[]> {
  const all: any[] = []
  for await (const message of source) {
    all.push(message)
    if (all.length === limit) break
  }
  return all
}

test('several at once; one breaks out; the end after close()', async () => {
  const { connection, socket, messages, final } = await real()
  const [all, two, more] = [collect(connection), collect(connection, 2), collect(connection)]
  for (const text of ['1', '{"a":2}', 'three']) socket.send(text)
  assert.equal(await two, [1, { a: 2 }])
  await until(() => messages.length === 3)
  connection.close()
  assert.equal(await all, [1, { a: 2 }, 'three'])
  assert.equal(await more, [1, { a: 2 }, 'three'])
  await final()
  assert.equal(await collect(connection), [], 'and no more after that')
})

test('break does not close the connection, and a new loop goes on', async () => {
  const { connection, socket } = await real()
  for (const value of [1, 2]) {
    const first = collect(connection, 1)
    socket.send(`${value}`)
    assert.equal(await first, [value])
    assert.is(connection.connected, true)
  }
})

test('a slow reader misses nothing, also after the end', async () => {
  const { connection, made } = fake()
  const iterator = connection[Symbol.asyncIterator]()
  const first = iterator.next()
  await settle()
  made[0]!.open()
  for (const data of ['1', '2', '3']) made[0]!.emit('message', { data })
  assert.equal(await first, { value: 1, done: false })
  connection.close()
  assert.equal(await iterator.next(), { value: 2, done: false })
  assert.equal(await iterator.next(), { value: 3, done: false })
  assert.equal(await iterator.next(), { value: undefined, done: true })
})

test('close() ends it at once, before the other side has answered', async () => {
  const { connection, order } = await opened()
  const all = collect(connection)
  connection.close()
  assert.equal(await all, [])
  assert.equal(order, ['open'])
})

test('goes on over a reconnect, throws after the last failed attempt', async () => {
  const { connection, made, clock } = fake({ maxReconnectAttempts: 1 })
  const got: any[] = []
  const end = (async () => {
    for await (const message of connection) got.push(message)
  })()
  const error = end.catch((error) => error)
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
  await rejects(collect(connection), NetworkError)
  await connection.opened
})

test('an error in the body of one loop is its own', async () => {
  const { connection, socket, errors } = await opened()
  const boom = new Error('body')
  const bad = (async () => {
    for await (const _ of connection) throw boom
  })()
  const good = collect(connection, 2)
  socket.emit('message', { data: '1' })
  assert.is(await bad.catch((error) => error), boom)
  socket.emit('message', { data: '2' })
  assert.equal(await good, [1, 2])
  assert.equal(errors, [])
})
