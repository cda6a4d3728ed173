import { ArgumentError, type ClientOptions } from '@flowscale/client'
import type { WebSocketOptions } from '@flowscale/client/websocket'
import { assert, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { rejection } from '../../../support/fakes.ts'
import {
  browserCheck,
  clientFor,
  connect,
  type FakeClass,
  fakeClass,
  NodeWebSocket,
  type Server,
  serve,
  settle,
  withGlobals,
} from './kit.ts'

const test = suite('auth of a WebSocket')
let server: Server
test.before(async () => {
  server = await serve()
})
test.after(() => server.close())

/** What a real server got by `ws`. */
async function shake(options: WebSocketOptions, client: Partial<ClientOptions> = {}, baseUrl = server.url) {
  const seen = connect(clientFor(baseUrl, client), options)
  await seen.connection.opened
  seen.connection.close()
  await seen.final()
  assert.equal(seen.errors, [])
  const { headers, url } = server.requests.at(-1)!
  return { headers, query: new URL(url!, server.url).searchParams }
}

for (const auth of ['auto', 'header', undefined] as const) {
  test(`${auth}: in the header, by ws`, async () => {
    const { headers, query } = await shake({ auth })
    assert.is(headers['x-api-key'], CANARY)
    assert.equal([...query], [])
  })
}

test('query: there and nowhere else, beside what the URL has', async () => {
  const { headers, query } = await shake({ auth: 'query', url: `${server.url}/x?a=1` })
  assert.is(headers['x-api-key'], undefined)
  assert.equal(
    [...query],
    [
      ['a', '1'],
      ['api_key', CANARY],
    ],
  )
})

test('none: nowhere, and no custom header', async () => {
  const { headers, query } = await shake({ auth: 'none' }, { headers: { 'X-Team': 'mine' } })
  assert.is(headers['x-api-key'], undefined)
  assert.is(headers['x-team'], undefined)
  assert.equal([...query], [])
})

test('custom headers, also from a function, for each attempt', async () => {
  const both = await shake({}, { headers: { Authorization: 'Bearer jwt' } })
  assert.is(both.headers.authorization, 'Bearer jwt')
  assert.is(both.headers['x-api-key'], CANARY)
  const own = await shake({}, { apiKey: undefined, headers: async () => ({ 'X-Team': 'mine' }) })
  assert.is(own.headers['x-team'], 'mine')
  assert.is(own.headers['x-api-key'], undefined)
  assert.equal([...own.query], [])
})

test('query: custom headers go along where they can', async () => {
  const { headers, query } = await shake({ auth: 'query' }, { headers: { 'X-Team': 'mine' } })
  assert.is(headers['x-team'], 'mine')
  assert.is(headers['x-api-key'], undefined)
  assert.is(query.get('api_key'), CANARY)
})

test('a client without a key: neither', async () => {
  for (const auth of ['auto', 'header', 'query', 'none'] as const) {
    const { headers, query } = await shake({ auth }, { apiKey: undefined })
    assert.is(headers['x-api-key'], undefined)
    assert.equal([...query], [])
  }
})

test('protocols go along with headers', async () => {
  for (const protocols of ['one', ['one', 'two']]) {
    const { headers } = await shake({ protocols, auth: 'header' })
    assert.is(headers['sec-websocket-protocol'], `${protocols}`)
    assert.is(headers['x-api-key'], CANARY)
    const without = await shake({ protocols }, { apiKey: undefined })
    assert.is(without.headers['sec-websocket-protocol'], `${protocols}`)
  }
})

test('another host gets no key and no header, unless asked for', async () => {
  const url = server.url
  const elsewhere = 'http://pod.test'
  const own = { headers: { 'X-Team': 'mine' } }
  const auto = await shake({ url }, own, elsewhere)
  assert.is(auto.headers['x-api-key'], undefined)
  assert.is(auto.headers['x-team'], undefined)
  assert.equal([...auto.query], [])
  const header = await shake({ url, auth: 'header' }, own, elsewhere)
  assert.is(header.headers['x-api-key'], CANARY)
  assert.is(header.headers['x-team'], 'mine')
  const query = await shake({ url, auth: 'query' }, own, elsewhere)
  assert.is(query.query.get('api_key'), CANARY)
  assert.is(query.headers['x-team'], undefined)
})

/** What a fake WebSocket was made with. */
async function make(WebSocket: FakeClass, options: WebSocketOptions, client: Partial<ClientOptions> = {}) {
  const seen = connect(clientFor('https://pod.test', client), { reconnect: false, ...options })
  await settle()
  const [socket] = WebSocket.made
  if (socket) {
    seen.connection.close()
    socket.end()
  }
  await seen.final()
  return { socket, seen, key: socket && new URL(socket.url).searchParams.get('api_key') }
}

const others: Record<string, string> = {
  'another port': 'wss://pod.test:8443/',
  'a subdomain': 'wss://a.pod.test/',
  'the same host without encryption': 'ws://pod.test/',
  'the same host, as a user name': 'wss://pod.test@evil.test/',
}
for (const [name, url] of Object.entries(others)) {
  test(`${name} is another host`, async () => {
    const WebSocket = fakeClass()
    const { socket, key } = await make(WebSocket, { url: () => url, WebSocket })
    assert.is(key, null)
    assert.equal(socket!.args, [])
  })
}

test('Node 22, Deno, Bun: headers and protocols in one object', async () => {
  const WebSocket = fakeClass()
  const { socket, key } = await make(WebSocket, { WebSocket, protocols: ['one'] })
  assert.equal(socket!.args, [{ headers: { 'x-api-key': CANARY }, protocols: ['one'] }])
  assert.is(key, null)
  const bare = fakeClass()
  assert.equal((await make(bare, { WebSocket: bare })).socket!.args, [{ headers: { 'x-api-key': CANARY } }])
})

test('ws, also the oldest 8: protocols second, headers third', async () => {
  const WebSocket = fakeClass()
  Object.assign(WebSocket.prototype, { on() {} })
  const { socket } = await make(WebSocket, { WebSocket, protocols: 'one' })
  assert.equal(socket!.args, ['one', { headers: { 'x-api-key': CANARY } }])
})

test('a WebSocket that throws for headers gets no key in its URL outside of a page: an error, and no second attempt', async () => {
  for (const [globals, auth] of [
    [{}, undefined],
    [{}, 'auto'],
    [{}, 'header'],
    // workerd
    [{ WebSocketPair: class {} }, 'auto'],
  ] as const) {
    await withGlobals(globals, async () => {
      const WebSocket = fakeClass(browserCheck)
      const { seen } = await make(WebSocket, { WebSocket, auth, reconnect: true })
      assert.is(WebSocket.made.length, 0)
      assert.instance(seen.errors[0], ArgumentError)
      assert.match(seen.errors[0].message, /^auth: /)
      assert.is(await rejection(seen.connection.opened), seen.errors[0])
    })
  }
})

test('... unless that is asked for, and it may do without custom headers', async () => {
  const WebSocket = fakeClass(browserCheck)
  const { socket, key } = await make(WebSocket, { WebSocket, auth: 'query', protocols: ['one'] })
  assert.is(key, CANARY)
  assert.equal(socket!.args, [['one']])
  const none = fakeClass(browserCheck)
  const own = { apiKey: undefined, headers: { 'x-team': 'mine' } }
  assert.is((await make(none, { WebSocket: none }, own)).key, null)
  assert.is(none.made.length, 1)
})

const page = { window: {}, document: {} }
const open = { allowDangerouslyExposeApiKey: true }

test('a page with a WebSocket that was passed and throws for headers: the key in the query', async () => {
  const WebSocket = fakeClass(browserCheck)
  await withGlobals(page, async () => {
    const { socket, key } = await make(WebSocket, { WebSocket, protocols: ['one'] }, open)
    assert.is(key, CANARY)
    assert.equal(socket!.args, [['one']])
  })
})

test('a page: the key in the query, without a try', async () => {
  const WebSocket = fakeClass()
  await withGlobals({ ...page, WebSocket }, async () => {
    const { socket, key } = await make(WebSocket, {}, open)
    assert.is(key, CANARY)
    assert.equal(socket!.args, [])
  })
})

test('a page with auth "header": an error, and no key in the query', async () => {
  const WebSocket = fakeClass()
  await withGlobals({ ...page, WebSocket }, async () => {
    const { seen } = await make(WebSocket, { auth: 'header', reconnect: true }, open)
    assert.is(WebSocket.made.length, 0)
    assert.match(seen.errors[0].message, /^auth: /)
  })
})

test('a page through a proxy without a key: neither', async () => {
  const WebSocket = fakeClass()
  await withGlobals({ ...page, WebSocket }, async () => {
    const { socket, key } = await make(WebSocket, {}, { apiKey: undefined, headers: { 'X-Team': 'mine' } })
    assert.is(key, null)
    assert.equal(socket!.args, [])
  })
})

test('a page with a WebSocket that was passed: headers', async () => {
  await withGlobals(page, async () => {
    const { headers } = await shake({ WebSocket: NodeWebSocket as never }, open)
    assert.is(headers['x-api-key'], CANARY)
  })
})

test('a constructor that throws for the URL does not show it', async () => {
  const WebSocket = fakeClass((url) => {
    throw new SyntaxError(`The URL '${url}' is invalid`)
  })
  const { seen } = await make(WebSocket, { WebSocket, auth: 'query' })
  assert.is(seen.errors.length, 1)
  assert.is(seen.errors[0].code, 'ERR_FLOWSCALE_NETWORK')
})

test('a wrong header of a function is a failed attempt', async () => {
  const WebSocket = fakeClass()
  const { seen } = await make(WebSocket, { WebSocket }, { headers: () => ({ bad: `${CANARY}\n` }) })
  assert.is(WebSocket.made.length, 0)
  assert.instance(seen.errors[0], ArgumentError)
})
