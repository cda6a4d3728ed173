// The OpenAPI document says what the router has, and of inputs what the reader of a submission takes.
import { createHttpApi, type Dialect, type Input, type Run, type Workflow } from '@flowscale/gateway/http'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { assert, suite } from '#test'
import { eventOf } from '../../../../packages/gateway/src/http/runJson.ts'
import { DIALECTS, OPERATIONS, operations } from '../../../../packages/gateway/src/internal.ts'
import { draft, fakeEngine, run, workflow as usual } from '../fakeEngine.ts'

const test = suite('the OpenAPI document')
const ORIGIN = 'http://gateway.test'
const KEY = 'secret'

const input = (kind: Input['kind'], more: Partial<Input> = {}): Input => ({
  kind,
  required: false,
  array: false,
  ...more,
})
const numbers = (length: number) => Array.from({ length }, (_, at) => at)
const inputs = {
  prompt: input('string', { required: true, description: 'What to paint' }),
  style: input('string', { options: ['oil', 'ink'], default: 'oil' }),
  size: input('number', { min: 8, max: 64, integer: true, default: 16 }),
  seed: input('number', { min: 0, max: 2 ** 64, integer: true }),
  strength: input('number', { min: 0, max: 1 }),
  batch: input('number', { options: [1, 4] }),
  tiled: input('boolean', { default: false }),
  tags: input('string', { array: true }),
  photo: input('image', { default: 'example.png', options: ['example.png'] }),
  sixty: input('number', { options: numbers(60) }),
  many: input('number', { options: numbers(61) }),
}
const workflow: Workflow = { ...usual, id: 'to-image', inputs: new Map(Object.entries(inputs)) }

const WEBHOOKS = { check() {}, resend: async () => true }
const apiOf = (
  dialect: Dialect,
  workflows: readonly Workflow[] = [workflow],
  apiKey: string | null = KEY,
  webhooks: typeof WEBHOOKS | undefined = WEBHOOKS,
) =>
  createHttpApi({
    engine: fakeEngine({ workflows: async () => workflows, draft: async () => ({ ...draft, workflow }) }),
    dialect,
    apiKey,
    sign: () => 's',
    urlTtlMs: 60_000,
    makeRequestId: () => 'id',
    name: 'gateway',
    webhooks,
  })

const OF_EVENT = { sign: () => 's'.repeat(64), urlTtlMs: 60_000 }
const BARE = { apiKey: KEY, makeRequestId: () => 'id', name: 'gateway' }

function ask(api: ReturnType<typeof apiOf>, headers: HeadersInit): Promise<Response> {
  const request = new Request(`${ORIGIN}/api/v1/openapi.json`, { headers })
  return api.handle(request, { filesUrl: 'http://files.test' })
}

async function documentOf(api: ReturnType<typeof apiOf>, headers: HeadersInit = {}): Promise<any> {
  const answer = await ask(api, headers)
  assert.equal([answer.status, answer.headers.get('content-type')], [200, 'application/json'])
  return await answer.json()
}

const withKey = { 'x-api-key': KEY }
const bodyOf = (document: any, id = 'to-image') =>
  document.paths[`/api/v1/workflows/${id}/runs`].post.requestBody

for (const dialect of DIALECTS) {
  test(`${dialect}: anybody reads the operations, and with the key also the workflows`, async () => {
    const rows = OPERATIONS.map((operation) => ({ operation, ...operations[operation] }))
    const known = rows.filter(({ lackedBy }) => !lackedBy?.includes(dialect))
    const api = apiOf(dialect)
    for (const headers of [{}, withKey, { authorization: `Bearer ${KEY}` }]) {
      const document = await documentOf(api, headers)
      for (const [, kind, name] of JSON.stringify(document).matchAll(/"#\/components\/(\w+)\/(\w+)"/g))
        assert.ok(document.components[kind!][name!], name)
      const { paths } = document
      const found = Object.entries<object>(paths).flatMap(([path, item]) =>
        Object.entries(item).map(([method, { operationId }]) => [operationId, method, path].join(' ')),
      )
      const own = Object.values(headers).some((value) => value.endsWith(KEY))
        ? ['run_to_image post /api/v1/workflows/to-image/runs']
        : []
      const expected = known.map(
        ({ operation, method, path }) => `${operation} ${method.toLowerCase()} ${path}`,
      )
      assert.equal(found.sort(), [...expected, ...own].sort())
    }
    assert.is((await ask(api, { 'x-api-key': 'wrong' })).status, 403)
  })

  test(`${dialect}: an operation needs a key unless it is open, and only this dialect's parameters`, async () => {
    const { paths, security } = await documentOf(apiOf(dialect))
    assert.equal(security, [{ key: [] }, { bearer: [] }])
    assert.equal(
      [paths['/api/v1/openapi.json'].get.security, paths['/api/v1/runs'].get.security],
      [[], undefined],
    )
    const { parameters } = paths['/api/v1/runs'].get
    assert.equal(
      parameters.map(({ name, required }: any) => [name, required]),
      [
        ['group_id', dialect === 'openapi' ? true : undefined],
        ...(dialect === 'python' ? ['sort_by', 'sort_order', 'page', 'page_size'] : []).map((name) => [
          name,
          undefined,
        ]),
      ],
    )
    const open = await documentOf(apiOf(dialect, [], null))
    assert.equal([open.security, open.components.securitySchemes], [undefined, undefined])
  })
}

