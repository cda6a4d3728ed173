// The HTTP API in front of an engine that says what the test wants.
import { createHash } from 'node:crypto'
import {
  createHttpApi,
  type Dialect,
  type Engine,
  EngineError,
  type HttpApi,
  type HttpApiOptions,
  InputError,
  type RunsQuery,
  type Workflow,
} from '@flowscale/gateway/http'
import { assert, suite } from '#test'
import { DIALECTS, OPERATIONS, operations } from '../../../../packages/gateway/src/internal.ts'
import { draft, fakeEngine, run, workflow } from '../fakeEngine.ts'

const test = suite('httpApi')
const KEY = 'secret'
const ORIGIN = 'http://gateway.test'

function apiOf(own: Partial<Engine> = {}, options: Partial<HttpApiOptions> = {}): HttpApi {
  return createHttpApi({
    engine: fakeEngine(own),
    dialect: 'readme',
    apiKey: KEY,
    sign: async (text) => `s${[...text].reduce((sum, char, at) => sum + char.charCodeAt(0) * at, 0)}`,
    urlTtlMs: 60_000,
    oneOrigin: true,
    makeRequestId: () => 'id',
    name: 'gateway',
    ...options,
  })
}

const ask = (api: HttpApi, path: string, init: RequestInit = {}): Promise<Response> =>
  api.handle(new Request(new URL(path, ORIGIN), { headers: { 'x-api-key': KEY }, ...init }), {
    filesUrl: ORIGIN,
  })

const execute = (api: HttpApi, fields: Record<string, string>): Promise<Response> =>
  ask(api, '/api/v1/runs?workflow_id=w', { method: 'POST', body: new URLSearchParams(fields) })

const failing = (error: unknown): Partial<Engine> => ({ getRun: () => Promise.reject(error) })

test('an EngineError is answered with its status, Retry-After and run, by dialect', async () => {
  const error = new EngineError(503, 'Away', { retryAfterS: 1.5, runId: 'r9' })
  for (const dialect of DIALECTS) {
    const answer = await ask(apiOf(failing(error), { dialect }), '/api/v1/runs/r1')
    assert.equal([answer.status, answer.headers.get('retry-after')], [503, '2'])
    const told = dialect === 'readme' ? { status: 'error', errors: ['Away'] } : { detail: 'Away' }
    assert.equal(await answer.json(), { ...told, data: { run_id: 'r9' } })
  }
  const bare = await ask(apiOf(failing(new EngineError(413, 'Too large'))), '/api/v1/runs/r1')
  assert.equal([bare.status, bare.headers.get('retry-after')], [413, null])
  assert.equal(await bare.json(), { status: 'error', errors: ['Too large'] })
})

test('a 503 before the submission is a 429, and one of the submission itself stays', async () => {
  const away = (retryAfterS?: number) => async () => {
    throw new EngineError(503, 'Away', retryAfterS ? { retryAfterS } : {})
  }
  const refused = { ...draft, submit: away() }
  for (const [engine, expected] of [
    [{ draft: away() }, [429, '5']],
    [{ draft: away(7) }, [429, '7']],
    [{ draft: async () => refused }, [503, null]],
  ] as const) {
    const { status, headers } = await execute(apiOf(engine), { text: 'a' })
    assert.equal([status, headers.get('retry-after')], expected)
  }
})

test('an InputError is a 422, anything else a 500', async () => {
  const problems = [{ loc: ['body', 'text'], msg: 'No', type: 'value_error' }]
  const refused = await ask(apiOf(failing(new InputError(problems))), '/api/v1/runs/r1')
  assert.equal([refused.status, await refused.json()], [422, { detail: problems }])
  const broken = await ask(apiOf(failing(new Error('oops'))), '/api/v1/runs/r1')
  const errors = ['Internal error of the gateway: oops']
  assert.equal([broken.status, await broken.json()], [500, { status: 'error', errors }])
})

test('a key that is null lets everybody in', async () => {
  const open = apiOf({}, { apiKey: null })
  assert.is((await ask(open, '/api/v1/comfy/health', { headers: {} })).status, 200)
  const closed = apiOf()
  for (const key of ['', 'secre', 'secret2', 'secretsecret', 'Secret']) {
    const { status } = await ask(closed, '/api/v1/comfy/health', { headers: { 'x-api-key': key } })
    assert.is(status, key ? 403 : 401, key)
  }
})

