import { ArgumentError, type Client, RunError } from '@flowscale/client'
import { waitForOutput } from '@flowscale/client/poller'
import { assert, rejects } from '#test'
import { json, ok } from '../../../support/fakes.ts'
import { everySecond, failure, notYet, output, pod, run, url, waitSuite } from './kit.ts'

const test = waitSuite('waitForOutput')

test('gives what getOutput gives once it is there; 204, 404, in_progress: not yet', async ({ drive }) => {
  const { client, calls } = pod({
    output: [
      notYet(),
      failure(404),
      json({ status: 'in_progress', data: null }),
      ok({ generation_status: 'running' }),
      ok({ download_url: url('a'), generation_status: 'success', size: 3 }, { meta: { took: 1 } }),
    ],
  })
  const { value, ms } = await drive(waitForOutput(client, 'a b.png', { pollIntervalMs: 250 }))
  assert.equal(value, {
    status: 'success',
    data: { download_url: url('a'), generation_status: 'success', size: 3 },
    meta: { took: 1 },
  })
  assert.is(ms, 1000)
  assert.equal(calls.at(-1), 'output a b.png@1000')
})

test('never asks for a run', async ({ drive }) => {
  const { client, calls } = pod({ run: run('failed'), output: [failure(404), output('a')] })
  await drive(waitForOutput(client, 'a'))
  assert.ok(calls.every((call) => call.startsWith('output')))
})

test('a 408 is a run that timed out on the server', async ({ drive }) => {
  const { error, ms } = await drive(
    waitForOutput(pod({ output: [notYet(), failure(408)] }).client, 'a', everySecond),
  )
  assert.instance(error, RunError)
  assert.is(error.status, 'timed_out')
  assert.is(error.message, 'The run of output a timed out on the server')
  assert.equal(error.errors, ['told 408'])
  assert.is(error.cause.status, 408)
  assert.not('runId' in error)
  assert.is(ms, 1000)
})

test('an output that failed is the end', async ({ drive }) => {
  for (const reply of [
    ok({ generation_status: 'failed' }),
    ok({ generation_status: 'cancelled' }),
    json({ status: 'error', errors: 'no' }),
    json({ status: 'failed', data: null }),
  ]) {
    const { client } = pod({ output: [notYet(), reply] })
    const { error, ms } = await drive(waitForOutput(client, 'a', everySecond))
    assert.instance(error, RunError)
    assert.is(ms, 1000)
  }
})

test('wrong arguments send nothing', async () => {
  const { client, calls } = pod({})
  const wrong: [unknown, unknown, unknown?][] = [
    [client, ''],
    [client, '.'],
    [client, undefined],
    [client, 'a', { onUpdate: () => {} }],
    [client, 'a', { pollIntervalMs: -1 }],
    [client, 'a', null],
    [{ ...client }, 'a'],
    [null, 'a'],
  ]
  for (const [first, name, options] of wrong) {
    await rejects(waitForOutput(first as Client, name as string, options as object), ArgumentError)
  }
  assert.equal(calls, [])
})
