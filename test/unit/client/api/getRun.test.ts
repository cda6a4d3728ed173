import { getRun, getRuns, ResponseError } from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { clientFrom, clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, ok } from '../../../support/fakes.ts'

const test = suite('getRun')

test('every dialect', async () => {
  const readme = {
    _id: 'r',
    status: 'completed',
    inputs: [{ path: 'text_51536', value: 'a man' }],
    outputs: [{ filename: 'f.png', url: 'http://files.test/f' }],
  }
  assert.equal((await getRun(clientFrom({ status: 'success', data: readme }), 'r')).data, readme)
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
  assert.equal((await getRun(clientFrom({ status: 'success', data: openapi }), 'r')).data, {
    ...openapi,
    _id: 'r',
  })
})

const link = '/api/v1/runs/r/preview?number=1&expires=2&signature=3'
const previews: [given: unknown, status: string, baseUrl: string, expected: string | undefined][] = [
  [link, 'running', 'https://pod.test', `https://pod.test${link}`],
  [link, 'in_progress', 'https://pod.test/base/', `https://pod.test/base${link}`],
  [link, 'completed', 'https://pod.test', undefined],
  [link, 'canceled', 'https://pod.test', undefined],
  [`https://evil.test${link}`, 'running', 'https://pod.test', undefined],
  [`//evil.test${link}`, 'running', 'https://pod.test', undefined],
  [`.evil.test${link}`, 'running', 'https://pod.test', undefined],
  [`@evil.test${link}`, 'running', 'https://pod.test', undefined],
  ['', 'running', 'https://pod.test', undefined],
  ['/', 'running', 'https://pod.test', undefined],
  [7, 'running', 'https://pod.test', undefined],
  [null, 'running', 'https://pod.test', undefined],
  [{}, 'running', 'https://pod.test', undefined],
]
for (const [preview, status, baseUrl, expected] of previews) {
  test(`a preview ${JSON.stringify(preview)} of a run that is ${status}`, async () => {
    const client = clientWith(fakeFetch(ok({ status, preview })), { baseUrl })
    const run = (await getRun(client, 'r')).data
    const left = { _id: 'r', status, inputs: [], outputs: [] }
    assert.equal(run, expected === undefined ? left : { ...left, preview: expected })
  })
}

test('a list has no previews', async () => {
  const client = clientWith(fakeFetch(ok({ runs: [{ _id: 'r', status: 'running', preview: link }] })))
  assert.not.ok('preview' in (await getRuns(client)).data.runs[0]!)
})

test('ids by any name, and fields that are missing or of another kind', async () => {
  const data = async (given: unknown) =>
    (await getRun(clientFrom({ status: 'success', data: given }), 'asked')).data
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
  test(`why it failed is a text, whether it is told as ${JSON.stringify(error)}`, async () => {
    const { data } = await getRun(clientFrom({ status: 'success', data: { status: 'failed', error } }), 'r')
    assert.is(data.error, text)
  })
}

test('a reason that is nested too deep for JSON is none', async () => {
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
  test(`the progress of ${JSON.stringify(fields)} is ${progress}`, async () => {
    const { data } = await getRun(clientFrom({ status: 'success', data: fields }), 'r')
    assert.is(data.progress, progress)
    assert.is('progress' in data, progress !== undefined)
    const { data: list } = await getRuns(clientFrom({ status: 'success', data: [fields] }))
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
  test(`the place in the queue of ${JSON.stringify(fields)} is ${position}`, async () => {
    const { data } = await getRun(clientFrom({ status: 'success', data: fields }), 'r')
    assert.is(data.position, position)
    assert.is('position' in data, position !== undefined)
  })
}

for (const data of [undefined, null, [], 'text', 5]) {
  test(`data ${JSON.stringify(data)} is a ResponseError`, async () => {
    await rejects(getRun(clientFrom({ status: 'success', data }), 'r'), ResponseError)
  })
}