test('pages of other sites first, then 404 and 405, then the key', async () => {
  const seen = async (api: HttpApi, method: string, path: string, headers: HeadersInit) => {
    const answer = await ask(api, path, { method, headers })
    return [
      answer.status,
      ...['x-request-id', 'access-control-allow-origin'].map((n) => answer.headers.get(n)),
    ]
  }
  const foreign = { origin: 'https://evil.test' }
  const open = apiOf({}, { apiKey: null })
  for (const [method, path] of [
    ['GET', '/api/v1/runs/r1'],
    ['GET', '/nowhere'],
    ['OPTIONS', '/api/v1/runs/r1'],
    ['GET', '/generations/r1/a.png'],
  ] as const) {
    const headers = { ...foreign, 'access-control-request-method': 'GET' }
    assert.equal(await seen(open, method, path, headers), [403, null, null], path)
  }
  const closed = apiOf()
  for (const [method, path, status, statusWithKey] of [
    ['GET', '/nowhere', 404, 404],
    ['DELETE', '/api/v1/runs/r1', 405, 405],
    ['GET', '/api/v1/runs/r1', 401, 200],
    ['GET', '/api/v1/runs/%zz', 401, 404],
    ['GET', '/api/v1/ws', 401, 426],
  ] as const) {
    assert.equal(await seen(closed, method, path, foreign), [status, 'id', '*'], path)
    assert.is((await seen(closed, method, path, { 'x-api-key': KEY }))[0], statusWithKey, path)
  }
})

const refusal = (dialect: Dialect, text: string): object =>
  dialect === 'readme' ? { status: 'error', errors: [text] } : { detail: text }

/** A request of each operation but the one of files, which is answered with a key. */
const requests = OPERATIONS.map((operation) => {
  const { path, query = {}, ...row } = operations[operation]
  const needed = Object.entries(query).filter(([, { required }]) => required)
  const search = new URLSearchParams(needed.map(([name]) => [name, 'w']))
  return { ...row, operation, path: path.replace('{id}', 'r1'), search: search.size ? `?${search}` : '' }
}).filter(({ operation }) => operation !== 'downloadOutput')
const isThere = (dialect: Dialect, { lackedBy }: Pick<(typeof requests)[number], 'lackedBy'>): boolean =>
  !lackedBy?.includes(dialect)

const unknown = ['/api', '/api/v1', '/api/v1/runs/', '/api/v1/runs/x/y', '/API/v1/runs', '/api/v1/ws/']
const unknownEvents = ['/api/v1/runs//events', '/api/v1/runs/r1/events/', '/api/v1/runs/r1/x/events']
for (const dialect of DIALECTS) {
  test(`${dialect}: no key 401, a wrong key 403, on every path; nothing is done`, async () => {
    const never = (): never => assert.unreachable('the engine was asked') as never
    const engine = { draft: never, getRun: never, getRuns: never, cancelRun: never, containers: never }
    const api = apiOf({ ...engine, workflows: never, findOutput: never }, { dialect })
    for (const request of requests.filter(({ isOpen }) => !isOpen)) {
      const { method, path, search } = request
      for (const [headers, status, text] of [
        [{}, 401, 'Missing API key: send it in the X-API-KEY header'],
        [{ authorization: `Basic ${KEY}` }, 401, 'Missing API key: send it in the X-API-KEY header'],
        [{ authorization: 'Bearer Secret' }, 403, 'Invalid API key'],
        [{ authorization: `Bearer ${KEY}`, 'x-api-key': 'Secret' }, 403, 'Invalid API key'],
        [{ 'x-api-key': 'Secret' }, 403, 'Invalid API key'],
      ] as const) {
        const answer = await ask(api, path + search, { method, headers })
        const expected = isThere(dialect, request)
          ? [status, refusal(dialect, text)]
          : [404, refusal(dialect, 'Not Found')]
        assert.equal([answer.status, await answer.json()], expected, path)
      }
    }
  })

  test(`${dialect}: unknown paths 404, wrong methods 405, the address of the WebSocket 426`, async () => {
    const api = apiOf({}, { dialect })
    for (const path of [...unknown, ...unknownEvents, '/generations/a/b', '/api/v1/runs/%E0%A4%A']) {
      const answer = await ask(api, path, {})
      if (path.startsWith('/generations')) assert.is(answer.status, 403)
      else assert.equal([answer.status, await answer.json()], [404, refusal(dialect, 'Not Found')], path)
    }
    const there = requests.filter((request) => isThere(dialect, request))
    for (const { path } of there) {
      const known = there.filter((other) => other.path === path).map(({ method }) => String(method))
      const at = known.indexOf('GET') + 1
      if (at) known.splice(at, 0, 'HEAD')
      for (const method of ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS']) {
        if (known.includes(method)) continue
        const answer = await ask(api, path, { method })
        assert.equal([answer.status, answer.headers.get('allow')], [405, known.join(', ')], path)
        assert.equal(await answer.json(), refusal(dialect, 'Method Not Allowed'))
      }
    }
    const answer = await ask(api, '/api/v1/ws')
    assert.equal([answer.status, answer.headers.get('upgrade')], [426, 'websocket'])
    assert.equal(await answer.json(), refusal(dialect, 'Upgrade Required: this address speaks WebSocket'))
  })
}

