// The endpoints that share one table of dialects: what each asks for, and how its answer is read.
import {
  ArgumentError,
  type Client,
  cancelRun,
  checkHealth,
  type GetRunsOptions,
  getOutput,
  getQueue,
  getRun,
  getRuns,
  getWorkflows,
  HttpError,
  ResponseError,
  RunError,
} from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, json, ok } from '../../../support/fakes.ts'

const test = suite('operations')
const from = (body: unknown, status = 200) =>
  clientWith(fakeFetch(() => (status === 204 ? new Response(null, { status }) : json(body, { status }))))

/** Runs one operation, and tells what was asked for. */
async function asked(run: (client: Client) => Promise<unknown>, data: unknown = {}) {
  const fetch = fakeFetch(ok(data))
  await run(clientWith(fetch))
  const { url, init, headers } = fetch.calls[0]!
  assert.is(headers.get('x-api-key'), CANARY)
  assert.is(url.origin, 'http://pod.test')
  return `${init.method} ${url.href.slice(url.origin.length)}`
}

test('each operation asks for its endpoint', async () => {
  assert.is(await asked(checkHealth, []), 'GET /api/v1/comfy/health')
  assert.is(await asked(getQueue, []), 'GET /api/v1/comfy/queue')
  assert.is(await asked(getWorkflows, []), 'GET /api/v1/comfy/workflows')
  assert.is(await asked((client) => getRun(client, 'r-1')), 'GET /api/v1/runs/r-1')
  assert.is(await asked((client) => cancelRun(client, 'r-1')), 'POST /api/v1/runs/r-1/cancel')
  assert.is(await asked((client) => getOutput(client, 'f.png')), 'GET /api/v1/runs/output?filename=f.png')
  assert.is(await asked(getRuns, []), 'GET /api/v1/runs')
})

test('ids are encoded, in the path and in the query', async () => {
  const id = 'a/b?c#d e&ü%2e+'
  const encoded = 'a%2Fb%3Fc%23d%20e%26%C3%BC%252e%2B'
  assert.is(await asked((client) => getRun(client, id)), `GET /api/v1/runs/${encoded}`)
  assert.is(await asked((client) => cancelRun(client, id)), `POST /api/v1/runs/${encoded}/cancel`)
  assert.is(await asked((client) => getOutput(client, id)), `GET /api/v1/runs/output?filename=${encoded}`)
  assert.is(
    await asked((client) => getRuns(client, { groupId: id }), []),
    `GET /api/v1/runs?group_id=${encoded}`,
  )
  assert.is(await asked((client) => getRun(client, '...')), 'GET /api/v1/runs/...')
})

test('ids that lead elsewhere are errors that name the argument', async () => {
  const fetch = fakeFetch(ok({}))
  const client = clientWith(fetch)
  for (const id of ['', '.', '..', '\ud800', 'a\udc00b', 5, null, undefined, {}, [], Symbol('x')]) {
    for (const run of [getRun, cancelRun, getOutput]) await rejects(run(client, id as never), ArgumentError)
  }
  assert.is(fetch.calls.length, 0)
})

test('the envelope passes through, other fields and all', async () => {
  const more = { errors: null, meta: { page: 1 }, extra: [1] }
  const runs: [Promise<object>, unknown][] = [
    [checkHealth(from({ status: 'ok', data: [], ...more })), []],
    [getQueue(from({ status: 'ok', data: [], ...more })), []],
    [getWorkflows(from({ status: 'ok', data: [], ...more })), []],
    [cancelRun(from({ status: 'ok', data: 'done', ...more }), 'r'), 'done'],
  ]
  for (const [pending, data] of runs) assert.equal(await pending, { status: 'ok', data, ...more })
})

test('checkHealth: every dialect, and items that lack something', async () => {
  const { data } = await checkHealth(
    from({
      status: 'success',
      data: [
        { container: 'container #1', status: 'idle', gpu: 'A100' },
        { url: 'http://comfy:8188', status: 'stopped' },
        { container: 'name', url: 'http://x', comfy_uri: 'http://y' },
        { url: 7 },
        { url: {} },
        { url: null },
        {},
        null,
        'abc',
      ],
    }),
  )
  assert.equal(data, [
    { container: 'container #1', status: 'idle', gpu: 'A100' },
    { container: 'http://comfy:8188', url: 'http://comfy:8188', status: 'stopped' },
    { container: 'name', url: 'http://x', comfy_uri: 'http://y', status: '' },
    { container: '7', url: '7', status: '' },
    { container: '', url: '', status: '' },
    { container: '', url: null, status: '' },
    { container: '', status: '' },
    { container: '', status: '' },
    { container: '', status: '' },
  ])
})

