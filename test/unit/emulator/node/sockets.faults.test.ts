import { createEmulator, type Emulator } from '@flowscale/emulator'
import { type Served, type SocketOptions, serve } from '@flowscale/emulator/node'
import { assert, rejects, suite } from '#test'
import { until } from '../../../support/until.ts'
import { form } from '../kit.ts'
import { addressOf, type Client, closed, connected, dial, has, KEY, refusal, settled } from './dial.ts'

const test = suite('socket faults')
let emulator: Emulator
let served: Served
let socket: SocketOptions

async function start(options: SocketOptions = {}): Promise<void> {
  socket = options
  emulator = createEmulator({ speed: Number.POSITIVE_INFINITY })
  served = await serve(emulator, { socket })
}

test.after.each(async () => {
  emulator?.close()
  await served?.close()
})

/** Makes three updates: queued, running, failed. Gives the id when the run has ended. */
async function fail(): Promise<string> {
  const url = `${served.url}/api/v1/runs?workflow_id=fa1lsa1ways0`
  const init = { method: 'POST', headers: { 'X-API-KEY': KEY }, body: form() }
  const { run_id } = (await (await fetch(url, init)).json()).data
  await until(() => emulator.stateOf(run_id)!.status === 'failed')
  return run_id
}

const ALL = ['queued 0', 'running 0', 'failed 0']

test('refuse: any status, whatever the key, until it is changed', async () => {
  await start({ refuse: 503 })
  const address = addressOf(served.url)
  for (const headers of [{}, { 'X-API-KEY': 'wrong' }, { 'X-API-KEY': KEY }] as Record<string, string>[]) {
    assert.is((await refusal(address, headers)).refused!.status, 503)
  }
  for (const status of [302, 401, 403, 429, 500, 599]) {
    socket.refuse = status
    assert.is((await refusal(address, { 'X-API-KEY': KEY })).refused!.status, status)
  }
  assert.is(served.sockets, 0)
  // The API is not touched.
  assert.is((await fetch(`${served.url}/api/v1/ws`)).status, 401)
  delete socket.refuse
  const client = await connected(served.url)
  socket.refuse = 500
  await fail()
  await has(client, 3)
  assert.is(served.sockets, 1)
})

test('drop: a connection has so many messages, and is gone', async () => {
  await start({ drop: 2 })
  const first = await connected(served.url)
  await fail()
  assert.is(await closed(first), 1006)
  assert.equal(first.told(), ALL.slice(0, 2))
  // Each connection counts its own.
  const second = await connected(served.url)
  const other = await connected(served.url)
  second.subscribe('nobody')
  await settled(second)
  await fail()
  assert.is(await closed(other), 1006)
  assert.equal(other.told(), ALL.slice(0, 2))
  assert.is(second.code, null)
  assert.is(served.sockets, 1)
  // With its last message, not with the one that would come after it.
  socket.drop = 3
  const exact = await connected(served.url)
  await fail()
  assert.is(await closed(exact), 1006)
  assert.equal(exact.told(), ALL)
})

test('drop 0: right after the handshake; changed on the way, at the next message', async () => {
  await start({ drop: 0 })
  let opened = 0
  const clients: Client[] = []
  for (let i = 0; i < 3; i++) {
    const client = dial(addressOf(served.url))
    client.socket.on('open', () => opened++)
    clients.push(client)
  }
  for (const client of clients) assert.is(await closed(client), 1006)
  assert.is(opened, 3)
  assert.is(served.sockets, 0)
  delete socket.drop
  const client = await connected(served.url)
  await fail()
  await has(client, 3)
  socket.drop = 1
  await settled(client)
  assert.is(client.code, null)
  await fail()
  assert.is(await closed(client), 1006)
  assert.equal(client.told(), ALL)
})