test('only an API with an operator has the routes of a gateway, and its document names them', async () => {
  const operator = { reasons: async () => [], metrics: async () => 'one 1\n', refused: () => {} }
  const ofAll = OPERATIONS.map((operation) => operations[operation])
  const rows = Object.values(operations).filter((row) => !ofAll.includes(row))
  assert.ok(rows.length > 0)
  for (const has of [false, true]) {
    const api = apiOf({}, has ? { operator } : {})
    const { paths } = await (await ask(api, '/api/v1/openapi.json')).json()
    for (const { method, path, isOpen } of rows) {
      const answer = await ask(api, path.replace('{id}', 'r1'), { method, headers: {} })
      assert.is(answer.status, has ? (isOpen ? 200 : 401) : 404, path)
      // A load balancer asks so.
      const head = await ask(api, path.replace('{id}', 'r1'), { method: 'HEAD', headers: {} })
      if (has && method === 'GET') assert.equal([head.status, head.body], [isOpen ? 200 : 401, null], path)
      assert.is(paths[path]?.[method.toLowerCase()] !== undefined, has, path)
    }
  }
})

test('browsers may ask, and read refusals', async () => {
  const api = apiOf()
  const asked = 'authorization,x-api-key,last-event-id,idempotency-key'
  for (const path of ['/api/v1/runs', '/api/v1/runs/r1/events', '/generations/a/b.png']) {
    // A preflight carries no key.
    const headers = {
      origin: 'http://localhost:3000',
      'access-control-request-method': 'POST',
      'access-control-request-headers': asked,
    }
    const answer = await ask(api, path, { method: 'OPTIONS', headers })
    const told = ['origin', 'headers', 'methods'].map((n) => answer.headers.get(`access-control-allow-${n}`))
    assert.equal([answer.status, ...told], [204, '*', asked, 'GET, HEAD, POST'])
  }
  for (const [path, status] of [
    ['/api/v1/comfy/health', 401],
    ['/api/v1/ws', 401],
    ['/nowhere', 404],
    ['/generations/a/b.png', 403],
  ] as const) {
    const answer = await ask(api, path, { headers: { origin: 'null' } })
    assert.is(answer.status, status)
    assert.is(answer.headers.get('access-control-allow-origin'), '*')
    assert.is(
      answer.headers.get('access-control-expose-headers'),
      'x-request-id, retry-after, x-idempotency, preference-applied',
    )
  }
})

test('links start with publicUrl, or else with the address that the server gives', async () => {
  const start = async (publicUrl?: string): Promise<string> => {
    const { data } = await (await ask(apiOf({}, { publicUrl }), '/api/v1/runs/r1')).json()
    return new URL(data.outputs[0].url).origin
  }
  assert.equal([await start(), await start('https://gpu.example.com/')], [ORIGIN, 'https://gpu.example.com'])
})

