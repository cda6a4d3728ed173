import { ArgumentError, type Client, RunError } from '@flowscale/client'
import { waitForResult, waitForRun } from '@flowscale/client/poller'
import { assert, rejects } from '#test'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, ok } from '../../../support/fakes.ts'
import { everySecond, pod, RUN, run, waitSuite } from './kit.ts'

const test = waitSuite('waitForRun')

for (const word of ['completed', 'success']) {
  test(`gives the run once it is ${word}, its own fields and word kept`, async ({ drive }) => {
    const { client } = pod({
      run: [ok({ status: 'queued' }), ok({ status: word, group_id: 'g', outputs: ['a.png'] })],
    })
    const { value, ms } = await drive(waitForRun(client, RUN, everySecond))
    assert.equal(value, {
      _id: RUN,
      status: word,
      group_id: 'g',
      inputs: [],
      outputs: [{ filename: 'a.png' }],
    })
    assert.is(ms, 1000)
  })
}

for (const word of ['failed', 'error', 'cancelled', 'canceled', 'timed_out']) {
  test(`rejects with what the server said once it is ${word}`, async ({ drive }) => {
    const states: string[] = []
    const { client } = pod({
      run: [run('running'), run(word, { errors: ['no VRAM', { message: 'node 3' }] })],
    })
    const { error, ms } = await drive(
      waitForRun(client, RUN, { ...everySecond, onUpdate: ({ status }) => states.push(status) }),
    )
    assert.instance(error, RunError)
    assert.is(error.status, word)
    assert.is(error.runId, RUN)
    assert.equal(error.errors, ['no VRAM', 'node 3'])
    assert.is(error.message, `Run ${RUN} ${/^canc/.test(word) ? 'was ' : ''}${word}: no VRAM; node 3`)
    assert.is(error.run.status, word)
    assert.equal(states, ['running', word])
    assert.is(ms, 1000)
  })
}

test('wrong arguments send nothing', async () => {
  const { client, calls } = pod({})
  const wrong: [unknown, unknown, unknown?][] = [
    [client, ''],
    [client, '..'],
    [client, 7],
    [client, RUN, { onSubmitted: () => {} }],
    [client, RUN, { outputNames: [] }],
    [client, RUN, 'fast'],
    [client, RUN, null],
    [{ ...client }, RUN],
    [undefined, RUN],
  ]
  for (const [first, id, options] of wrong) {
    await rejects(waitForRun(first as Client, id as string, options as object), ArgumentError)
  }
  // It was an option once.
  await rejects(waitForResult(client, RUN, { outputNames: ['a'] } as object), Error)
  assert.equal(calls, [])
})

test('a failed run that is nested too deep for JSON is still a RunError', async () => {
  const text = `{"status":"success","data":{"status":"failed","error":"boom","deep":${'['.repeat(8000)}1${']'.repeat(8000)}}}`
  await rejects(waitForRun(clientWith(fakeFetch(new Response(text)), { maxRetries: 0 }), RUN), RunError, {
    runId: RUN,
    status: 'failed',
  })
})

test('an empty list of errors does not hide why a run failed, and what a server calls it is no matter', async () => {
  for (const error of ['CUDA out of memory', { message: 'CUDA out of memory' }, ['CUDA out of memory']]) {
    const fetch = fakeFetch(ok({ _id: RUN, status: 'failed', errors: [], error }))
    const { errors, message } = await waitForRun(clientWith(fetch, { maxRetries: 0 }), RUN).catch(
      (error) => error,
    )
    assert.equal(errors, ['CUDA out of memory'])
    assert.is(message, `Run ${RUN} failed: CUDA out of memory`)
  }
  const fetch = fakeFetch(ok({ _id: RUN, status: 'failed', errors: [], error: {}, message: 'boom' }))
  await rejects(waitForRun(clientWith(fetch, { maxRetries: 0 }), RUN), Error, { errors: ['boom'] })
})
