import { connect } from 'node:net'
import { createEmulator, type Dialect, type Emulator, type EmulatorOptions } from '@flowscale/emulator'
import { type Served, serve } from '@flowscale/emulator/node'
import { WebSocket } from 'ws'
import { assert, suite } from '#test'
import { isRising } from '../../../support/isRising.ts'
import { until } from '../../../support/until.ts'
import { DIALECTS, form, type Gates, gates } from '../kit.ts'
import { addressOf, closed, connected, dial, has, KEY, refusal, settled } from './dial.ts'

const test = suite('socket')
let emulator: Emulator
let served: Served
let gate: Gates

async function start(options: EmulatorOptions = {}): Promise<void> {
  gate = gates()
  emulator = createEmulator({ speed: Number.POSITIVE_INFINITY, workflows: [gate.workflow], ...options })
  served = await serve(emulator)
}

test.after.each(async () => {
  emulator?.close()
  await served?.close()
})

async function run(workflow: string, fields: Record<string, string> = {}): Promise<string> {
  const url = `${served.url}/api/v1/runs?workflow_id=${workflow}`
  const init = { method: 'POST', headers: { 'X-API-KEY': emulator.apiKey }, body: form(fields) }
  const response = await fetch(url, init)
  assert.is(response.status, 200)
  return [(await response.json()).data].flat()[0].run_id
}

test('the key by header or by query, of which the header counts first', async () => {
  await start()
  const address = addressOf(served.url)
  for (const [url, headers] of [
    [address, { 'X-API-KEY': KEY }],
    [`${address}?api_key=${KEY}`, {}],
    [`${address}?a=b&api_key=${KEY}&c`, {}],
    [`${address}?api_key=wrong`, { 'x-api-key': KEY }],
    [address, { 'x-api-key': '', authorization: `Bearer ${KEY}` }],
    [`${address}?api_key=${KEY}`, { authorization: 'Bearer another' }],
  ] as const) {
    const { socket } = dial(url, headers)
    await until(() => socket.readyState === WebSocket.OPEN)
  }
  assert.is(served.sockets, 6)
  await refusal(`${address}?api_key=${KEY}`, { 'x-api-key': 'wrong' })
  assert.is(served.sockets, 6)
})

for (const dialect of DIALECTS) {
  test(`a refused key gets the answer of the API, ${dialect}`, async () => {
    await start({ dialect, apiKey: 'a+b/c' })
    const address = addressOf(served.url)
    const error = (text: string): object =>
      dialect === 'readme' ? { status: 'error', errors: [text] } : { detail: text }
    for (const [url, headers, status, text] of [
      [address, {}, 401, 'Missing API key: send it in the X-API-KEY header'],
      [`${address}?api_key=`, {}, 401, 'Missing API key: send it in the X-API-KEY header'],
      [address, { Authorization: 'Bearer A+b/c' }, 403, 'Invalid API key'],
      [address, { 'X-API-KEY': 'A+b/c' }, 403, 'Invalid API key'],
      // A plus stands for a space there.
      [`${address}?api_key=a+b/c`, {}, 403, 'Invalid API key'],
      [`${address}?api_key=${encodeURIComponent('x\r\nX-API-KEY: a+b/c')}`, {}, 403, 'Invalid API key'],
      [`${address}?api_key=%E2%82%AC%00`, {}, 403, 'Invalid API key'],
    ] as const) {
      const { refused } = await refusal(url, headers)
      assert.is(refused!.status, status, url)
      assert.equal(JSON.parse(refused!.body), error(text))
      assert.match(String(refused!.headers['x-request-id']), /^[0-9a-f]{32}$/)
      assert.is(refused!.headers['access-control-allow-origin'], '*')
    }
    assert.is(served.sockets, 0)
    const { socket } = dial(`${address}?api_key=${encodeURIComponent('a+b/c')}`, {})
    await until(() => socket.readyState === WebSocket.OPEN)
  })

  test(`a connection without subscriptions gets all runs of the team, ${dialect}`, async () => {
    await start({ dialect })
    const [one, two] = [await connected(served.url), await connected(served.url)]
    const expected: object[] = []
    emulator.watch((update) => expected.push({ type: 'run_status_update', data: update }))
    const first = await run('gate', { label: 'a' })
    const second = await run('fa1lsa1ways0')
    await until(() => gate.begun.length === 1)
    gate.release('a')
    await has(one, 7)
    await has(two, 7)
    assert.equal(one.messages, expected)
    assert.equal(two.messages, expected)
    assert.equal(one.told(first), ['queued 0', 'running 0', 'running 0.5', 'completed 1'])
    assert.equal(one.told(second), ['queued 0', 'running 0', 'failed 0'])
    const last = one.messages.filter(({ data }) => data.run_id === first).at(-1)!
    const state = await fetch(`${served.url}/api/v1/runs/${first}`, { headers: { 'X-API-KEY': KEY } })
    const { output_names, outputs } = (await state.json()).data
    const names = output_names ?? outputs.map(({ filename }: { filename: string }) => filename)
    assert.equal(last.data.output_names, names)
    assert.is(names.length, 1)
  })
}

