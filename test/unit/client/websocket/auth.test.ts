import { ArgumentError, type ClientOptions } from '@flowscale/client'
import type { WebSocketOptions } from '@flowscale/client/websocket'
import { assert } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { setGlobals } from '../../../support/setGlobals.ts'
import {
  browserCheck,
  clientFor,
  connect,
  type FakeClass,
  fakeClass,
  NodeWebSocket,
  serve,
  settle,
  socketSuite,
} from './kit.ts'

const test = socketSuite('auth of a WebSocket')

/** What a real server got by `ws`: the key, the header `X-Team`, the query, and the protocols. */
async function shake(
  options: WebSocketOptions & { path?: string },
  client: Partial<ClientOptions> = {},
  isElsewhere = false,
) {
  const { path, ...rest } = options
  const server = await serve()
  const url = path === undefined ? undefined : server.url + path
  const baseUrl = isElsewhere ? 'http://pod.test' : server.url
  const seen = connect(clientFor(baseUrl, client), { url, ...rest })
  await seen.connection.opened
  assert.equal(seen.errors, [])
  const [request] = server.requests as [(typeof server.requests)[0]]
  const {
    'x-api-key': key,
    'x-team': team,
    'sec-websocket-protocol': protocols,
    authorization,
  } = request.headers
  return { key, team, protocols, authorization, query: new URL(request.url!, server.url).search }
}

const byQuery = `?api_key=${CANARY}`
const mine = { headers: { 'X-Team': 'mine' } }
const noKey = { apiKey: undefined }
type Row = [
  name: string,
  options: Parameters<typeof shake>[0],
  client: object,
  key: unknown,
  team: unknown,
  query: string,
]
const rows: Row[] = [
  ['auto: in the header', { auth: 'auto' }, mine, CANARY, 'mine', ''],
  ['header: there', { auth: 'header' }, mine, CANARY, 'mine', ''],
  ['by default in the header', {}, mine, CANARY, 'mine', ''],
  ['query: there and nowhere else', { auth: 'query' }, mine, undefined, 'mine', byQuery],
  [
    'query: beside what the URL has',
    { auth: 'query', path: '/x?a=1' },
    {},
    undefined,
    undefined,
    `?a=1&api_key=${CANARY}`,
  ],
  ['none: nowhere, and no custom header', { auth: 'none' }, mine, undefined, undefined, ''],
  [
    'custom headers from a function',
    {},
    { ...noKey, headers: async () => mine.headers },
    undefined,
    'mine',
    '',
  ],
  ['auto without a key', { auth: 'auto' }, noKey, undefined, undefined, ''],
  ['header without a key', { auth: 'header' }, noKey, undefined, undefined, ''],
  ['query without a key', { auth: 'query' }, noKey, undefined, undefined, ''],
  ['none without a key', { auth: 'none' }, noKey, undefined, undefined, ''],
]
for (const [name, options, client, ...expected] of rows) {
  test(`by ws, ${name}`, async () => {
    const { key, team, query } = await shake(options, client)
    assert.equal([key, team, query], expected)
  })
}

test('a custom Authorization goes along with the key', async () => {
  const { key, authorization } = await shake({}, { headers: { Authorization: 'Bearer jwt' } })
  assert.equal([key, authorization], [CANARY, 'Bearer jwt'])
})

test('protocols go along with headers', async () => {
  for (const protocols of ['one', ['one', 'two']]) {
    const sent = await shake({ protocols, auth: 'header' })
    assert.equal([sent.protocols, sent.key], [`${protocols}`, CANARY])
    assert.is((await shake({ protocols }, noKey)).protocols, `${protocols}`)
  }
})

for (const [auth, ...expected] of [
  ['auto', undefined, undefined, ''],
  ['header', CANARY, 'mine', ''],
  ['query', undefined, undefined, byQuery],
] as const) {
  test(`another host, by ${auth}: it gets no key and no header, unless asked for`, async () => {
    const { key, team, query } = await shake({ auth, path: '' }, mine, true)
    assert.equal([key, team, query], expected)
  })
}

/** What a fake WebSocket was made with. */
async function make(WebSocket: FakeClass, options: WebSocketOptions, client: Partial<ClientOptions> = {}) {
  const seen = connect(clientFor('https://pod.test', client), { reconnect: false, ...options })
  await settle()
  const [socket] = WebSocket.made
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

for (const [auth, globals] of [
  [undefined, {}],
  ['auto', {}],
  ['header', {}],
  // workerd
  ['auto', { WebSocketPair: class {} }],
] as const) {
  const where = Object.keys(globals).join() || 'no page'
  test(`a WebSocket that throws for headers gets no key in its URL (${auth}, ${where}): one error`, async () => {
    setGlobals(globals)
    const WebSocket = fakeClass(browserCheck)
    const { seen } = await make(WebSocket, { WebSocket, auth, reconnect: true })
    assert.is(WebSocket.made.length, 0)
    assert.instance(seen.errors[0], ArgumentError)
    assert.match(seen.errors[0].message, /^auth: /)
    assert.is(await seen.connection.opened.catch((error) => error), seen.errors[0])
  })
}

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
  setGlobals(page)
  const { socket, key } = await make(WebSocket, { WebSocket, protocols: ['one'] }, open)
  assert.is(key, CANARY)
  assert.equal(socket!.args, [['one']])
})

test('a page: the key in the query, without a try', async () => {
  const WebSocket = fakeClass()
  setGlobals({ ...page, WebSocket })
  const { socket, key } = await make(WebSocket, {}, open)
  assert.is(key, CANARY)
  assert.equal(socket!.args, [])
})

test('a page with auth "header": an error, and no key in the query', async () => {
  const WebSocket = fakeClass()
  setGlobals({ ...page, WebSocket })
  const { seen } = await make(WebSocket, { auth: 'header', reconnect: true }, open)
  assert.is(WebSocket.made.length, 0)
  assert.match(seen.errors[0].message, /^auth: /)
})

test('a page through a proxy without a key: neither', async () => {
  const WebSocket = fakeClass()
  setGlobals({ ...page, WebSocket })
  const { socket, key } = await make(WebSocket, {}, { apiKey: undefined, headers: { 'X-Team': 'mine' } })
  assert.is(key, null)
  assert.equal(socket!.args, [])
})

test('a page with a WebSocket that was passed: headers', async () => {
  setGlobals(page)
  assert.is((await shake({ WebSocket: NodeWebSocket as never }, open)).key, CANARY)
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