test('silent: messages are lost, pings have no pong, the connection stays', async () => {
  await start()
  const [client, other] = [await connected(served.url), await connected(served.url)]
  let pongs = 0
  client.socket.on('pong', () => pongs++)
  await fail()
  await has(client, 3)
  socket.silent = true
  client.socket.ping()
  const id = await fail()
  client.subscribe(id)
  await fail()
  other.socket.close()
  await until(() => served.sockets === 1)
  assert.is(pongs, 0)
  assert.is(client.messages.length, 3)
  socket.silent = false
  // Its subscription was noted.
  await settled(client)
  await fail()
  await settled(client)
  assert.is(client.messages.length, 3)
  client.subscribe(id)
  await has(client, 4)
  assert.equal(client.told(id), ['failed 0'])
  assert.is(pongs, 2)
})

test('duplicate: each message twice', async () => {
  await start({ duplicate: true })
  const client = await connected(served.url)
  const id = await fail()
  await has(client, 6)
  const twice = ALL.flatMap((text) => [text, text])
  assert.equal(client.told(), twice)
  client.subscribe(id)
  await has(client, 8)
  socket.duplicate = false
  client.subscribe(id)
  await settled(client)
  assert.is(client.messages.length, 9)
  assert.equal(client.messages[0], client.messages[1])
  // Each of the two counts.
  socket.duplicate = true
  socket.drop = 3
  const dropped = await connected(served.url)
  await fail()
  assert.is(await closed(dropped), 1006)
  assert.equal(dropped.told(), twice.slice(0, 3))
})

test('delayMs: each message waits so long, in the order of the changes', async () => {
  await start()
  const client = await connected(served.url)
  const { setTimeout } = globalThis
  const waiting: (() => void)[] = []
  globalThis.setTimeout = ((callback: () => void, ms = 0) => {
    if (ms !== 7_654_321) return setTimeout(callback, ms)
    waiting.push(callback)
    return setTimeout(() => {}, 0)
  }) as typeof setTimeout
  try {
    socket.delayMs = 7_654_321
    await fail()
    await settled(client)
    assert.is(waiting.length, 3)
    assert.equal(client.messages, [])
    for (const ring of waiting) ring()
    await has(client, 3)
    assert.equal(client.told(), ALL)
  } finally {
    globalThis.setTimeout = setTimeout
  }
})

test('delayMs: a connection that ends leaves no timer', async () => {
  const { setTimeout, clearTimeout } = globalThis
  const timers = new Set<unknown>()
  globalThis.setTimeout = ((callback: () => void, ms = 0) => {
    const timer = setTimeout(callback, ms)
    if (ms === 3_600_000) timers.add(timer)
    return timer
  }) as typeof setTimeout
  globalThis.clearTimeout = (timer) => {
    timers.delete(timer)
    clearTimeout(timer)
  }
  await start({ delayMs: 3_600_000, duplicate: true })
  const clients = [await connected(served.url), await connected(served.url), await connected(served.url)]
  await fail()
  assert.is(timers.size, 18)
  clients[0]!.socket.close()
  clients[1]!.socket.terminate()
  await until(() => served.sockets === 1)
  assert.is(timers.size, 6)
  await served.close()
  assert.is(timers.size, 0)
  globalThis.setTimeout = setTimeout
  globalThis.clearTimeout = clearTimeout
  await closed(clients[2]!)
  assert.equal(
    clients.map(({ messages }) => messages.length),
    [0, 0, 0],
  )
})

test('small delays arrive, in order', async () => {
  await start({ delayMs: 5 })
  const client = await connected(served.url)
  await fail()
  await has(client, 3)
  assert.equal(client.told(), ALL)
})

test('bad values are TypeErrors that name the option', async () => {
  const own = createEmulator()
  for (const [value, name] of [
    [null, '"socket"'],
    ['x', '"socket"'],
    [{ refused: 503 }, '"socket.refused"'],
    [{ refuse: true }, '"socket.refuse"'],
    [{ refuse: 200 }, '"socket.refuse"'],
    [{ drop: -1 }, '"socket.drop"'],
    [{ drop: true }, '"socket.drop"'],
    [{ silent: 1 }, '"socket.silent"'],
    [{ delayMs: -1 }, '"socket.delayMs"'],
    [{ delayMs: 2 ** 31 }, '"socket.delayMs"'],
    [{ duplicate: 2 }, '"socket.duplicate"'],
  ] as const) {
    const { message } = await rejects(serve(own, { socket: value as object }), TypeError)
    assert.match(message, name)
  }
})
