import { ArgumentError, type Client, type Run } from '@flowscale/client'
import { watchRun } from '@flowscale/client/poller'
import { assert, rejects } from '#test'
import { assertNoListeners, everySecond, failure, pod, RUN, run, waitSuite } from './kit.ts'

const test = waitSuite('watchRun')

async function all(runs: AsyncIterable<Run>): Promise<string[]> {
  const states: string[] = []
  for await (const { status } of runs) states.push(status)
  return states
}

for (const last of ['completed', 'success', 'failed', 'error', 'cancelled']) {
  test(`yields each state once, ${last} too, and ends without an error`, async ({ drive }) => {
    const words = ['queued', 'queued', 'running', 'paused', 'running', 'running', last, 'running']
    const { client, calls } = pod({ run: words.map((word) => run(word)) })
    const { value, ms } = await drive(all(watchRun(client, RUN, everySecond)))
    assert.equal(value, ['queued', 'running', 'paused', 'running', last])
    assert.is(ms, 6000)
    assert.is(calls.length, 7)
  })
}

test('yields a run that has ended, and one without a status', async ({ drive }) => {
  const ended = await drive(all(watchRun(pod({ run: run('completed') }).client, RUN)))
  assert.equal(ended.value, ['completed'])
  const { client } = pod({ run: [run(''), run(''), run('failed')] })
  assert.equal((await drive(all(watchRun(client, RUN)))).value, ['', 'failed'])
})

test('a loop that is left early leaves nothing behind', async ({ drive, pass }) => {
  const controller = new AbortController()
  const { client, calls } = pod({ run: [run('queued'), run('running')] })
  const first = async () => {
    const options = { ...everySecond, signal: controller.signal, cancelOn: 'both' } as const
    for await (const { status } of watchRun(client, RUN, options)) {
      if (status === 'running') return status
    }
    return undefined
  }
  const { value } = await drive(first())
  assert.is(value, 'running')
  assertNoListeners(controller.signal)
  await pass(10_000)
  assert.equal(calls, ['run@0', 'run@1000'])
})

test('an error thrown in the loop stays what it is, and cancels nothing', async ({ drive }) => {
  const own = Object.freeze(new Error('mine'))
  const { client, calls } = pod({ run: run('queued') })
  const loop = async () => {
    for await (const _ of watchRun(client, RUN, { cancelOn: 'both' })) throw own
  }
  assert.is((await drive(loop())).error, own)
  const states = watchRun(client, RUN, { cancelOn: 'both' })
  await drive(states.next())
  assert.is((await drive(states.throw(own))).error, own)
  assert.equal((await drive(states.next())).value, { value: undefined, done: true })
  assert.equal(calls, ['run@0', 'run@0'])
})

test('does nothing until it is iterated, and rejects then', async () => {
  const { client, calls } = pod({ run: run('completed') })
  watchRun(client, RUN)
  assert.equal(calls, [])
  const wrong: [unknown, unknown, object?][] = [
    [client, ''],
    [client, '..'],
    [client, 7],
    [client, RUN, { interval: 1 }],
    [client, RUN, { onUpdate: () => {} }],
    [client, RUN, { cancelOn: 'sometimes' }],
    [{ ...client }, RUN],
    [undefined, RUN],
  ]
  for (const [first, id, options] of wrong) {
    await rejects(watchRun(first as Client, id as string, options as object).next(), ArgumentError)
  }
  assert.equal(calls, [])
})

test('a slow reader is not polled for, but its time counts', async ({ drive, pass }) => {
  const { client, calls } = pod({ run: [run('queued'), run('running'), run('completed')] })
  const states = watchRun(client, RUN, { ...everySecond, timeoutMs: 10_000 })
  await drive(states.next())
  await pass(6000)
  assert.equal(calls, ['run@0'])
  const next = await drive(states.next())
  assert.is(next.value.value?.status, 'running')
  assert.equal(calls, ['run@0', 'run@7000'])
  await pass(6000)
  const late = await drive(states.next())
  assert.match(late.error.message, 'timed out after 10000ms')
  assert.is(late.error.runId, RUN)
})

test('an abort after the deadline, both while nobody read, is an abort', async ({ drive, pass }) => {
  const controller = new AbortController()
  const { client } = pod({ run: run('queued') })
  const states = watchRun(client, RUN, { timeoutMs: 1000, signal: controller.signal })
  await drive(states.next())
  await pass(2000)
  controller.abort('stop')
  assert.is((await drive(states.next())).error, 'stop')
})

test('a 404 is the end, and leaves the iterator ended', async ({ drive }) => {
  const states = watchRun(pod({ run: failure(404) }).client, RUN)
  const { error } = await drive(states.next())
  assert.is(error.status, 404)
  assert.is(error.runId, RUN)
  assert.is((await states.next()).done, true)
})