test('getQueue: every dialect, and items that lack something', async () => {
  const queue = { queue_running: [[0, 'a']], queue_pending: [[1, 'b', { more: 1 }]], extra: 1 }
  const { data } = await getQueue(
    from({
      status: 'success',
      data: [
        { container: 'c', queue },
        { comfy_uri: 'u', queue, x: 1 },
        { comfy_uri: 'v', queue: null },
        { comfy_uri: null },
        {},
        null,
        'abc',
      ],
    }),
  )
  const none = { queue_running: [], queue_pending: [] }
  assert.equal(data, [
    { container: 'c', queue },
    { container: 'u', comfy_uri: 'u', queue, x: 1 },
    { container: 'v', comfy_uri: 'v', queue: none },
    { container: '', comfy_uri: null, queue: none },
    { container: '', queue: none },
    { container: '', queue: none },
    { container: '', queue: none },
  ])
})

test('getWorkflows: every dialect, and items that lack something', async () => {
  const readme = { id: 'a', name: 'A', description: 'first', inputs: '{"x":"string"}', outputs: '{}' }
  const python = {
    workflow_id: 'b',
    name: 'B',
    description: '',
    inputs: { x: 'string' },
    outputs: ['o'],
    y: 1,
  }
  const bare = { name: '', description: '', inputs: {}, outputs: {} }
  const none = { ...bare, id: '' }
  const data: unknown[] = [
    readme,
    { ...python, id: 'b' },
    { ...bare, workflow_id: 7, id: '7' },
    none,
    none,
    none,
  ]
  const given = [readme, python, { workflow_id: 7 }, 'abc', ['d'], null]
  for (const list of [given, { workflows: given }]) {
    const workflows: unknown[] = (await getWorkflows(from({ status: 'success', data: list }))).data
    assert.equal(workflows, data)
  }
  await rejects(getWorkflows(from({ detail: 'Not Found' }, 404)), HttpError)
})

test('cancelRun: any envelope will do', async () => {
  for (const data of ['Run cancelled successfully', { run_id: 'r' }, [], 0, false, '']) {
    assert.equal((await cancelRun(from({ status: 'success', data }), 'r')).data, data)
  }
  for (const data of [null, undefined]) {
    assert.is((await cancelRun(from({ status: 'success', data }), 'r')).data, '')
  }
})

test('getRun: every dialect', async () => {
  const readme = {
    _id: 'r',
    status: 'completed',
    inputs: [{ path: 'text_51536', value: 'a man' }],
    outputs: [{ filename: 'f.png', url: 'http://files.test/f' }],
  }
  assert.equal((await getRun(from({ status: 'success', data: readme }), 'r')).data, readme)
  const openapi = {
    workflow_id: 'w',
    group_id: null,
    status: 'in_progress',
    inputs: [{ path: 'x', value: 1, s3_key: 'k' }],
    output_names: ['f'],
    outputs: [],
    created_at: '2025-01-01',
    started_at: null,
    completed_at: null,
    team_id: 't',
  }
  assert.equal((await getRun(from({ status: 'success', data: openapi }), 'r')).data, { ...openapi, _id: 'r' })
})

