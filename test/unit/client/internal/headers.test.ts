import { inspect } from 'node:util'
import {
  ArgumentError,
  checkHealth,
  createClient,
  executeWorkflow,
  type HeadersSource,
  NetworkError,
} from '@flowscale/client'
import { assert, rejects, suite, throws } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, json, ok } from '../../../support/fakes.ts'

const test = suite('headers')

/** The headers that a request really carries. */
async function sent(headers?: HeadersSource, perCall?: HeadersSource, apiKey: string | undefined = CANARY) {
  const fetch = fakeFetch(ok([]))
  await checkHealth(createClient({ baseUrl: 'http://pod.test', apiKey, headers, fetch }), {
    headers: perCall,
  })
  return Object.fromEntries(fetch.calls[0]!.headers)
}

test('a record, a function and an async function', async () => {
  const is = { 'x-api-key': CANARY, 'x-team': 'one' }
  assert.equal(await sent({ 'X-Team': 'one' }), is)
  assert.equal(await sent(() => ({ 'X-Team': 'one' })), is)
  assert.equal(await sent(async () => ({ 'X-Team': 'one' })), is)
})

test('those of a call are merged over those of the client, whatever their case', async () => {
  assert.equal(await sent({ 'X-Team': 'one', 'x-a': '1' }, { 'x-team': 'two', 'X-B': '2' }), {
    'x-a': '1',
    'x-api-key': CANARY,
    'x-b': '2',
    'x-team': 'two',
  })
  assert.equal(
    await sent(
      () => ({ authorization: 'a' }),
      async () => ({ Authorization: 'b' }),
    ),
    {
      authorization: 'b',
      'x-api-key': CANARY,
    },
  )
})

test('a function is called anew for each attempt', async () => {
  let tokens = 0
  const fetch = fakeFetch(json({}, { status: 503 }), ok([]))
  const client = clientWith(fetch, {
    headers: () => ({ authorization: `Bearer ${++tokens}` }),
    retryDelayMs: 0.001,
  })
  await checkHealth(client)
  await checkHealth(client)
  assert.equal(
    fetch.calls.map((call) => call.headers.get('authorization')),
    ['Bearer 1', 'Bearer 2', 'Bearer 3'],
  )
})

test('an error of the function comes back as it is, and nothing is sent', async () => {
  const fetch = fakeFetch(ok({ run_id: 'r' }))
  const reasons = [new Error('no token'), new NetworkError('theirs'), 'a string', undefined, null, 0]
  for (const reason of reasons) {
    const failing: HeadersSource[] = [
      () => {
        throw reason
      },
      () => Promise.reject(reason),
    ]
    for (const headers of failing) {
      for (const run of [
        () => checkHealth(clientWith(fetch, { headers })),
        () => checkHealth(clientWith(fetch), { headers }),
        () => executeWorkflow(clientWith(fetch, { headers }), 'w', {}),
      ]) {
        assert.is(await run().catch((error) => error), reason)
        if (reason instanceof NetworkError) assert.not('maybeSubmitted' in reason)
      }
    }
  }
  assert.is(fetch.calls.length, 0)
})

test('what a function gives is checked', async () => {
  const fetch = fakeFetch(ok([]))
  for (const given of [undefined, null, 'x: y', [['x', 'y']], new Headers({ x: 'y' }), new Map()]) {
    await rejects(checkHealth(clientWith(fetch, { headers: () => given as never })), ArgumentError)
  }
  assert.is(fetch.calls.length, 0)
})

const illegal: Record<string, unknown>[] = [
  { '': 'x' },
  { 'x y': 'x' },
  { 'x:': 'x' },
  { 'x\n': 'x' },
  { ü: 'x' },
  { 'x-a': '' },
  { 'x-a': ' ' },
  { 'x-a': ' x' },
  { 'x-a': 'x ' },
  { 'x-a': 'x\r\nx-b: y' },
  { 'x-a': 'x\ny' },
  { 'x-a': '\0' },
  { 'x-a': 'ключ' },
  { 'x-a': undefined },
  { 'x-a': null },
  { 'x-a': 5 },
  { 'x-a': ['x'] },
  { 'content-type': 'text/plain' },
  { 'Content-Type': 'text/plain' },
  { 'X-API-KEY': 'x' },
  { 'x-api-key': 'x' },
]
for (const headers of illegal) {
  test(`${inspect(headers)} is an error, in the client, per call and from a function`, async () => {
    const fetch = fakeFetch(ok([]))
    const wrong = headers as never
    for (const error of [
      throws(() => clientWith(fetch, { headers: wrong }), ArgumentError),
      await rejects(checkHealth(clientWith(fetch), { headers: wrong }), ArgumentError),
      await rejects(checkHealth(clientWith(fetch), { headers: () => wrong }), ArgumentError),
      await rejects(checkHealth(clientWith(fetch, { headers: () => wrong })), ArgumentError),
    ]) {
      const [value] = Object.values(headers)
      if (String(value).length > 3) assert.not(error.message.includes(String(value)))
    }
    assert.is(fetch.calls.length, 0)
  })
}

test('every legal name and value is sent as it is', async () => {
  const headers = {
    "x!#$%&'*+.^`|~_-9": 'a',
    'x-latin': 'caf\xe9',
    'x-tab': 'a\tb',
    'x-sign': '"(),/:;<=>?@[]{}',
  }
  assert.equal(await sent(headers), { ...headers, 'x-api-key': CANARY })
})

test('without a key, X-API-KEY is the caller’s', async () => {
  const fetch = fakeFetch(ok([]))
  const client = createClient({ baseUrl: 'http://pod.test', headers: { 'X-API-KEY': CANARY }, fetch })
  await checkHealth(client)
  assert.is(fetch.calls[0]?.headers.get('x-api-key'), CANARY)
  await checkHealth(client, { headers: { 'x-api-key': 'mine' } })
  assert.is(fetch.calls[1]?.headers.get('x-api-key'), 'mine')
  throws(() => createClient({ baseUrl: 'http://pod.test', headers: { 'content-type': 'a/b' } }), Error)
})
