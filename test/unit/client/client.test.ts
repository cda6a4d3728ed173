import { inspect } from 'node:util'
import * as api from '@flowscale/client'
import {
  ArgumentError,
  type ClientOptions,
  checkHealth,
  createClient,
  executeWorkflow,
  getQueue,
} from '@flowscale/client'
import { connectWebSocket } from '@flowscale/client/websocket'
import { assert, rejects, suite, throws } from '#test'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { clientWith } from '../../support/clientWith.ts'
import { fakeFetch, ok, recorder } from '../../support/fakes.ts'
import { operations } from '../../support/operations.ts'
import { withGlobals } from '../../support/setGlobals.ts'

const test = suite('createClient')
const fails = (options: unknown) => {
  assert.instance(
    throws(() => createClient(options as ClientOptions), ArgumentError),
    TypeError,
  )
}
const base = (baseUrl: unknown) => createClient({ baseUrl, apiKey: CANARY } as ClientOptions).baseUrl

test('has the defaults of the contract, and nothing else', () => {
  const client = createClient({ baseUrl: 'https://pod.test', apiKey: CANARY })
  assert.equal({ ...client }, {
    baseUrl: 'https://pod.test',
    timeoutMs: 60_000,
    maxRetries: 3,
    retryDelayMs: 1000,
  } as never)
  const own = createClient({ baseUrl: 'https://pod.test', timeoutMs: 5, maxRetries: 0, retryDelayMs: 7 })
  assert.is(own.timeoutMs, 5)
  assert.is(own.maxRetries, 0)
  assert.is(own.retryDelayMs, 7)
})

test('an undefined option is as one left out', () => {
  const client = createClient({
    baseUrl: 'https://pod.test',
    apiKey: undefined,
    allowDangerouslyExposeApiKey: undefined,
    headers: undefined,
    timeoutMs: undefined,
    maxRetries: undefined,
    retryDelayMs: undefined,
    fetch: undefined,
    logger: undefined,
  })
  assert.is(client.timeoutMs, 60_000)
  assert.is(client.maxRetries, 3)
})

const urls: Record<string, [given: unknown, is: string]> = {
  'a string': ['https://pod.test', 'https://pod.test'],
  'a URL': [new URL('https://pod.test/x/'), 'https://pod.test/x'],
  http: ['http://pod.test', 'http://pod.test'],
  'a port': ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  'the default port': ['https://pod.test:443/', 'https://pod.test'],
  'a slash at the end': ['https://pod.test/', 'https://pod.test'],
  'many slashes at the end': ['https://pod.test/flowscale///', 'https://pod.test/flowscale'],
  'a path prefix': ['https://pod.test/a/flowscale', 'https://pod.test/a/flowscale'],
  'capital letters': ['HTTPS://Pod.Test/Path', 'https://pod.test/Path'],
}
for (const [name, [given, is]] of Object.entries(urls)) {
  test(`baseUrl: ${name}`, () => assert.is(base(given), is))
}

const wrongUrls = {
  credentials: `https://user:${CANARY}@pod.test`,
  'a user': 'https://user@pod.test',
  'a query': `https://pod.test/?key=${CANARY}`,
  'an empty query': 'https://pod.test/?',
  'a fragment': 'https://pod.test/#top',
  'an empty fragment': 'https://pod.test/#',
  'no protocol': 'pod.test',
  ftp: 'ftp://pod.test',
  ws: 'wss://pod.test',
  file: 'file:///etc/passwd',
  'a data URL': 'data:text/plain,http',
  'a blob URL': 'blob:https://pod.test/1',
  'a protocol that begins with http': 'httpx://pod.test',
  'a host without a protocol': '//pod.test/x',
  'an empty string': '',
  undefined: undefined,
  null: null,
  'a number': 8080,
  'an object': {},
  'an object that is no text': Object.create(null),
  'a symbol': Symbol('x'),
}
for (const [name, baseUrl] of Object.entries(wrongUrls)) {
  test(`baseUrl: ${name} is an error`, () => {
    fails({ baseUrl, apiKey: CANARY })
  })
}