test('getWorkflows tells more of inputs than their kinds', async () => {
  const { data } = await (await ask(apiOf(), '/api/v1/comfy/workflows')).json()
  assert.equal(data[0].input_details, {
    text: {},
    seed: { required: false, default: 7, min: 0, max: 9, integer: true },
    style: { required: false, options: ['a', 'b'] },
  })
  const listed = async (inputs: Workflow['inputs']) => {
    const api = apiOf({ workflows: async () => [{ ...workflow, inputs }] })
    return (await (await ask(api, '/api/v1/comfy/workflows')).json()).data[0]
  }
  const several = { kind: 'string', required: false, array: true } as const
  assert.equal((await listed(new Map([['text', several]]))).input_details, {
    text: { required: false, array: true },
  })
  const usual = { kind: 'string', required: true, array: false } as const
  assert.equal((await listed(new Map([['text', usual]]))).input_details, { text: {} })
  const renamed = { ...usual, aliases: ['earlier'] }
  assert.equal((await listed(new Map([['text', renamed]]))).input_details, { text: {} })
  assert.equal(Object.keys(await listed(new Map())), ['id', 'name', 'description', 'inputs', 'outputs'])
})

test('getWorkflows tells where files are named after their outputs', async () => {
  const workflows = async () => [{ ...workflow, namesFiles: true }, workflow]
  const { data } = await (await ask(apiOf({ workflows }), '/api/v1/comfy/workflows')).json()
  assert.is(data[0].names_files, true)
  assert.not.ok('names_files' in data[1])
})

test('inputs are checked before anything is submitted', async () => {
  let submitted = 0
  let discarded = 0
  const submit = async () => {
    submitted++
    return { run, number: 3 }
  }
  const discard = (): void => void discarded++
  const api = apiOf({ draft: async () => ({ ...draft, submit, discard }) })
  const bad = await execute(api, { seed: '10', style: 'c', other: 'x' })
  const { detail } = await bad.json()
  assert.equal(
    detail.map(({ loc, type }: { loc: string[]; type: string }) => [loc.at(-1), type]),
    [
      ['text', 'missing'],
      ['seed', 'less_than_equal'],
      ['style', 'literal_error'],
      ['other', 'extra_forbidden'],
    ],
  )
  assert.equal([bad.status, submitted, discarded], [422, 0, 1])
  const good = await execute(api, { text: 'hi', seed: '9', style: 'a' })
  const data = { number: 3, node_errors: {}, output_names: ['image_r1'], run_id: 'r1' }
  assert.equal([await good.json(), submitted, discarded], [{ status: 'success', data }, 1, 1])
})

test('a run never starts before it was submitted, nor ends before it starts, whatever the clock did', async () => {
  const iso = (ms: number) => new Date(ms).toISOString()
  for (const [times, shown] of [
    [
      [9, 5, 7],
      [9, 9, 9],
    ],
    [
      [5, 9, 7],
      [5, 9, 9],
    ],
    [
      [9, null, 7],
      [9, null, 9],
    ],
    [
      [5, 7, null],
      [5, 7, null],
    ],
  ] as const) {
    const [createdAt, startedAt, completedAt] = times
    const getRun = async () => ({ ...run, createdAt, startedAt, completedAt })
    const { data } = await (await ask(apiOf({ getRun }), '/api/v1/runs/r1')).json()
    const wanted = shown.map((ms) => (ms === null ? null : iso(ms)))
    assert.equal([data.created_at, data.started_at, data.completed_at], wanted)
  }
})

test('the queue shows the ids of the own runs, whether they wait or are at work', async () => {
  const both = [
    [1, 'mine', 'me'],
    [2, 'foreign', 'you'],
  ] as const
  const container = { name: 'gpu', url: 'u', status: 'running', running: both, pending: both } as const
  const sha256 = createHash('sha256').update('key').digest('hex')
  const keys = { current: () => [{ name: 'me', sha256 }], watch: () => () => {} }
  const api = apiOf({ containers: async () => [container] }, { keys })
  for (const [key, other] of [
    ['key', 'other'],
    [KEY, 'foreign'],
  ] as const) {
    const { data } = await (await ask(api, '/api/v1/comfy/queue', { headers: { 'x-api-key': key } })).json()
    const shown = [
      [1, 'mine'],
      [2, other],
    ]
    assert.equal(data[0].queue, { queue_running: shown, queue_pending: shown })
  }
})

