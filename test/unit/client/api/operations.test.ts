// What all operations share, and how the answers of the short ones are read.
import {
  ArgumentError,
  type Client,
  cancelRun,
  checkHealth,
  getOutput,
  getQueue,
  getRun,
  getRuns,
  getWorkflows,
  HttpError,
} from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { clientFrom, clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, ok } from '../../../support/fakes.ts'
import { type OperationName, operations } from '../../../support/operations.ts'

const test = suite('operations')

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
  for (const [name, endpoint] of Object.entries({
    checkHealth: 'GET /api/v1/comfy/health',
    getQueue: 'GET /api/v1/comfy/queue',
    getWorkflows: 'GET /api/v1/comfy/workflows',
    executeWorkflow: 'POST /api/v1/runs?workflow_id=w',
    getOutput: 'GET /api/v1/runs/output?filename=f.png',
    cancelRun: 'POST /api/v1/runs/run-1/cancel',
    getRun: 'GET /api/v1/runs/run-1',
    getRuns: 'GET /api/v1/runs',
  } satisfies Record<OperationName, string>)) {
    const answer = /health|queue|workflows$/.test(endpoint) ? [] : { run_id: 'r', runs: [] }
    assert.is(await asked(operations[name as OperationName], answer), endpoint)
  }
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
    [checkHealth(clientFrom({ status: 'ok', data: [], ...more })), []],
    [getQueue(clientFrom({ status: 'ok', data: [], ...more })), []],
    [getWorkflows(clientFrom({ status: 'ok', data: [], ...more })), []],
    [cancelRun(clientFrom({ status: 'ok', data: 'done', ...more }), 'r'), 'done'],
  ]
  for (const [pending, data] of runs) assert.equal(await pending, { status: 'ok', data, ...more })
})

test('checkHealth: every dialect, and items that lack something', async () => {
  const { data } = await checkHealth(
    clientFrom({
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
    clientFrom({
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
    const workflows: unknown[] = (await getWorkflows(clientFrom({ status: 'success', data: list }))).data
    assert.equal(workflows, data)
  }
  await rejects(getWorkflows(clientFrom({ detail: 'Not Found' }, 404)), HttpError)
})

test('cancelRun: any envelope will do', async () => {
  for (const data of ['Run cancelled successfully', { run_id: 'r' }, [], 0, false, '']) {
    assert.equal((await cancelRun(clientFrom({ status: 'success', data }), 'r')).data, data)
  }
  for (const data of [null, undefined]) {
    assert.is((await cancelRun(clientFrom({ status: 'success', data }), 'r')).data, '')
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