test('baseUrl: the error never shows the value, which may hold a login or a key', () => {
  const hidden = [
    'https://user:secret@pod.test',
    'user:secret@pod.test',
    'user:secret',
    'user:1secret',
    'wss://user:secret@pod.test',
    'localhost:4188/secret',
    'wss://pod.test/secret',
    'secret.key',
    'secret/key',
    'https://pod.test/?key=secret',
    'https://pod.test/#secret',
    'ftp://pod.test?a@b',
    'fsk_9d1f0c7be2a845',
    '9d1f0c7be2a845',
    'eyJhbGciOi.eyJzdWIi.c2VjcmV0',
    'c2VjcmV0/c2VjcmV0+L2==',
  ]
  for (const baseUrl of hidden) {
    const { message } = throws(() => createClient({ baseUrl }), ArgumentError)
    assert.not.match(message, baseUrl)
  }
})

test('baseUrl: one that ends in /api/v1 is an error that says so', () => {
  for (const baseUrl of [
    'https://pod.test/api/v1',
    new URL('https://pod.test/x/api/v1/'),
    '/proxy/api/v1//',
  ]) {
    fails({ baseUrl, apiKey: CANARY })
  }
  assert.is(base('https://pod.test/api/v1x'), 'https://pod.test/api/v1x')
})

test('baseUrl: a path is kept, with and without a page, and never leads to another host', async () => {
  const paths = () => {
    assert.is(base('/api/flowscale/'), '/api/flowscale')
    assert.is(base('/'), '')
    assert.is(base('https://pod.test'), 'https://pod.test')
    for (const baseUrl of [
      '//evil.test/x',
      '/\\evil.test/x',
      '/\t/evil.test',
      '//page/x',
      'api',
      './api',
      '/x?y',
      '/x#y',
    ]) {
      fails({ baseUrl, apiKey: CANARY })
    }
  }
  paths()
  await withGlobals({ location: { origin: 'https://app.test:8443' } }, paths)
})

test('baseUrl: a path is taken against the origin of the page when a request is made', async () => {
  // As a module does that is loaded where a page is rendered on a server.
  for (const baseUrl of ['/api/flowscale', '/']) {
    const fetch = fakeFetch(ok([]))
    const client = createClient({ baseUrl, fetch })
    const location = { origin: 'https://app.test:8443', href: 'https://app.test:8443/a/b' }
    // The `<base href>` of a page, by which `fetch` resolves a path.
    const document = { baseURI: 'https://elsewhere.test/' }
    await withGlobals({ location, document }, async () => {
      await checkHealth(client)
      await getQueue(client)
      await rejects(checkHealth(createClient({ baseUrl, fetch: fakeFetch(new Response('')) })), Error, {
        url: `https://app.test:8443${client.baseUrl}/api/v1/comfy/health`,
      })
    })
    assert.equal(
      fetch.calls.map(({ url }) => url.href),
      ['comfy/health', 'comfy/queue'].map((path) => `https://app.test:8443${client.baseUrl}/api/v1/${path}`),
    )
  }
})

test('baseUrl: a path without a page, or in one without an origin (file:), is an error of the request', async () => {
  const fetch = fakeFetch(ok({ run_id: 'r' }))
  const client = createClient({ baseUrl: '/api/flowscale', fetch })
  const refuses = async () => {
    for (const pending of [checkHealth(client), executeWorkflow(client, 'w', {})]) {
      const error = await rejects(pending, ArgumentError)
      assert.not('maybeSubmitted' in error)
    }
  }
  await refuses()
  for (const location of [undefined, {}, { origin: 'null' }]) await withGlobals({ location }, refuses)
  assert.is(fetch.calls.length, 0)
})