test('the engine is asked for a page where the dialect has pages', async () => {
  const asked: RunsQuery[] = []
  const getRuns: Engine['getRuns'] = async (query) => {
    asked.push(query)
    return { runs: [run], total: 25 }
  }
  const path = '/api/v1/runs?page=3&page_size=10&sort_by=started_at&sort_order=asc&group_id=g'
  const { meta } = await (await ask(apiOf({ getRuns }, { dialect: 'python' }), path)).json()
  const { sort_by, sort_order, total_count, total_pages } = meta
  assert.equal([sort_by, sort_order, total_count, total_pages], ['started_at', 'asc', 25, 3])
  await ask(apiOf({ getRuns }), '/api/v1/runs')
  assert.equal(asked, [
    { groupId: 'g', owner: undefined, sortBy: 'started_at', sortOrder: 'asc', offset: 20, limit: 10 },
    {
      groupId: null,
      owner: undefined,
      sortBy: 'created_at',
      sortOrder: 'desc',
      offset: 0,
      limit: Number.POSITIVE_INFINITY,
    },
  ])
})

test('everything wrong with a page is listed at once', async () => {
  const asked = async (query: string) => {
    const answer = await ask(apiOf({}, { dialect: 'python' }), `/api/v1/runs?${query}`)
    return [answer.status, (await answer.json()).detail?.map(({ loc, msg, type }: any) => [loc, msg, type])]
  }
  assert.equal(await asked('page=0&page_size=101&sort_by=name&sort_order=up'), [
    422,
    [
      [
        ['query', 'sort_by'],
        "Input should be 'created_at' or 'started_at' or 'completed_at'",
        'literal_error',
      ],
      [['query', 'sort_order'], "Input should be 'asc' or 'desc'", 'literal_error'],
      [['query', 'page'], 'Input should be greater than or equal to 1', 'greater_than_equal'],
      [['query', 'page_size'], 'Input should be less than or equal to 100', 'less_than_equal'],
    ],
  ])
  for (const bad of ['page=x', 'page=', 'page_size=0', 'page_size=1.5', 'page_size=-1', 'page=1e3'])
    assert.is((await asked(bad))[0], 422, bad)
})

/** The link of the only file, and what the engine is asked for it. */
async function linked(
  type: string,
  read?: Engine['readOutput'],
): Promise<{ api: HttpApi; link: string; asked: unknown[] }> {
  const asked: unknown[] = []
  const readOutput: Engine['readOutput'] = async (id, file, headers) => {
    asked.push([id, file, Object.fromEntries(headers)])
    return new Response('pic', { status: 206, headers: { 'content-type': type, 'content-length': '3' } })
  }
  const api = apiOf({ readOutput: read ?? readOutput })
  const { data } = await (await ask(api, '/api/v1/runs/r1')).json()
  return { api, link: data.outputs[0].url, asked }
}

test('with a longest list, pages are there in every dialect where they are asked for', async () => {
  const asked: RunsQuery[] = []
  const getRuns: Engine['getRuns'] = async (query) => {
    asked.push(query)
    return { runs: [run], total: 41 }
  }
  for (const dialect of ['readme', 'openapi'] as const) {
    const api = apiOf({ getRuns }, { dialect, longestList: 1000 })
    const list = await (await ask(api, '/api/v1/runs?group_id=g')).json()
    assert.equal([list.data.count, list.meta], [1, undefined])
    const { data, meta } = await (await ask(api, '/api/v1/runs?group_id=g&page=3&page_size=20')).json()
    assert.equal([data.count, meta.page, meta.page_size, meta.total_pages], [1, 3, 20, 3])
    assert.equal(
      asked.splice(0).map(({ offset, limit }) => [offset, limit]),
      [
        [0, 1000],
        [40, 20],
      ],
    )
  }
})

