import { assert } from '#test'
import { until } from '../../../support/until.ts'
import { real, socketSuite } from './kit.ts'

const test = socketSuite('messages of a WebSocket')

test('JSON, text, broken JSON and binary come in order', async () => {
  const { messages, socket } = await real()
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
    const { connection, socket, errors, messages } = await real({
      onMessage: listener,
      onOpen: listener,
      onClose: listener,
    })
    socket.send('1')
    socket.send('2')
    await until(() => errors.length === 3)
    assert.equal(messages, [1, 2])
    assert.is(connection.connected, true)
    connection.close()
    await until(() => errors.length === 4)
    assert.ok(errors.every((error) => error === boom))
  })

  test(`onError that ${how} has nobody to be told to`, async () => {
    const { connection, socket, errors } = await real({ onMessage: listener, onError: listener })
    socket.send('1')
    socket.send('2')
    await until(() => errors.length === 2)
    assert.is(connection.connected, true)
  })

  test(`onReconnect that ${how}`, async () => {
    const { connection, socket, errors } = await real({ onReconnect: listener, reconnectInterval: 1 })
    socket.terminate()
    await until(() => errors.includes(boom))
    assert.is(connection.connected, true)
  })
}

test('send: strings and binary as they are, all else as JSON', async () => {
  const { connection, server } = await real()
  const bytes = new Uint8Array([1, 2, 3, 4])
  const client_event = { type: 'client_event', data: { action: 'other' } }
  const sent = ['text', '', bytes, bytes.buffer, bytes.subarray(1, 3), new DataView(bytes.buffer, 2)]
  const asJson = [client_event, [1], 5, null, true, new Map()]
  for (const message of [...sent, ...asJson]) assert.is(connection.send(message), true)
  assert.is(connection.send(new Blob(['blob'])), true)
  await until(() => server.received.length === 13)
  const [text, empty, ...rest] = server.received
  assert.equal([text, empty], ['text', ''])
  assert.is(
    rest
      .slice(0, 4)
      .map((data) => [...(data as Buffer)].join(''))
      .join(),
    '1234,1234,23,34',
  )
  assert.is(`${rest.slice(4, 10)}`, `${asJson.map((message) => JSON.stringify(message))}`)
  assert.is(`${rest[10]}`, 'blob')
})

test('send: false, never a throw, for what JSON has no form for', async () => {
  const { connection, errors, server } = await real()
  const circle: any = {}
  circle.self = circle
  const trap = {
    type: 'client_event',
    get data() {
      throw new Error('trap')
    },
  }
  for (const message of [undefined, () => {}, Symbol('x'), 10n, circle, trap]) {
    assert.is(connection.send(message), false)
  }
  assert.is(connection.send('end'), true)
  await until(() => server.received.length === 1)
  assert.equal(server.received, ['end'])
  assert.equal(errors, [])
})

test('a message that a listener answers by close() is the last one', async () => {
  const { messages, socket, connection, final } = await real({ onMessage: () => connection.close() })
  const iterator = connection[Symbol.asyncIterator]()
  const first = iterator.next()
  socket.send('1')
  socket.send('2')
  await final()
  assert.equal(messages, [1])
  assert.equal(await first, { value: 1, done: false })
  assert.equal(await iterator.next(), { value: undefined, done: true })
})

test('a listener that throws is heard of by onError, and keeps no other from hearing', async () => {
  const { errors, socket, connection, final } = await real()
  const heard: unknown[][] = []
  connection.listen(() => {
    throw 'mine'
  })
  connection.listen((...message) => heard.push(message))
  socket.send('"a"')
  await until(() => heard.length === 1)
  connection.close()
  await final()
  assert.equal(errors, ['mine', 'mine'])
  assert.equal(heard, [['a'], []])
})