test('getRun: ids by any name, and fields that are missing or of another kind', async () => {
  const data = async (given: unknown) =>
    (await getRun(from({ status: 'success', data: given }), 'asked')).data
  assert.is((await data({ run_id: 'a' }))._id, 'a')
  assert.is((await data({ id: 7 }))._id, '7')
  assert.is((await data({ _id: null }))._id, 'asked')
  assert.equal(await data({}), { _id: 'asked', status: '', inputs: [], outputs: [] })
  assert.equal(await data({ status: null, inputs: null, outputs: null }), {
    _id: 'asked',
    status: '',
    inputs: [],
    outputs: [],
  })
  assert.equal((await data({ outputs: ['f.png', { filename: 'g.png', s3_key: 'k' }, null] })).outputs, [
    { filename: 'f.png' },
    { filename: 'g.png', s3_key: 'k' },
    {},
  ])
  assert.equal((await data({ inputs: [{ path: 'x' }, null] })).inputs, [{ path: 'x' }, {}])
  const texts = {
    workflow_id: 7,
    group_id: {},
    created_at: 1_750_000_000,
    started_at: null,
    completed_at: [],
  }
  assert.equal(await data(texts), {
    _id: 'asked',
    status: '',
    inputs: [],
    outputs: [],
    workflow_id: '7',
    group_id: '',
    created_at: '1750000000',
    started_at: null,
    completed_at: '',
  })
  // A failed run is a result, not an error.
  assert.is((await data({ status: 'failed' })).status, 'failed')
})

const reasons: [error: unknown, text: string | null][] = [
  ['CUDA out of memory', 'CUDA out of memory'],
  ['', ''],
  [null, null],
  [{ message: 'boom', node: 3 }, 'boom'],
  [['a', { msg: 'b' }], 'a; b'],
  [{ exception_message: 'boom' }, '{"exception_message":"boom"}'],
  [{}, ''],
  [[], ''],
  [false, ''],
]
for (const [error, text] of reasons) {
  test(`getRun: why it failed is a text, whether it is told as ${JSON.stringify(error)}`, async () => {
    const { data } = await getRun(from({ status: 'success', data: { status: 'failed', error } }), 'r')
    assert.is(data.error, text)
  })
}

test('getRun: a reason that is nested too deep for JSON is none', async () => {
  const deep = `${'['.repeat(8000)}${']'.repeat(8000)}`
  const answer = () =>
    new Response(`{"status":"success","data":{"status":"failed","error":{"deep":${deep}}}}`)
  assert.is((await getRun(clientWith(fakeFetch(answer)), 'r')).data.error, '')
})

const progresses: [fields: object, progress: number | undefined][] = [
  [{ progress: 0 }, 0],
  [{ progress: 0.42 }, 0.42],
  [{ progress: 42 }, 0.42],
  [{ progress: 100 }, 1],
  [{ progress: 250 }, undefined],
  [{ progress: '0.42' }, 0.42],
  [{ progress: '42%' }, 0.42],
  [{ progress: { value: 5, max: 20 } }, 0.25],
  [{ progress: { value: 0, max: 20 } }, 0],
  [{ progress: { value: 20, max: 20 }, status: 'running' }, 1],
  [{ progress: { value: 25, max: 20 } }, undefined],
  [{ value: 5, max: 20 }, 0.25],
  [{ progress: null, value: 5, max: 20 }, 0.25],
  // One per cent, or all of it: only a run that is done tells.
  [{ progress: 1, status: 'completed' }, 1],
  [{ progress: { progress: 1 } }, 1],
  [{ progress: 1, status: 'running' }, undefined],
  [{ progress: '1%', status: 'running' }, undefined],
  [{ progress: { value: 1, max: 1 }, status: 'running' }, 1],
  [{}, undefined],
  [{ progress: null }, undefined],
  [{ progress: -1 }, undefined],
  [{ progress: 'soon' }, undefined],
  [{ progress: true }, undefined],
  [{ progress: {} }, undefined],
  [{ progress: [] }, undefined],
  [{ progress: { value: 5 } }, undefined],
  [{ progress: { value: 5, max: 0 } }, undefined],
  [{ progress: { value: 0, max: 0 } }, undefined],
  [{ value: 5 }, undefined],
  [{ max: 20 }, undefined],
]
for (const [fields, progress] of progresses) {
  test(`getRun: the progress of ${JSON.stringify(fields)} is ${progress}`, async () => {
    const { data } = await getRun(from({ status: 'success', data: fields }), 'r')
    assert.is(data.progress, progress)
    assert.is('progress' in data, progress !== undefined)
    const { data: list } = await getRuns(from({ status: 'success', data: [fields] }))
    assert.is(list.runs[0]?.progress, progress)
  })
}

