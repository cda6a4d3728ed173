import { inspect } from 'node:util'
import {
  ArgumentError,
  checkHealth,
  executeWorkflow,
  FlowScaleError,
  getOutput,
  getRun,
  HttpError,
  isFlowScaleError,
  NetworkError,
  RedirectError,
  ResponseError,
  RunError,
  TimeoutError,
  ValidationError,
} from '@flowscale/client'
import { build } from 'esbuild'
import { assert, rejects, suite, throws } from '#test'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { clientWith } from '../../support/clientWith.ts'
import { fakeFetch, hang, json } from '../../support/fakes.ts'
import { listen } from '../../support/listen.ts'

const test = suite('errors')
const url = 'http://pod.test/api/v1/comfy/health'

/** What checkHealth makes of an answer. */
const failure = (body: unknown, init: ResponseInit = {}, options = {}) =>
  checkHealth(
    clientWith(
      fakeFetch(() => (typeof body === 'string' ? new Response(body, init) : json(body, init))),
      { maxRetries: 0, ...options },
    ),
  ).catch((error) => error)

const html = '<html><body><h1>502 Bad Gateway</h1></body></html>'
const forms: [name: string, body: unknown, errors: string[], said?: string][] = [
  ['a string', { status: 'error', errors: 'no such run' }, ['no such run']],
  ['a list', { status: 'error', errors: ['one', 'two'] }, ['one', 'two']],
  [
    'a list of objects',
    { errors: [{ message: 'one' }, { msg: 'two' }, { detail: 'three' }] },
    ['one', 'two', 'three'],
  ],
  ['detail', { detail: 'Not authenticated' }, ['Not authenticated']],
  ['error', { error: 'nope' }, ['nope']],
  ['error.message', { error: { message: 'nope', type: 'x' } }, ['nope']],
  ['message', { message: 'Forbidden' }, ['Forbidden']],
  ['a JSON string', '"just this"', ['just this']],
  ['a number', '42', ['42']],
  ['HTML', html, [html]],
  ['plain text', 'Internal Server Error', ['Internal Server Error']],
  ['nothing', '', [], '""'],
  ['null', 'null', [], 'null'],
  ['an empty object', {}, [], '{}'],
  ['an empty list', [], [], '[]'],
  ['an object that says nothing', { status: 'error', errors: null }, [], '{"status":"error","errors":null}'],
  ['errors by field', { errors: { a: ['bad'] } }, [], '{"errors":{"a":["bad"]}}'],
  ['an error beside an empty list', { errors: [], error: 'CUDA out of memory' }, ['CUDA out of memory']],
  ['a message beside an empty list', { status: 'error', errors: [], message: 'no credits' }, ['no credits']],
  [
    'a message beside what is empty inside',
    {
      errors: [[], {}, '', { errors: [] }],
      detail: [{ msg: '' }],
      error: { message: {} },
      message: 'at last',
    },
    ['at last'],
  ],
  ['what is inside beside what is empty', { errors: [{ errors: '', error: [{}], message: 'one' }] }, ['one']],
  ['a message beside what is no text', { errors: false, error: 0, message: 'so' }, ['so']],
  ['far too deep', { errors: [[[[[['deep']]]]]] }, [], '{"errors":[[[[[["deep"]]]]]]}'],
]
for (const [name, body, errors, said = errors.join('; ')] of forms) {
  test(`HttpError: ${name}`, async () => {
    const error = await failure(body, { status: 500 })
    assert.instance(error, HttpError)
    assert.instance(error, FlowScaleError)
    assert.not.instance(error, ValidationError)
    assert.is(error.name, 'HttpError')
    assert.is(error.code, 'ERR_FLOWSCALE_HTTP')
    assert.is(error.message, `GET ${url} answered 500: ${said}`)
    assert.equal(error.errors, errors)
    assert.equal(
      error.details,
      errors.map((message) => ({ field: '', message })),
    )
    const parsed =
      typeof body === 'string' && /^(<|I|$)/.test(body)
        ? body
        : typeof body === 'string'
          ? JSON.parse(body)
          : body
    assert.equal(error.body, parsed)
    assert.is(error.status, 500)
    assert.is(error.method, 'GET')
    assert.is(error.url, url)
    assert.is(error.requestId, null)
    assert.is(error.retryAfterMs, undefined)
    assert.is(error.response.status, 500)
  })
}

