import { getOutput, ResponseError, RunError } from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { clientFrom } from '../../../support/clientWith.ts'

const test = suite('getOutput')
const output = (body: unknown, status?: number) => getOutput(clientFrom(body, status), 'f.png')
const link = 'https://runs.s3.test/f?sig=1'

test('ready', async () => {
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
  test(`not ready yet: ${status ?? JSON.stringify(body)}`, async () => {
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
  test(`failed: ${JSON.stringify(body)}`, async () => {
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
  test(`${JSON.stringify(body)} is no envelope, and a ResponseError`, async () => {
    await rejects(output(body), ResponseError)
  })
}

test('a ResponseError of the caller’s own passes through', async () => {
  for (const response of [new Response(), undefined]) {
    const own = new ResponseError('mine', { body: { status: 'failed' }, response: response!, errors: [] })
    const headers = () => {
      throw own
    }
    assert.is(await getOutput(clientFrom({}), 'f', { headers }).catch((error) => error), own)
    assert.is(
      await getOutput(clientFrom({}), 'f', { signal: AbortSignal.abort(own) }).catch((error) => error),
      own,
    )
  }
})