const positions: [fields: object, position: number | undefined][] = [
  [{ position: 0 }, 0],
  [{ position: 3 }, 3],
  [{}, undefined],
  [{ position: null }, undefined],
  [{ position: 'next' }, undefined],
]
for (const [fields, position] of positions) {
  test(`getRun: the place in the queue of ${JSON.stringify(fields)} is ${position}`, async () => {
    const { data } = await getRun(from({ status: 'success', data: fields }), 'r')
    assert.is(data.position, position)
    assert.is('position' in data, position !== undefined)
  })
}

for (const data of [undefined, null, [], 'text', 5]) {
  test(`getRun: data ${JSON.stringify(data)} is a ResponseError`, async () => {
    await rejects(getRun(from({ status: 'success', data }), 'r'), ResponseError)
  })
}

test('getRuns: every dialect', async () => {
  const run = { _id: 'r', status: 'completed', inputs: [], outputs: [] }
  const bare = { workflow_id: 'w', status: 'queued' }
  const list = async (body: object, options?: GetRunsOptions) => {
    const { data, meta } = await getRuns(from({ status: 'success', ...body }), options)
    return { ...data, meta }
  }
  const full = { ...bare, _id: '', inputs: [], outputs: [] }
  assert.equal(await list({ data: { group_id: 'g', count: 2, runs: [run, bare], extra: 1 } }), {
    group_id: 'g',
    count: 2,
    runs: [run, full],
    extra: 1,
    meta: undefined,
  })
  const meta = { group_id: 'g2', total_count: 31, page: 2 }
  assert.equal(await list({ data: { runs: [run] }, meta }), { group_id: 'g2', count: 31, runs: [run], meta })
  assert.equal(await list({ data: { runs: [run] }, meta: null }, { groupId: 'g3' }), {
    group_id: 'g3',
    count: 1,
    runs: [run],
    meta: null,
  })
  assert.equal(await list({ data: [run, null] }), {
    group_id: null,
    count: 2,
    runs: [run, { _id: '', status: '', inputs: [], outputs: [] }],
    meta: undefined,
  })
  assert.equal(await list({ data: { runs: [], count: 'many' } }), {
    group_id: null,
    count: 0,
    runs: [],
    meta: undefined,
  })
  for (const data of [{}, null, 'x', { runs: {} }, { runs: null }]) {
    await rejects(list({ data }), ResponseError)
  }
})

test('getRuns: the query', async () => {
  const options = {
    groupId: 'g h',
    sortBy: 'completed_at',
    sortOrder: 'asc',
    page: 3,
    pageSize: 100,
  } as const
  assert.is(
    await asked((client) => getRuns(client, options), []),
    'GET /api/v1/runs?group_id=g%20h&sort_by=completed_at&sort_order=asc&page=3&page_size=100',
  )
  assert.is(
    await asked((client) => getRuns(client, { groupId: undefined, page: 1 }), []),
    'GET /api/v1/runs?page=1',
  )
})

test('getRuns: wrong options are errors that name them', async () => {
  const fetch = fakeFetch(ok([]))
  const wrong: Record<string, unknown[]> = {
    groupId: ['', null, '\ud800', Symbol('x')],
    sortBy: ['status', Symbol('x')],
    sortOrder: ['up'],
    page: [0, '1', 1.5],
    pageSize: [101, 0],
    group_id: ['g'],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) await rejects(getRuns(clientWith(fetch), { [name]: value }), ArgumentError)
  }
  assert.is(fetch.calls.length, 0)
})

const output = (body: unknown, status?: number) => getOutput(from(body, status), 'f.png')
const link = 'https://runs.s3.test/f?sig=1'

test('getOutput: ready', async () => {
  const ready = { download_url: link, generation_status: 'success' }
  const body = { status: 'success', data: { ...ready, size: 5 }, meta: null }
  assert.equal(await output(body), body)
  const data = async (given: unknown) => (await output({ status: 'success', data: given }))?.data
  assert.equal(await data({ download_url: link }), ready)
  assert.equal(await data({ download_url: link, generation_status: null }), ready)
  assert.equal(await data({ download_url: link, generation_status: 'ready' }), {
    ...ready,
    generation_status: 'ready',
  })
  assert.equal(await data({ generation_status: 'completed' }), {
    download_url: null,
    generation_status: 'completed',
  })
  assert.equal(await data({ download_url: '', generation_status: 'success' }), {
    ...ready,
    download_url: null,
  })
})