test('a text comes with its run, but not in a list, and not if it is long', async () => {
  const [short, long] = ['é'.repeat(32 * 1024), `é${'é'.repeat(32 * 1024)}`]
  const texts = { 'a.txt': short, 'b.txt': long }
  const ended = { ...run, files: ['a.txt', 'b.txt', 'c.png'], texts, status: 'completed' as const }
  const own = {
    getRun: async () => ended,
    getRuns: async () => ({ runs: [ended], total: 1 }),
    findOutput: async (file: string) => ({ run: ended, file }),
  }
  const api = apiOf(own)
  const dataOf = async (path: string) => (await (await ask(api, path)).json()).data
  const textsOf = (outputs: any[]) => outputs.map(({ text }) => text?.length)
  assert.equal(textsOf((await dataOf('/api/v1/runs/r1')).outputs), [short.length, undefined, undefined])
  assert.equal(textsOf((await dataOf('/api/v1/runs?group_id=g')).runs[0].outputs), [
    undefined,
    undefined,
    undefined,
  ])
  assert.is((await dataOf('/api/v1/runs/output?filename=a.txt')).text, short)
  assert.is((await dataOf('/api/v1/runs/output?filename=b.txt')).text, undefined)
})

test('on one origin a signed link is served beside the API, with the caller’s ranges', async () => {
  const { api, link, asked } = await linked('image/png')
  assert.match(link, /^http:\/\/gateway\.test\/generations\/r1\/image%20r1\.png\?expires=\d+&signature=s\d+$/)
  // A proxy in front may have asked for a password, which is no business of the link.
  const headers = { range: 'bytes=0-2', 'if-range': '"x"', cookie: 'a=b', authorization: 'Basic x' }
  const answer = await ask(api, link, { headers })
  assert.equal([answer.status, await answer.text()], [206, 'pic'])
  assert.equal(asked, [['r1', 'image r1.png', { range: 'bytes=0-2', 'if-range': '"x"' }]])
  assert.is((await ask(api, link.replace('r1.png', 'r2.png'))).status, 403)
  assert.is((await ask(api, link.replace(/expires=\d/, 'expires='))).status, 403)
  assert.is(asked.length, 1)
  const head = await ask(api, link, { method: 'HEAD' })
  assert.equal([head.status, head.body, head.headers.get('content-length')], [206, null, '3'])
})

test('a file that a browser opens runs nothing', async () => {
  for (const [type, disposition] of [
    ['image/png', null],
    ['image/svg+xml', 'attachment'],
    ['text/html; charset=utf-8', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['text/xml', 'attachment'],
  ] as const) {
    const { api, link } = await linked(type)
    const { headers } = await ask(api, link)
    const seen = ['x-content-type-options', 'content-security-policy', 'content-disposition'].map((name) =>
      headers.get(name),
    )
    assert.equal(seen, ['nosniff', 'sandbox', disposition], type)
  }
})

test('a link leads on to the location of a file, unless a browser could run it there', async () => {
  const location = 'https://s3.example.com/image.png?signature=x'
  for (const [type, method, status, given] of [
    ['image/png', 'GET', 302, location],
    // A signed address is for one method.
    ['image/png', 'HEAD', 200, null],
    ['image/svg+xml', 'GET', 200, null],
    ['text/html', 'GET', 200, null],
  ] as const) {
    let isCancelled = false
    const body = new ReadableStream(
      {
        pull: (controller) => controller.close(),
        cancel() {
          isCancelled = true
        },
      },
      { highWaterMark: 0 },
    )
    const headers = { 'content-type': type, location }
    const { api, link } = await linked(type, async () => new Response(body, { headers }))
    const answer = await ask(api, link, { method })
    const found = [answer.status, answer.headers.get('location'), isCancelled]
    assert.equal(found, [status, given, type === 'image/png'], `${method} ${type}`)
  }
})

test('without oneOrigin, a link on the origin of the API is 404', async () => {
  const { link } = await linked('image/png')
  const answer = await ask(apiOf({}, { oneOrigin: false }), link)
  assert.equal([answer.status, await answer.json()], [404, { status: 'error', errors: ['Not Found'] }])
})