test('ValidationError: FastAPI’s 422', async () => {
  const detail = [
    { loc: ['query', 'workflow_id'], msg: 'field required', type: 'value_error.missing' },
    { loc: ['body', 'items', 0, 'seed'], msg: 'value is not a valid integer', type: 'type_error.integer' },
    { loc: [], msg: 'of no field', type: 'x' },
    { msg: 'without loc', type: 'x' },
  ]
  const error = await failure({ detail }, { status: 422 })
  assert.instance(error, ValidationError)
  assert.instance(error, HttpError)
  assert.is(error.name, 'ValidationError')
  assert.is(error.code, 'ERR_FLOWSCALE_VALIDATION')
  assert.equal(error.details, [
    { field: 'query.workflow_id', message: 'field required' },
    { field: 'body.items.0.seed', message: 'value is not a valid integer' },
    { field: '', message: 'of no field' },
    { field: '', message: 'without loc' },
  ])
  assert.equal(error.errors, [
    'query.workflow_id: field required',
    'body.items.0.seed: value is not a valid integer',
    'of no field',
    'without loc',
  ])
  assert.ok(error.message.endsWith(`answered 422: ${error.errors.join('; ')}`))
  assert.equal(error.body, { detail })
})

test('ValidationError: a 422 in another form', async () => {
  for (const [body, details] of [
    [{ status: 'error', errors: 'bad seed' }, [{ field: '', message: 'bad seed' }]],
    [{ detail: 'bad seed' }, [{ field: '', message: 'bad seed' }]],
    ['', []],
  ] as const) {
    const error = await failure(body, { status: 422 })
    assert.instance(error, ValidationError)
    assert.equal(error.details, details)
  }
})

test('a long body is cut in the message only', async () => {
  const long = 'x'.repeat(5000)
  const error = await failure(long, { status: 500 })
  assert.ok(error.message.length < 400)
  assert.is(error.body, long)
})

const notResults: [name: string, body: unknown, said: string][] = [
  ['HTML', html, html],
  ['nothing', '', '""'],
  ['broken JSON', '{"status":"succ', '{"status":"succ'],
  ['null', 'null', 'null'],
  ['a list', [], '[]'],
  ['a number', '7', '7'],
  ['no envelope', { data: [] }, '{"data":[]}'],
  ['a status that is no string', { status: 200, data: [] }, '{"status":200,"data":[]}'],
  ['an envelope without data', { status: 'success' }, '{"status":"success"}'],
  [
    'data that is no list',
    { status: 'success', data: { container: 'one' } },
    '{"status":"success","data":{"container":"one"}}',
  ],
  ['an error envelope', { status: 'error', errors: ['one', 'two'] }, 'one; two'],
  ['a failed envelope', { status: 'failed', errors: 'why' }, 'why'],
  ['an error envelope with data', { status: 'error', data: [] }, '{"status":"error","data":[]}'],
]
for (const [name, body, said] of notResults) {
  test(`ResponseError: a 200 with ${name}`, async () => {
    const error = await failure(body, { status: 200 })
    assert.instance(error, ResponseError)
    assert.is(error.name, 'ResponseError')
    assert.is(error.code, 'ERR_FLOWSCALE_RESPONSE')
    assert.is(error.message, `GET ${url} answered 200 without a result: ${said}`)
    assert.is(error.status, 200)
    assert.is(error.response.status, 200)
    assert.not('retryAfterMs' in error && error.retryAfterMs)
  })
}