const waiting: [unknown, number?][] = [
  [undefined, 204],
  [{ status: 'in_progress' }],
  [{ status: 'in_progress', data: { download_url: link } }],
  [{ status: 'pending', data: null }],
  [{ status: 'success' }],
  [{ status: 'success', data: null }],
  [{ status: 'success', data: {} }],
  [{ status: 'success', data: 'soon' }],
  [{ status: 'success', data: { download_url: null } }],
  [{ status: 'success', data: { generation_status: 'running' } }],
  [{ status: 'success', data: { download_url: link, generation_status: 'in_progress' } }],
  [{ status: 'success', data: { generation_status: 'a new word' } }],
]
for (const [body, status] of waiting) {
  test(`getOutput: not ready yet: ${status ?? JSON.stringify(body)}`, async () => {
    assert.is(await output(body, status), null)
  })
}

const failures: [body: object, status: string, errors: string[]][] = [
  [{ status: 'success', data: { generation_status: 'failed' } }, 'failed', []],
  [
    { status: 'success', data: { download_url: link, generation_status: 'error' }, errors: 'oom' },
    'error',
    ['oom'],
  ],
  [
    { status: 'success', data: { generation_status: 'cancelled' }, errors: ['a', 'b'] },
    'cancelled',
    ['a', 'b'],
  ],
  [{ status: 'failed', data: null, errors: ['oom'] }, 'failed', ['oom']],
  [{ status: 'error', errors: 'oom' }, 'error', ['oom']],
  [{ status: 'error', data: { generation_status: 'failed' } }, 'failed', []],
  [{ status: 'error', data: { generation_status: 'running' } }, 'error', []],
  [{ status: 'cancelled', data: null }, 'cancelled', []],
  [{ status: 'canceled', data: null }, 'canceled', []],
  [{ status: 'success', data: { generation_status: 'timed_out' } }, 'timed_out', []],
]
for (const [body, status, errors] of failures) {
  test(`getOutput: failed: ${JSON.stringify(body)}`, async () => {
    const error = await rejects(output(body), RunError, { status, errors })
    assert.instance(error.cause, ResponseError)
  })
}

for (const body of [
  null,
  {},
  [],
  5,
  true,
  { data: { download_url: link } },
  { status: 7 },
  { generation_status: 'failed' },
]) {
  test(`getOutput: ${JSON.stringify(body)} is no envelope, and a ResponseError`, async () => {
    await rejects(output(body), ResponseError)
  })
}

test('getOutput: unreadable text, 404 and 408 are what they are', async () => {
  await rejects(getOutput(clientWith(fakeFetch(() => new Response('<html>'))), 'f'), ResponseError)
  for (const status of [404, 408]) {
    await rejects(output({ errors: 'no' }, status), HttpError, { status })
  }
})

test('getOutput: a ResponseError of the caller’s own passes through', async () => {
  for (const response of [new Response(), undefined]) {
    const own = new ResponseError('mine', { body: { status: 'failed' }, response: response!, errors: [] })
    const headers = () => {
      throw own
    }
    assert.is(await getOutput(from({}), 'f', { headers }).catch((error) => error), own)
    assert.is(await getOutput(from({}), 'f', { signal: AbortSignal.abort(own) }).catch((error) => error), own)
  }
})

test('what a run and a queue hold is of the type that is promised, or left out', async () => {
  const data = {
    output_names: null,
    inputs: [{ path: 7, value: 1 }],
    outputs: [{ filename: null, url: 5, size: 1 }, 'a'],
  }
  const run = (await getRun(clientWith(fakeFetch(ok(data)), { maxRetries: 0 }), 'r1')).data
  assert.equal(run.output_names, [])
  assert.equal(run.inputs, [{ value: 1 }])
  assert.equal(run.outputs, [{ size: 1 }, { filename: 'a' }])
  const queue = { queue_running: [[], 5, [1, 'r1']], queue_pending: [null, 'ab'] }
  const [first] = (await getQueue(clientWith(fakeFetch(ok([{ container: 'c', queue }])), { maxRetries: 0 })))
    .data
  assert.equal(first?.queue, { queue_running: [[1, 'r1']], queue_pending: [] })
})