test('the webhook is there where it can be sent, and an event is as it says, in fewer than 20 kB', async () => {
  const none = createHttpApi({ ...OF_EVENT, engine: fakeEngine(), dialect: 'readme', ...BARE })
  const bare = await documentOf(none)
  assert.equal([bare.webhooks, bare.paths['/api/v1/runs/{id}/webhook/resend']], [undefined, undefined])
  assert.not.match(JSON.stringify(bare.paths), 'webhook_url')
  const files = numbers(50).map((at) => `${at}${'ü'.repeat(40)}.txt`)
  const ended = { ...run, status: 'failed', completedAt: 3, error: 'e'.repeat(30_000), files } as const
  const runs: [run: Run, outputs: number, hasText: boolean][] = [
    [{ ...ended, files: files.slice(0, 2), texts: { [files[1]!]: 'short' } }, 2, true],
    [{ ...ended, texts: { [files[1]!]: 't'.repeat(20_000) } }, 20, false],
    [{ ...ended, files: files.map((name) => name + 'ü'.repeat(90)) }, 8, false],
  ]
  for (const dialect of DIALECTS) {
    const document = await documentOf(apiOf(dialect))
    assert.match(JSON.stringify(document.paths['/api/v1/runs'].post), 'webhook_url')
    const { schema } = document.webhooks.runEnded.post.requestBody.content['application/json']
    const isRight = new Ajv2020({ strict: false, validateFormats: false }).compile({ ...document, ...schema })
    for (const [one, outputs, hasText] of runs) {
      const text = await eventOf({ api: { ...OF_EVENT, dialect }, filesUrl: 'http://files.test' }, one)
      const { type, data } = JSON.parse(text)
      assert.ok(isRight({ ...JSON.parse(text) }), JSON.stringify(isRight.errors))
      assert.ok(Buffer.byteLength(text) < 20_000)
      assert.equal([type, data._id, data.workflow_id], ['run.failed', 'r1', 'w'])
      assert.equal([Math.min(data.outputs.length, outputs), data.outputs_total], [outputs, one.files.length])
      assert.ok(data.outputs.length <= 20)
      assert.equal([text.includes('"text":'), 'inputs' in data], [hasText, false])
    }
  }
})

test('a file of another origin has its server', async () => {
  const { paths, servers } = await documentOf(apiOf('readme'))
  assert.equal(servers, [{ url: '/' }])
  assert.equal(paths['/generations/{id}/{filename}'].get.servers, [{ url: 'http://files.test' }])
})

test('workflows that can’t run are left out, and ids of operations are unique', async () => {
  const ids = ['a b', 'a-b', 'ü/{x}']
  const workflows = [
    ...ids.map((id) => ({ ...workflow, id })),
    { ...workflow, id: 'broken', problem: 'It is' },
  ]
  const { paths } = await documentOf(apiOf('readme', workflows), withKey)
  const runs = Object.entries<any>(paths).filter(([, item]) => item.post?.operationId.startsWith('run_'))
  assert.equal(
    runs.map(([path, { post }]) => [path, post.operationId]),
    [
      ['/api/v1/workflows/a%20b/runs', 'run_a_b'],
      ['/api/v1/workflows/a-b/runs', 'run_a_b_2'],
      ['/api/v1/workflows/%C3%BC%2F%7Bx%7D/runs', 'run__x_'],
    ],
  )
})