test('a WebSocket of a page, too, goes to its origin', async () => {
  const opened: string[] = []
  class Socket {
    constructor(url: string) {
      opened.push(url)
    }
    send() {}
    close() {}
    addEventListener() {}
  }
  const client = createClient({ baseUrl: '/api/flowscale' })
  await withGlobals({ location: { origin: 'https://app.test:8443' } }, async () => {
    const connections = [undefined, '/other/ws'].map((url) =>
      connectWebSocket(client, { url, WebSocket: Socket }),
    )
    while (opened.length < 2) await new Promise((resolve) => setTimeout(resolve))
    for (const connection of connections) connection.close()
  })
  assert.equal(opened, ['wss://app.test:8443/api/flowscale/api/v1/ws', 'wss://app.test:8443/other/ws'])
})

test('requests go to the base URL with its prefix', async () => {
  const fetch = fakeFetch(ok([]))
  await checkHealth(clientWith(fetch, { baseUrl: 'http://pod.test/proxy/flowscale//' }))
  assert.is(fetch.calls[0]?.url.href, 'http://pod.test/proxy/flowscale/api/v1/comfy/health')
})

test('unknown options are named, and so are the known ones', () => {
  fails({ baseUrl: 'http://pod.test', retries: 3 })
  fails({ baseUrl: 'http://pod.test', toString: 1 })
  fails({ baseUrl: 'http://pod.test', retries: undefined })
})

for (const options of [undefined, null, 'https://pod.test', [], new Map(), 5]) {
  test(`options: ${inspect(options)} are an error`, () => fails(options))
}

const wrong: Partial<Record<keyof ClientOptions, unknown[]>> = {
  apiKey: [
    '',
    ' ',
    ` ${CANARY}`,
    `${CANARY} `,
    `${CANARY}\n`,
    'a\r\nb',
    'a\0b',
    'ключ',
    'a\ud800',
    5,
    null,
    {},
  ],
  allowDangerouslyExposeApiKey: ['true', 1, null, {}],
  headers: ['x: y', 5, [], new Headers(), new Map(), null],
  timeoutMs: [0, -1, Number.NaN, '5', null],
  maxRetries: [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null],
  retryDelayMs: [0, -1, Number.NaN, '5', null],
  fetch: ['fetch', {}, null],
  logger: [{}, { debug() {}, info() {}, warn() {} }, 5, null, console.log],
}
for (const [name, values] of Object.entries(wrong)) {
  for (const value of values) {
    test(`${name}: ${inspect(value).replaceAll(CANARY, 'KEY')} is an error that names it`, () => {
      fails({ baseUrl: 'http://pod.test', [name]: value })
    })
  }
}

