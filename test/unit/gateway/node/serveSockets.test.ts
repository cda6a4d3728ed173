// The WebSocket of the Node server, in front of an engine that says what the test wants.
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createHttpApi, type Engine, type HttpApi, type Run } from '@flowscale/gateway/http'
import { type Served, serve } from '@flowscale/gateway/node'
import { WebSocket } from 'ws'
import { assert, suite } from '#test'
import { serveSockets } from '../../../../packages/gateway/src/node/serveSockets.ts'
import { until } from '../../../support/until.ts'
import { fakeEngine, run } from '../fakeEngine.ts'

const test = suite('sockets of a face')

interface Open {
  messages: { data: { status: string; progress: number; node?: string } }[]
  say(action: string, runId: string): void
  /** Once the server has read what was said before. */
  heard(): Promise<void>
  pause(): void
  close(): void
}

async function open(url: string, headers: Record<string, string> = {}): Promise<Open> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/ws`, { headers })
  const messages: Open['messages'] = []
  socket.on('message', (data) => messages.push(JSON.parse(String(data))))
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
  return {
    messages,
    say: (action, runId) => socket.send(JSON.stringify({ type: 'client_event', data: { action, runId } })),
    heard: () =>
      new Promise((resolve) => {
        socket.once('pong', () => resolve())
        socket.ping()
      }),
    pause: () => socket.pause(),
    close: () => socket.close(),
  }
}

let served: Served
test.after.each(() => served.close())

async function start(own: Partial<Engine>, more: Partial<HttpApi> = {}): Promise<Served> {
  const options = { dialect: 'readme', apiKey: null, urlTtlMs: 1, name: 'gateway' } as const
  const api = createHttpApi({
    engine: fakeEngine(own),
    sign: () => '',
    makeRequestId: () => 'id',
    ...options,
  })
  served = await serve({ ...api, ...more })
  return served
}

test('a run is followed while somebody subscribes to it, once a connection', async () => {
  const log: string[] = []
  const follow = (id: string) => {
    log.push(`+${id}`)
    return () => void log.push(`-${id}`)
  }
  const { url } = await start({ follow })

  const [one, two] = [await open(url), await open(url)]
  one.say('subscribe', 'r1')
  one.say('subscribe', 'r1')
  await until(() => one.messages.length >= 1)
  assert.equal(log, ['+r1'])
  assert.equal(one.messages[0]!.data, {
    run_id: 'r1',
    status: 'running',
    progress: 0.5,
    node: 'Sampler',
    output_names: ['image r1.png'],
  })
  two.say('subscribe', 'r1')
  one.say('unsubscribe', 'r1')
  await until(() => log.length === 3)
  two.close()
  await until(() => log.length === 4)
  assert.equal(log.toSorted(), ['+r1', '+r1', '-r1', '-r1'])
})

test('a state that was asked for never comes after a change that is newer', async () => {
  let tell: (run: Run) => void = () => {}
  let answer: (run: Run) => void = () => {}
  const watch: Engine['watch'] = (listener) => {
    tell = listener
    return () => {}
  }
  let asked = 0
  const getRun: Engine['getRun'] = () =>
    new Promise((resolve) => {
      asked++
      answer = resolve
    })
  const { url } = await start({ watch, getRun })

  const client = await open(url)
  client.say('subscribe', 'r1')
  await until(() => asked === 1)
  tell({ ...run, progress: 0.9 })
  answer(run)
  await until(() => client.messages.length === 1)
  tell({ ...run, status: 'completed', progress: 1 })
  await until(() => client.messages.at(-1)!.data.progress === 1)
  assert.equal(
    client.messages.map(({ data }) => data.progress),
    [0.9, 1],
  )
})

test('many subscriptions to the same runs, while one is looked at, are one look at each', async () => {
  const looks: string[] = []
  let answer = () => {}
  const getRun: Engine['getRun'] = (id) => {
    looks.push(id)
    return new Promise((resolve) => {
      answer = () => resolve(run)
    })
  }
  const { url } = await start({ getRun })

  const client = await open(url)
  client.say('subscribe', 'r1')
  for (let i = 0; i < 500; i++) client.say('subscribe', i % 2 ? 'r1' : 'r2')
  // One that is taken back while it waits is not looked at.
  for (let i = 0; i < 500; i++) {
    client.say('subscribe', `x${i}`)
    client.say('unsubscribe', `x${i}`)
  }
  client.say('subscribe', 'last')
  for (let i = 1; i <= 4; i++) {
    await until(() => looks.length >= i)
    if (i === 1) await client.heard()
    answer()
  }
  await until(() => client.messages.length >= 3)
  assert.equal(looks, ['r1', 'r2', 'r1', 'last'])
})

test('a client that does not read is cut off, and others are not', async () => {
  let tell: (run: Run) => void = () => {}
  const watch: Engine['watch'] = (listener) => {
    tell = listener
    return () => {}
  }
  const { url } = await start({ watch })

  const [reader, deaf] = [await open(url), await open(url)]
  deaf.pause()
  let told = 0
  for (; told < 500 && served.sockets === 2; told++) {
    tell({ ...run, node: 'x'.repeat(200_000) })
    await reader.heard()
  }
  assert.is(served.sockets, 1)
  assert.is(reader.messages.length, told)
})

/** An API whose keys are looked up, as those of a file are: `find` gives the caller, or none. */
function lookingUp() {
  const site = {
    find: undefined as ((caller: object | undefined) => void) | undefined,
    callerOf: () => new Promise<object | undefined>((resolve) => (site.find = resolve)),
  }
  return site
}

/** Sends a handshake. */
function dial(port: number) {
  const tcp = connect(port, '127.0.0.1')
  const headers = 'Host: 127.0.0.1\r\nX-API-KEY: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  const own = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
  tcp.write(`GET /api/v1/ws HTTP/1.1\r\n${headers}${own}\r\n`)
  return tcp
}

test('a server that closes opens no connection, also for a key that it still looks up', async () => {
  const site = lookingUp()
  const { url } = await start({}, { callerOf: site.callerOf })
  const tcp = dial(Number(new URL(url).port))
  let text = ''
  tcp.on('data', (data) => (text += data))
  await until(() => site.find)
  const closed = served.close()
  site.find!({ isAdmin: true })
  await until(() => text !== '')
  assert.is(text.split(' ')[1], '503')
  await closed
})

test('a client that leaves while its key is looked up leaves nothing behind', async () => {
  const site = lookingUp()
  const events: string[] = []
  // A served API hides its server.
  const server = createServer().on('connection', (tcp) => {
    events.push('connection')
    tcp.on('close', () => events.push('close'))
  })
  serveSockets(server, { apiKey: undefined, callerOf: site.callerOf, watch: () => () => {} } as never, {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const tcp = dial((server.address() as AddressInfo).port)
  await until(() => site.find)
  tcp.resetAndDestroy()
  await until(() => events.includes('close'))
  site.find!(undefined)
  await new Promise((resolve) => server.close(resolve))
  assert.equal(events, ['connection', 'close'])
})