test('inputs have their kinds, ranges, choices and defaults', async () => {
  const { content, required } = bodyOf(await documentOf(apiOf('readme'), withKey))
  assert.is(required, true)
  const { schema } = content['application/json']
  const about = 'A `data:` URL, or the URL of a file (image)'
  assert.equal(schema, {
    type: 'object',
    properties: {
      prompt: { type: 'string', description: 'What to paint' },
      style: { type: 'string', enum: ['oil', 'ink'], default: 'oil' },
      size: { type: 'integer', minimum: 8, maximum: 64, default: 16 },
      seed: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      strength: { type: 'number', minimum: 0, maximum: 1 },
      batch: { type: 'number', enum: [1, 4] },
      tiled: { type: 'boolean', default: false },
      tags: { type: 'array', items: { type: 'string' } },
      photo: { type: 'string', description: about },
      sixty: { type: 'number', enum: numbers(60) },
      many: { type: 'number' },
    },
    required: ['prompt'],
    additionalProperties: false,
  })
  const form = content['multipart/form-data'].schema
  assert.equal(form.properties.photo.format, 'binary')
  assert.equal({ ...form.properties, photo: 0 }, { ...schema.properties, photo: 0 })
})

const PNG = 'data:image/png;base64,iVBORw0KGgo='
/** Values of each input that are taken, and others that are not. */
const values: Readonly<Record<keyof typeof inputs, readonly [right: unknown[], wrong: unknown[]]>> = {
  prompt: [
    ['a', '', 'a\r\nb'],
    [1, true, {}, ['a'], null],
  ],
  style: [
    ['oil', 'ink'],
    ['chalk', '', 1],
  ],
  size: [
    [8, 64, 16.0],
    [7, 65, 8.5, '16', 1e300],
  ],
  seed: [
    [0, Number.MAX_SAFE_INTEGER],
    [-1, 2 ** 53, '1'],
  ],
  strength: [
    [0, 0.5, 1],
    [-0.1, 1.1, '0.5', true],
  ],
  batch: [
    [1, 4],
    [2, '1'],
  ],
  tiled: [
    [true, false],
    ['true', 0],
  ],
  tags: [
    [['a'], ['a', 'b']],
    [[1], [['a']], { a: 'b' }],
  ],
  photo: [
    [PNG, 'https://files.test/a.png'],
    [7, {}, [PNG]],
  ],
  sixty: [[59], [60]],
  many: [[60], ['60']],
}

test('the document takes a value if the server takes it', async () => {
  const api = apiOf('readme')
  const { schema } = bodyOf(await documentOf(api, withKey)).content['application/json']
  const fits = new Ajv2020().compile(schema)
  const submit = async (body: object): Promise<number> => {
    const headers = { ...withKey, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const request = new Request(`${ORIGIN}/api/v1/workflows/to-image/runs`, init)
    return (await api.handle(request, { filesUrl: ORIGIN })).status
  }
  assert.equal([fits({}), await submit({})], [false, 422])
  assert.equal([fits({ prompt: 'a', other: 1 }), await submit({ prompt: 'a', other: 1 })], [false, 422])
  for (const [name, [right, wrong]] of Object.entries(values)) {
    for (const value of [...right, ...wrong]) {
      const body = { prompt: 'a', [name]: value }
      const isRight = right.includes(value)
      assert.equal([fits(body), await submit(body)], [isRight, isRight ? 200 : 422], JSON.stringify(body))
    }
  }
})

test('one workflow has the form of its row in the list, and others are a 404', async () => {
  const broken = { ...workflow, id: 'broken', problem: 'A class is missing' }
  for (const dialect of ['readme', 'python'] as const) {
    const api = apiOf(dialect, [workflow, broken])
    const read = async (path: string) => {
      const request = new Request(`${ORIGIN}/api/v1/${path}`, { headers: withKey })
      const answer = await api.handle(request, { filesUrl: ORIGIN })
      return { status: answer.status, body: await answer.json() }
    }
    const { data } = (await read('comfy/workflows')).body
    const [row] = dialect === 'python' ? data.workflows : data
    assert.equal(await read('workflows/to-image'), { status: 200, body: { status: 'success', data: row } })
    const texts = ["The workflow can't run: A class is missing", 'Workflow not found']
    for (const [index, id] of ['broken', 'none'].entries()) {
      const { status, body } = await read(`workflows/${id}`)
      assert.equal([status, [body.errors ?? body.detail].flat()], [404, [texts[index]]])
    }
  }
})