test('with subscriptions only those runs, the current state at once', async () => {
  await start({ containers: 3 })
  const client = await connected(served.url)
  const [a, b, c] = [
    await run('gate', { label: 'a' }),
    await run('gate', { label: 'b' }),
    await run('gate', { label: 'c' }),
  ]
  await has(client, 9)
  client.messages.length = 0
  client.subscribe(a)
  await has(client, 1)
  assert.equal(client.messages, [
    {
      type: 'run_status_update',
      data: { run_id: a, status: 'running', progress: 0.5, node: 'Gate', output_names: [] },
    },
  ])
  client.subscribe(b)
  await has(client, 2)
  client.unsubscribe(a)
  client.unsubscribe(a)
  client.unsubscribe('never subscribed')
  await settled(client)
  for (const label of ['a', 'c', 'b']) gate.release(label)
  await until(() => client.told(b).length === 2)
  assert.equal(client.told(a), ['running 0.5'])
  assert.equal(client.told(b), ['running 0.5', 'completed 1'])
  assert.equal(client.told(c), [])
  // An ended run has a state, too; and the last to be unsubscribed brings everything back.
  client.subscribe(c)
  await has(client, 4)
  assert.equal(client.told(c), ['completed 1'])
  client.unsubscribe(b)
  client.unsubscribe(c)
  await settled(client)
  const d = await run('fa1lsa1ways0')
  await has(client, 7)
  assert.equal(client.told(d), ['queued 0', 'running 0', 'failed 0'])
})

test('a subscription to a run that is not there: silence, and no other runs', async () => {
  await start()
  const [client, other] = [await connected(served.url), await connected(served.url)]
  client.subscribe('nobody')
  await settled(client)
  await run('fa1lsa1ways0')
  await has(other, 3)
  await settled(client)
  assert.equal(client.messages, [])
})

test('anything else that comes in is ignored', async () => {
  await start()
  const client = await connected(served.url)
  const id = await run('nev3rend5run')
  await has(client, 2)
  const subscribe = { type: 'client_event', data: { action: 'subscribe', runId: id } }
  for (const message of [
    '',
    'hello',
    '{',
    'null',
    '[]',
    '7',
    '"client_event"',
    '{"type":"client_event"}',
    '{"type":"client_event","data":null}',
    JSON.stringify({ ...subscribe, type: 'ping' }),
    JSON.stringify({ ...subscribe, data: { ...subscribe.data, action: 'cancel' } }),
    JSON.stringify({ ...subscribe, data: { ...subscribe.data, runId: 7 } }),
    JSON.stringify([subscribe]),
    Buffer.from(JSON.stringify(subscribe)),
    'x'.repeat(60_000),
  ]) {
    client.socket.send(message)
  }
  await settled(client)
  assert.is(client.messages.length, 2)
  client.socket.send(JSON.stringify({ ...subscribe, more: [1], data: { ...subscribe.data, x: null } }))
  await has(client, 3)
  assert.is(served.sockets, 1)
})