test('a key may hold every character that a header may', async () => {
  const fetch = fakeFetch(ok([]))
  for (const apiKey of ['a', 'a b', 'a\tb', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', 'é\xff']) {
    await checkHealth(createClient({ baseUrl: 'http://pod.test', apiKey, fetch }))
    assert.is(fetch.calls.at(-1)?.headers.get('x-api-key'), apiKey)
  }
})

test('limits that are no numbers of this world are taken', () => {
  const { timeoutMs } = createClient({ baseUrl: 'http://pod.test', timeoutMs: Number.POSITIVE_INFINITY })
  assert.is(timeoutMs, Number.POSITIVE_INFINITY)
})

const browsers: Record<string, Record<string, unknown>> = {
  'a page': { window: {}, document: {} },
  'a worker of a page': { WorkerGlobalScope: class {} },
  'a service worker': { WorkerGlobalScope: class {}, ServiceWorkerGlobalScope: class {} },
}
for (const [name, globals] of Object.entries(browsers)) {
  test(`in ${name} a key must be allowed explicitly`, () =>
    withGlobals(globals, () => {
      const options = { baseUrl: 'https://pod.test', apiKey: CANARY }
      fails(options)
      fails({ ...options, allowDangerouslyExposeApiKey: false })
      createClient({ ...options, allowDangerouslyExposeApiKey: true })
      createClient({ baseUrl: 'https://pod.test' })
    }))
}
const servers: Record<string, Record<string, unknown>> = {
  Node: {},
  'something with a window but no document': { window: globalThis },
  'Deno and its workers': { WorkerGlobalScope: class {}, Deno: {} },
  'Bun and its workers': { WorkerGlobalScope: class {}, Bun: {} },
  workerd: { WorkerGlobalScope: class {}, WebSocketPair: class {} },
}
for (const [name, globals] of Object.entries(servers)) {
  test(`in ${name} a key is fine`, () =>
    withGlobals(globals, () => createClient({ baseUrl: 'https://pod.test', apiKey: CANARY })))
}

test('no key is fine, and none is sent', async () => {
  const fetch = fakeFetch(ok([]))
  await checkHealth(createClient({ baseUrl: 'http://pod.test', fetch }))
  assert.is(fetch.calls[0]?.headers.get('x-api-key'), null)
})

test('what is given is copied: later changes of it change nothing', async () => {
  const fetch = fakeFetch(ok([]))
  const headers = { 'x-team': 'one' }
  const options = { baseUrl: 'http://pod.test', apiKey: CANARY, headers, fetch }
  const client = createClient(options)
  headers['x-team'] = 'two'
  options.apiKey = 'other'
  await checkHealth(client)
  assert.is(fetch.calls[0]?.headers.get('x-team'), 'one')
  assert.is(fetch.calls[0]?.headers.get('x-api-key'), CANARY)
})

test('neither key nor headers can be seen on a client', () => {
  for (const headers of [{ authorization: `Bearer ${CANARY}` }, () => ({ authorization: CANARY })]) {
    const client = clientWith(undefined, { headers, logger: recorder() })
    assertNoCanary(client, 'a client')
    assertNoCanary([client], 'a client')
    assertNoCanary({ ...client }, 'a spread client')
    assert.is(
      JSON.stringify(client),
      '{"baseUrl":"http://pod.test","timeoutMs":60000,"maxRetries":3,"retryDelayMs":1000}',
    )
    assert.not.match(inspect(client, { showHidden: true, depth: 9 }), /authorization|headers/i)
    assert.equal(Object.keys(client), ['baseUrl', 'timeoutMs', 'maxRetries', 'retryDelayMs'])
  }
})

for (const name of [...Object.keys(operations), 'downloadOutput']) {
  // Without its other arguments, which are not looked at before.
  const call = (client: unknown): Promise<unknown> => (api as any)[name](client)
  test(`${name}: a copy of a client is an error that says so, and sends nothing`, async () => {
    const fetch = fakeFetch(ok([]))
    const client = clientWith(fetch)
    const copies = [
      { ...client },
      structuredClone(client),
      JSON.parse(JSON.stringify(client)),
      Object.assign({}, client),
    ]
    for (const copy of copies) {
      await rejects(call(copy), ArgumentError)
    }
    assert.is(fetch.calls.length, 0)
  })

  test(`${name}: a client that was forgotten is an error that says so`, async () => {
    for (const other of [
      undefined,
      null,
      'r',
      {},
      { groupId: 'g' },
      { baseUrl: 'http://pod.test', apiKey: 'k' },
    ]) {
      await rejects(call(other), ArgumentError)
    }
  })
}

test('fetch is resolved at call time and called bare', async () => {
  const client = createClient({ baseUrl: 'http://pod.test', apiKey: CANARY })
  const seen: unknown[] = []
  const fake = fakeFetch(ok([{ container: 'c', status: 'idle' }]))
  const fetch = function (this: unknown, url: string, init: RequestInit) {
    seen.push(this)
    return fake(url, init)
  }
  await withGlobals({ fetch }, async () => {
    assert.is((await checkHealth(client)).data[0]?.container, 'c')
  })
  await checkHealth(clientWith(fetch))
  assert.equal(seen, [undefined, undefined])
})

test('makes no request, and starts no timer', async () => {
  await withGlobals(
    {
      fetch: () => assert.unreachable(),
      setTimeout: () => assert.unreachable(),
      setInterval: () => assert.unreachable(),
    },
    () => clientWith(undefined, { headers: () => assert.unreachable() as never }),
  )
})
