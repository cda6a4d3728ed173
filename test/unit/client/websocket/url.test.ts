import { ArgumentError, NetworkError, TimeoutError } from '@flowscale/client'
import { assert, suite } from '#test'
import { fakeClock, rejection, thrown } from '../../../support/fakes.ts'
import { clientFor, connect, fakeClass, serve, settle } from './kit.ts'

const test = suite('URL of a WebSocket')

const paths: Record<string, string> = {
  'http://pod.test': 'ws://pod.test/api/v1/ws',
  'https://pod.test': 'wss://pod.test/api/v1/ws',
  'https://pod.test/': 'wss://pod.test/api/v1/ws',
  'https://pod.test:8443/flowscale/': 'wss://pod.test:8443/flowscale/api/v1/ws',
  'http://127.0.0.1:1/https': 'ws://127.0.0.1:1/https/api/v1/ws',
}
for (const [baseUrl, expected] of Object.entries(paths)) {
  test(`from ${baseUrl}`, async () => {
    const WebSocket = fakeClass()
    const seen = connect(clientFor(baseUrl, { apiKey: undefined }), { WebSocket })
    await settle()
    assert.is(WebSocket.made[0]!.url, expected)
    seen.connection.close()
    WebSocket.made[0]!.end()
    await seen.final()
  })
}

const given: Record<string, [unknown, string]> = {
  'a string': ['wss://push.test/x?token=1', 'wss://push.test/x?token=1'],
  'an http address': ['https://push.test/x', 'wss://push.test/x'],
  'a URL': [new URL('ws://push.test/x'), 'ws://push.test/x'],
  'a fragment': ['ws://push.test/x#y', 'ws://push.test/x'],
  'a path': ['/v2/ws', 'ws://pod.test/v2/ws'],
  'a function': [() => 'ws://push.test/x', 'ws://push.test/x'],
  'an async function': [async () => new URL('http://push.test/x'), 'ws://push.test/x'],
}
for (const [name, [url, expected]] of Object.entries(given)) {
  test(`given as ${name}`, async () => {
    const WebSocket = fakeClass()
    const seen = connect(clientFor('http://pod.test', { apiKey: undefined }), { url: url as any, WebSocket })
    await settle()
    assert.is(WebSocket.made[0]!.url, expected)
    if (url instanceof URL) assert.is(url.href, 'ws://push.test/x', 'the URL of the caller is not changed')
    seen.connection.close()
    WebSocket.made[0]!.end()
    await seen.final()
  })
}

for (const url of ['', 'ftp://pod.test', 'http://', new URL('data:,x'), 5, null, {}]) {
  test(`wrong: ${url}`, () => {
    const error = thrown(() => connect(clientFor('http://pod.test'), { url: url as any }))
    assert.instance(error, ArgumentError)
    assert.match(error.message, /^url must be/)
  })
}

test('a real server at a path prefix', async () => {
  const server = await serve()
  const seen = connect(clientFor(`${server.url}/flowscale/`))
  await seen.connection.opened
  assert.is(server.requests[0]!.url, '/flowscale/api/v1/ws')
  seen.connection.close()
  await seen.final()
  await server.close()
})

const boom = new Error('no token')
const failing: Record<string, () => unknown> = {
  throws: () => {
    throw boom
  },
  rejects: () => Promise.reject(boom),
  'throws an error of ours': () => {
    throw Object.assign(new ArgumentError('mine'), { status: 401 })
  },
  'gives nothing': () => undefined,
  'gives an empty string': async () => '',
  'gives no URL of a WebSocket': () => 'ftp://x',
}
for (const [name, url] of Object.entries(failing)) {
  test(`a function that ${name} is one failed attempt`, async () => {
    const clock = fakeClock()
    try {
      let calls = 0
      const WebSocket = fakeClass()
      const seen = connect(clientFor('http://pod.test'), {
        url: (() => {
          calls++
          return url()
        }) as any,
        WebSocket,
        maxReconnectAttempts: 1,
      })
      await settle()
      assert.is(calls, 1)
      assert.equal(seen.order, ['error', 'close'])
      assert.is(seen.closes[0]!.code, 1006)
      await clock.tickAsync(60_000)
      assert.is(calls, 2)
      const error = await rejection(seen.connection.opened)
      assert.instance(error, NetworkError)
      assert.is(error.cause, seen.errors[1])
      if (name === 'throws' || name === 'rejects') assert.is(seen.errors[0], boom)
      assert.equal(seen.order, ['error', 'close', 'error', 'final'])
      assert.is(WebSocket.made.length, 0)
      assert.is(clock.countTimers(), 0)
    } finally {
      clock.uninstall()
    }
  })
}

test('a function is called for each attempt', async () => {
  const clock = fakeClock()
  try {
    let token = 0
    const WebSocket = fakeClass()
    const seen = connect(clientFor('http://pod.test'), {
      url: async () => `ws://pod.test/${++token}`,
      WebSocket,
    })
    await settle()
    WebSocket.made[0]!.end()
    await clock.tickAsync(60_000)
    assert.equal(
      WebSocket.made.map((socket) => new URL(socket.url).pathname),
      ['/1', '/2'],
    )
    seen.connection.close()
    WebSocket.made[1]!.end()
    await seen.final()
  } finally {
    clock.uninstall()
  }
})

test('a function that hangs ends with the time-out of the client', async () => {
  const clock = fakeClock()
  try {
    const WebSocket = fakeClass()
    const seen = connect(clientFor('http://pod.test', { timeoutMs: 700 }), {
      url: () => new Promise(() => {}),
      WebSocket,
      reconnect: false,
    })
    await clock.tickAsync(699)
    assert.equal(seen.order, [])
    await clock.tickAsync(1)
    assert.equal(seen.order, ['error', 'final'])
    assert.instance(seen.errors[0], TimeoutError)
    assert.is(seen.errors[0].timeoutMs, 700)
    assert.is((await rejection(seen.connection.opened)).cause, seen.errors[0])
    assert.is(clock.countTimers(), 0)
  } finally {
    clock.uninstall()
  }
})

test('closed while the function hangs: no socket is made when it comes back', async () => {
  const WebSocket = fakeClass()
  let give!: (url: string) => void
  const seen = connect(clientFor('http://pod.test'), {
    url: () => new Promise<string>((resolve) => (give = resolve)),
    WebSocket,
  })
  seen.connection.close(3001, 'enough')
  assert.equal(await seen.final(), { code: 3001, reason: 'enough', wasClean: true, final: true })
  give('ws://pod.test')
  await settle()
  assert.is(WebSocket.made.length, 0)
  assert.equal(seen.order, ['final'])
})

test('a handshake that is never answered ends with the time-out of the client', async () => {
  const clock = fakeClock()
  try {
    const WebSocket = fakeClass()
    const seen = connect(clientFor('http://pod.test', { timeoutMs: 700 }), {
      WebSocket,
      maxReconnectAttempts: 1,
    })
    await clock.tickAsync(700)
    assert.equal(seen.order, ['error', 'close'])
    assert.is(WebSocket.made[0]!.closed.length, 1)
    await clock.tickAsync(60_000)
    assert.equal(seen.order, ['error', 'close', 'error', 'final'])
    WebSocket.made[0]!.open()
    WebSocket.made[0]!.emit('message', { data: 'late' })
    WebSocket.made[0]!.emit('error')
    WebSocket.made[0]!.end()
    await settle()
    assert.is(seen.order.length, 4, 'an old socket has nothing more to say')
    assert.is(clock.countTimers(), 0)
  } finally {
    clock.uninstall()
  }
})