test('ResponseError: a 204 where there must be a result', async () => {
  await rejects(checkHealth(clientWith(fakeFetch(() => new Response(null, { status: 204 })))), ResponseError)
})

test('a byte order mark is no error, from a real server', async () => {
  const server = await listen((_request, response) => {
    response.end('\ufeff{"status":"success","data":{"run_id":"r"}}')
  })
  try {
    const client = clientWith(undefined, { baseUrl: server.url })
    assert.is((await getRun(client, 'r')).data._id, 'r')
    assert.is((await executeWorkflow(client, 'w', { a: 'ä' })).data.run_id, 'r')
  } finally {
    await server.close()
  }
})

test('text in pieces, cut within characters, is read whole, from a real server', async () => {
  const bytes = Buffer.from('{"status":"success","data":{"run_id":"äöü€😀"}}')
  const server = await listen(async (_request, response) => {
    for (const byte of bytes) {
      response.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  })
  try {
    const client = clientWith(undefined, { baseUrl: server.url })
    assert.is((await executeWorkflow(client, 'w', {})).data.run_id, 'äöü€😀')
  } finally {
    await server.close()
  }
})

test('the key and custom headers are redacted wherever a server echoes them', async () => {
  const secret = 'token-0123456789'
  const echo = (key: string) => [
    { errors: `bad key ${key}, ${secret}` },
    { errors: [`bad key ${key}`, { loc: ['header', key], msg: `${secret}!` }] },
    { [key]: { deep: [{ [`${secret}-name`]: key }] }, message: 'x' },
    { [key]: 1 },
    `<html>${key}${secret}</html>`,
    JSON.stringify(key),
  ]
  for (const key of [CANARY, `${CANARY}"\\/`, `${CANARY} with spaces`, `${CANARY}\xe9`]) {
    for (const body of echo(key)) {
      for (const status of [200, 401, 422, 500]) {
        const error = await failure(
          body,
          { status, headers: { 'x-request-id': `id-${key}-${secret}`, 'x-echo': `${secret} ${key}` } },
          { apiKey: key, headers: { authorization: `Bearer ${secret}` } },
        )
        const { response, ...shown } = error
        const all = inspect([error, shown, response, error.message, error.stack], {
          depth: 12,
          showHidden: true,
        })
        assert.not.match(all, /canary/)
        assert.not.match(all, /0123456789/)
        assert.match(error.requestId, /^id-\[redacted\]/)
        assert.match(error.message + JSON.stringify(error), /\[redacted\]/)
      }
    }
  }
})

test('the response of an error has the headers of the answer, without an echo', async () => {
  const server = await listen((request, response) => {
    const echo = { 'x-echo': `key=${request.headers['x-api-key']}; ${request.headers.authorization}` }
    response.writeHead(429, `no key ${CANARY}`, { ...echo, 'x-ratelimit-remaining': '0' }).end('{}')
  })
  try {
    const headers = { authorization: 'Bearer token-0123456789' }
    const client = clientWith(undefined, { baseUrl: server.url, maxRetries: 0, headers })
    const { response } = await checkHealth(client).catch((error) => error)
    assert.is(response.status, 429)
    assert.is(response.headers.get('x-ratelimit-remaining'), '0')
    assert.is(response.headers.get('x-echo'), 'key=[redacted]; Bearer [redacted]')
    assertNoCanary(response, 'a response')
  } finally {
    await server.close()
  }
})

test('a status that no Response can have is kept', async () => {
  const odd = Object.defineProperty(new Response('{"errors":"odd"}'), 'status', { value: 999 })
  const error = await failure(
    '',
    {},
    { fetch: async () => Object.defineProperty(odd, 'ok', { value: false }) },
  )
  assert.is(error.code, 'ERR_FLOWSCALE_HTTP')
  assert.is(error.status, 999)
  assert.equal(error.errors, ['odd'])
  assert.is(error.response.status, 999)
})

test('a word of a header that is a part of the key, and a key of words', async () => {
  const headers = { 'x-team': CANARY.slice(0, 12) }
  const error = await failure(
    { errors: `no ${CANARY}, ${CANARY.slice(0, 12)}` },
    { status: 401 },
    { headers },
  )
  assert.equal(error.errors, ['no [redacted], [redacted]'])
  const words = await failure({ errors: 'a key: is b a key' }, { status: 401 }, { apiKey: 'is b a' })
  assert.equal(words.errors, ['a key: [redacted] key'])
})

test('a key that a server escapes its own way is redacted', async () => {
  const apiKey = `${CANARY}/é"`
  const body = `{"token":"${CANARY}\\/\\u00e9\\""}`
  const error = await failure(body, { status: 401 }, { apiKey })
  assert.equal(error.body, { token: '[redacted]' })
  assert.ok(error.message.endsWith('answered 401: {"token":"[redacted]"}'))
})

test('headers from a function and of a call are redacted; short words are not', async () => {
  const fetch = fakeFetch((_url, init) =>
    json({ errors: Object.values(init.headers ?? {}).join('|') }, { status: 400 }),
  )
  const client = clientWith(fetch, { headers: () => ({ authorization: 'Bearer aaaaaaaaaaaa' }) })
  await rejects(checkHealth(client, { headers: { 'x-b': 'bbbbbbbbbbbb', 'x-c': 'error' } }), Error, {
    errors: ['[redacted]|Bearer [redacted]|[redacted]|error'],
  })
})

test('without a key, the caller’s own X-API-KEY is redacted, however short', async () => {
  const error = await failure(
    { errors: 'key zq7 is wrong' },
    { status: 401 },
    { apiKey: undefined, headers: { 'X-API-KEY': 'zq7' } },
  )
  assert.equal(error.errors, ['key [redacted] is wrong'])
})

test('a key that looks like a number may cost the body, not the error', async () => {
  const error = await failure({ id: 12345, errors: 'no' }, { status: 401 }, { apiKey: '12345' })
  assert.instance(error, HttpError)
  assert.is(error.status, 401)
  assert.not.match(inspect(error), /12345\b(?!.*\.ts)/)
})

test('every class: name, code, inheritance, stack, guard', async () => {
  const response = (answer: Response | Error, options = {}) =>
    checkHealth(clientWith(fakeFetch(answer), { maxRetries: 0, ...options })).catch((error) => error)
  const slow = clientWith(fakeFetch(hang), { timeoutMs: 1, maxRetries: 0 })
  const failed = { status: 'success', data: { generation_status: 'failed' } }
  const errors: [Error, new (message: string) => Error, string][] = [
    [throws(() => clientWith(undefined, { timeoutMs: 0 }), ArgumentError), ArgumentError, 'ARGUMENT'],
    [await response(new TypeError('fetch failed')), NetworkError, 'NETWORK'],
    [await checkHealth(slow).catch((error) => error), TimeoutError, 'TIMEOUT'],
    [await response(json({}, { status: 404 })), HttpError, 'HTTP'],
    [await response(json({}, { status: 422 })), ValidationError, 'VALIDATION'],
    [await response(new Response('', { status: 302 })), RedirectError, 'REDIRECT'],
    [await response(new Response('')), ResponseError, 'RESPONSE'],
    [await getOutput(clientWith(fakeFetch(json(failed))), 'f').catch((error) => error), RunError, 'RUN'],
  ]
  for (const [error, Type, code] of errors) {
    assert.is(error.constructor, Type)
    assert.instance(error, Type)
    assert.instance(error, Error)
    assert.is(error.name, Type.name)
    assert.is((error as FlowScaleError).code, `ERR_FLOWSCALE_${code}`)
    assert.is(error instanceof FlowScaleError, Type !== ArgumentError)
    assert.is(error instanceof TypeError, Type === ArgumentError)
    assert.ok(error.stack?.startsWith(`${error.name}: ${error.message}`), error.stack)
    assert.ok(inspect(error).startsWith(`${error.name}: `))
    assert.ok(isFlowScaleError(error))
    assert.ok(Symbol.for('flowscale.error') in error)
    assert.ok(Object.keys(error).every((name) => !/response|cause|name|message|stack/i.test(name)))
    assert.is(JSON.parse(JSON.stringify(error)).code, (error as FlowScaleError).code)
    assertNoCanary(error)
  }
})

test('the response is there, and hidden', async () => {
  const error = await failure({ errors: 'x' }, { status: 404 })
  assert.equal(Object.keys(error.response), ['status', 'headers'])
  assert.is(error.response.status, 404)
  assert.instance(error.response.headers, Headers)
  assert.is(error.response.headers.get('content-type'), 'application/json')
  assert.not(Object.keys(error).includes('response'))
  assert.not.match(inspect(error), /Headers|response:/)
  assert.not.match(JSON.stringify(error), /"response"/)
  assert.not('response' in { ...error })
})

test('an error without a cause shows none; one with a cause keeps it', () => {
  const bare = new ArgumentError('x')
  assert.not(Object.hasOwn(bare, 'cause'))
  const why = new Error('why')
  assert.is(new FlowScaleError('x', { cause: why }).cause, why)
  assert.is(new ArgumentError('x', { cause: why }).cause, why)
})

test('isFlowScaleError: nothing else is', () => {
  const others = [
    undefined,
    null,
    0,
    'x',
    true,
    {},
    [],
    new Error('x'),
    new TypeError('x'),
    Symbol('x'),
    () => {},
  ]
  for (const thing of others) assert.is(isFlowScaleError(thing), false)
  assert.is(isFlowScaleError({ name: 'HttpError', code: 'ERR_FLOWSCALE_HTTP' }), false)
})

test('names and codes are what they were where an app is minified', async () => {
  const { outputFiles } = await build({
    stdin: { contents: "export * from '@flowscale/client'", resolveDir: process.cwd() },
    tsconfig: 'test/tsconfig.json',
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  })
  const code = Buffer.from(outputFiles[0]!.contents).toString('base64')
  const other = await import(`data:text/javascript;base64,${code}`)
  const client = clientWith(fakeFetch(json({}, { status: 404 })))
  const { name, stack } = await other.checkHealth(client).catch((error: Error) => error)
  assert.is(name, 'HttpError')
  assert.match(stack, /^HttpError: /)
  assertNoCanary(other.createClient({ baseUrl: 'http://pod.test', apiKey: CANARY }))
})

test('a number in an answer that equals a header costs neither the error nor its body', async () => {
  const fetch = fakeFetch(
    json({ status: 'error', errors: 'no credits', data: { team: 10020030, n: '\nabcdefgh' } }),
  )
  const client = clientWith(fetch, {
    maxRetries: 0,
    headers: { 'X-Team': '10020030', 'X-Word': 'nabcdefgh' },
  })
  const error = await rejects(executeWorkflow(client, 'w', {}), ResponseError, { errors: ['no credits'] })
  assert.equal((error.body as { data: object }).data, { team: '[redacted]', n: '\nabcdefgh' })
  assert.not('maybeSubmitted' in error)
})

test('a key that is a part of a header’s name does not hide what the server answered', async () => {
  const headers = { 'access-control-expose-headers': 'x-request-id', 'x-request-id': 'an exposed id' }
  const fetch = fakeFetch(json({ status: 'error', errors: 'Invalid API key' }, { status: 403, headers }))
  const error = await rejects(
    checkHealth(clientWith(fetch, { maxRetries: 0, apiKey: 'expose' })),
    HttpError,
    { status: 403 },
  )
  assert.is(fetch.calls.length, 1)
  assert.equal([...error.response.headers.keys()].sort(), ['content-type', 'x-request-id'])
  assert.is(error.response.headers.get('x-request-id'), 'an [redacted]d id')
})
