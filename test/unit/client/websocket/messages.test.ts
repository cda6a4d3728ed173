import { assert, suite } from '#test'
import { until } from '../../../support/until.ts'
import { clientFor, connect, type Server, serve } from './kit.ts'

const test = suite('messages of a WebSocket')
let server: Server
test.before(async () => {
  server = await serve()
})
test.after(() => server.close())

async function pair(options: Parameters<typeof connect>[1] = {}) {
  const seen = connect(clientFor(server.url), options)
  await seen.connection.opened
  await until(() => server.sockets.length > 0 && server.sockets.at(-1)!.readyState === 1)
  return {
    ...seen,
    seen,
    socket: server.sockets.at(-1)!,
    stop() {
      seen.connection.close()
      return seen.final()
    },
  }
}

test('JSON, text, broken JSON and binary come in order', async () => {
  const { messages, socket, stop } = await pair()
  const update = { type: 'run_status_update', data: { run_id: 'r', status: 'running' } }
  const texts = [JSON.stringify(update), 'hello', '{"a":', '', '5', 'null', '[1]', '"text"']
  for (const text of texts) socket.send(text)
  socket.send(Buffer.from([1, 2, 3]))
  socket.send('{"last":true}')
  await until(() => messages.length === 10)
  assert.equal(messages.slice(0, 8), [update, 'hello', '{"a":', '', 5, null, [1], 'text'])
  assert.instance(messages[8], ArrayBuffer)
  assert.equal([...new Uint8Array(messages[8])], [1, 2, 3])
  assert.equal(messages[9], { last: true })
  await stop()
})

const boom = new Error('listener')
const throwers: Record<string, () => unknown> = {
  throws: () => {
    throw boom
  },
  rejects: () => Promise.reject(boom),
}
for (const [how, listener] of Object.entries(throwers)) {
  test(`a listener that ${how} reaches onError and does not kill the connection`, async () => {
    const { seen, socket, stop } = await pair({ onMessage: listener, onOpen: listener, onClose: listener })
    socket.send('1')
    socket.send('2')
    await until(() => seen.errors.length === 3)
    assert.equal(seen.messages, [1, 2])
    assert.is(seen.connection.connected, true)
    await stop()
    await until(() => seen.errors.length === 4)
    assert.ok(seen.errors.every((error) => error === boom))
  })

  test(`onError that ${how} has nobody to be told to`, async () => {
    const { seen, socket, stop } = await pair({ onMessage: listener, onError: listener })
    socket.send('1')
    socket.send('2')
    await until(() => seen.errors.length === 2)
    assert.is(seen.connection.connected, true)
    await stop()
  })

  test(`onReconnect that ${how}`, async () => {
    const { seen, socket, stop } = await pair({ onReconnect: listener, reconnectInterval: 1 })
    socket.terminate()
    await until(() => seen.errors.includes(boom))
    assert.is(seen.connection.connected, true)
    await stop()
  })
}

test('send: strings and binary as they are, all else as JSON', async () => {
  const { connection, stop } = await pair()
  const bytes = new Uint8Array([1, 2, 3, 4])
  const client_event = { type: 'client_event', data: { action: 'other' } }
  const sent = ['text', '', bytes, bytes.buffer, bytes.subarray(1, 3), new DataView(bytes.buffer, 2)]
  const asJson = [client_event, [1], 5, null, true, new Map()]
  server.received.length = 0
  for (const message of [...sent, ...asJson]) assert.is(connection.send(message), true)
  assert.is(connection.send(new Blob(['blob'])), true)
  await until(() => server.received.length === 13)
  const [text, empty, ...rest] = server.received
  assert.equal([text, empty], ['text', ''])
  assert.equal(
    rest.slice(0, 4).map((data) => [...(data as Buffer)]),
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [2, 3],
      [3, 4],
    ],
  )
  assert.equal(
    rest.slice(4, 10),
    asJson.map((message) => JSON.stringify(message)),
  )
  assert.is(`${rest[10]}`, 'blob')
  await stop()
})

test('send: false, never a throw, for what JSON has no form for', async () => {
  const { connection, errors, stop } = await pair()
  const circle: any = {}
  circle.self = circle
  const trap = {
    type: 'client_event',
    get data() {
      throw new Error('trap')
    },
  }
  server.received.length = 0
  for (const message of [undefined, () => {}, Symbol('x'), 10n, circle, trap]) {
    assert.is(connection.send(message), false)
  }
  assert.is(connection.send('end'), true)
  await until(() => server.received.length === 1)
  assert.equal(server.received, ['end'])
  assert.equal(errors, [])
  await stop()
})

test('a message that a listener answers by close() is the last one', async () => {
  const { seen, socket, connection } = await pair({ onMessage: () => connection.close() })
  const iterator = connection[Symbol.asyncIterator]()
  const first = iterator.next()
  socket.send('1')
  socket.send('2')
  await seen.final()
  assert.equal(seen.messages, [1])
  assert.equal(await first, { value: 1, done: false })
  assert.equal(await iterator.next(), { value: undefined, done: true })
})

test('a listener that throws is heard of by onError, and keeps no other from hearing', async () => {
  const { seen, socket, connection } = await pair()
  const heard: unknown[][] = []
  connection.listen(() => {
    throw 'mine'
  })
  connection.listen((...message) => heard.push(message))
  socket.send('"a"')
  await until(() => heard.length === 1)
  connection.close()
  await seen.final()
  assert.equal(seen.errors, ['mine', 'mine'])
  assert.equal(heard, [['a'], []])
})