test('a message that is too long, or no WebSocket at all, ends that connection only', async () => {
  await start()
  const [one, two, other] = [
    await connected(served.url),
    await connected(served.url),
    await connected(served.url),
  ]
  one.socket.send('x'.repeat(70_000))
  assert.is(await closed(one), 1009)
  ;(two.socket as unknown as { _socket: { write(text: string): void } })._socket.write('GET / HTTP/1.1\r\n')
  await closed(two)
  await until(() => served.sockets === 1)
  await run('fa1lsa1ways0')
  await has(other, 3)
})

test('sockets counts connections, however they end', async () => {
  await start()
  const [one, two, three] = [
    await connected(served.url),
    await connected(served.url),
    await connected(served.url),
  ]
  assert.is(served.sockets, 3)
  one.socket.close(4000, 'bye')
  two.socket.terminate()
  await until(() => served.sockets === 1)
  assert.is(await closed(one), 4000)
  three.socket.close()
  await until(() => served.sockets === 0)
  await run('fa1lsa1ways0')
})

test('dropSockets destroys them all at once; runs and new connections go on', async () => {
  await start()
  const clients = [await connected(served.url), await connected(served.url), await connected(served.url)]
  const id = await run('gate', { label: 'a' })
  await has(clients[0]!, 3)
  served.dropSockets()
  assert.is(served.sockets, 0)
  for (const client of clients) assert.is(await closed(client), 1006)
  served.dropSockets()
  const again = await connected(served.url)
  again.subscribe(id)
  await has(again, 1)
  gate.release('a')
  await has(again, 2)
  assert.equal(again.told(), ['running 0.5', 'completed 1'])
})

test('close() says goodbye, and does not wait for clients that do not read', async () => {
  await start()
  const [client, deaf] = [await connected(served.url), await connected(served.url)]
  deaf.socket.pause()
  const id = await run('nev3rend5run')
  await has(client, 2)
  await Promise.all([served.close(), served.close()])
  assert.is(served.sockets, 0)
  assert.is(await closed(client), 1001)
  assert.is(client.reason, 'The server is closing')
  // The emulator goes on, and tells nobody here.
  assert.is(emulator.stateOf(id)?.status, 'running')
  emulator.close()
  deaf.socket.resume()
  assert.is(await closed(deaf), 1001)
  assert.is(client.messages.length, 2)
})

test('close() with more under way than a client reads', async () => {
  const workflow = {
    id: 'flood',
    name: 'Flood',
    description: 'Tells much',
    inputs: {},
    outputs: {},
    run(_: unknown, { progress }: { progress(fraction: number): void }) {
      for (let i = 1; i < 100_000; i++) progress(i / 100_000)
      return {}
    },
  }
  await start({ workflows: [workflow] })
  const deaf = await connected(served.url)
  deaf.socket.pause()
  const id = await run('flood')
  await until(() => emulator.stateOf(id)!.status === 'completed')
  let over = false
  void served.close().then(() => {
    over = true
  })
  await until(() => over)
  deaf.socket.terminate()
})

test('a handshake elsewhere is a 404, and at the files a 403', async () => {
  await start()
  for (const path of ['/api', '/api/v1/ws/', '/api/v1', '/x', '/API/v1/ws']) {
    const { refused } = await refusal(served.url.replace('http', 'ws') + path, { 'X-API-KEY': KEY })
    assert.is(refused!.status, 404)
    assert.equal(JSON.parse(refused!.body), { status: 'error', errors: ['Not Found'] })
  }
  const files = await refusal(addressOf(served.filesUrl), {})
  assert.is(files.refused!.status, 403)
})

/** What comes back on one connection, until it ends; each part is sent when the one before was answered. */
function raw(...parts: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let sent = 0
    const next = (): void => void socket.write((parts[sent++] ?? '').replaceAll('\n', '\r\n'))
    const socket = connect(Number(new URL(served.url).port), '127.0.0.1', next)
    let text = ''
    socket.setEncoding('latin1').on('data', (part) => {
      text += part
      if (sent < parts.length && text.split('HTTP/1.1 ').length > sent) next()
    })
    socket.on('end', () => resolve(text)).on('error', reject)
  })
}

test('a request that asks for another protocol gets its answer in this one', async () => {
  await start()
  const h2c = `Host: x\nX-API-KEY: ${KEY}\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMAAABk\n`
  const body = '--x\nContent-Disposition: form-data; name="message"\n\nhello\n--x--\n'
  const length = body.replaceAll('\n', '\r\n').length
  const end = `Host: x\nX-API-KEY: ${KEY}\nConnection: close\n\n`
  const text = await raw(
    `GET /api/v1/comfy/health HTTP/1.1\n${h2c}\n`,
    `POST /api/v1/runs?workflow_id=fa1lsa1ways0 HTTP/1.1\n${h2c}Content-Type: multipart/form-data; boundary=x\nContent-Length: ${length}\n\n${body}`,
    `GET /api/v1/ws HTTP/1.1\n${h2c}\n`,
    `GET /api/v1/comfy/queue HTTP/1.1\n${end}`,
  )
  assert.equal(text.match(/HTTP\/1\.1 \d+/g), [
    'HTTP/1.1 200',
    'HTTP/1.1 200',
    'HTTP/1.1 426',
    'HTTP/1.1 200',
  ])
  assert.is(emulator.stats.runsStarted, 1)
})

test('a broken handshake is answered, and a client that vanishes in it does no harm', async () => {
  await start()
  const handshake = `GET /api/v1/ws HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: WebSocket\nX-API-KEY: ${KEY}\n`
  assert.match(await raw(`${handshake}\n`), /^HTTP\/1\.1 426 /)
  assert.match(await raw(`${handshake}Sec-WebSocket-Version: 8\nSec-WebSocket-Key: x\n\n`), /^HTTP\/1\.1 4/)
  for (const key of [KEY, 'wrong']) {
    const socket = connect(Number(new URL(served.url).port), '127.0.0.1')
    const lines = `${handshake.replace(KEY, key)}Sec-WebSocket-Version: 13\nSec-WebSocket-Key: ${btoa('0123456789abcdef')}\n\n`
    await new Promise((resolve) => socket.write(lines.replaceAll('\n', '\r\n'), resolve))
    socket.resetAndDestroy()
  }
  await connected(served.url)
  await until(() => served.sockets === 1)
})

test('two servers of one emulator, one of them around a wrapper', async () => {
  await start()
  let watching = 0
  const wrapper: Emulator = {
    ...emulator,
    watch(listener) {
      const stop = emulator.watch(listener)
      watching++
      return () => {
        watching--
        stop()
      }
    },
  }
  const second = await serve(wrapper)
  assert.is(watching, 1)
  const [one, two] = [await connected(served.url), await connected(second.url)]
  await run('fa1lsa1ways0')
  await has(one, 3)
  await has(two, 3)
  assert.equal(two.messages, one.messages)
  await second.close()
  assert.is(watching, 0)
  assert.is(await closed(two), 1001)
  await run('fa1lsa1ways0')
  await has(one, 6)
  assert.equal([served.sockets, second.sockets], [1, 0])
})

for (const dialect of DIALECTS satisfies Dialect[]) {
  test(`text to image tells its progress bit by bit, ${dialect}`, async () => {
    await start({ dialect })
    const client = await connected(served.url)
    const id = await run('bncu0a1kipv', { text_51536: 'x', seed: '1' })
    await until(() => client.told().at(-1) === 'completed 1')
    const steps = client.messages.map(({ data }) => data.progress)
    assert.ok(isRising(steps), `${steps}`)
    assert.ok(new Set(steps).size > 10, String(steps))
    assert.is(new Set(client.told(id)).size, client.messages.length)
  })
}
