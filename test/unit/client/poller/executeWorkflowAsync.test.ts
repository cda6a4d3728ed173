import { ArgumentError, type Client, NetworkError } from '@flowscale/client'
import { type ExecuteAsyncOptions, executeWorkflowAsync } from '@flowscale/client/poller'
import { assert, rejects } from '#test'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, ok } from '../../../support/fakes.ts'
import {
  assertNoListeners,
  deaf,
  everySecond,
  failure,
  hang,
  notYet,
  output,
  pod,
  RUN,
  run,
  submitted,
  url,
  waitSuite,
} from './kit.ts'

const test = waitSuite('executeWorkflowAsync')
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const execute = (client: Client, options?: ExecuteAsyncOptions) =>
  executeWorkflowAsync(client, 'w', {}, options)
const done = run('completed', { outputs: [{ filename: 'a.png', url: url('a.png') }] })

test('passes group, arrays and headers on, and the headers to each request', async ({ drive }) => {
  let sent: FormData | undefined
  let query = ''
  const headers: Headers[] = []
  const { client } = pod(
    {},
    {
      fetch: async (href, init) => {
        headers.push(new Headers(init.headers))
        if (init.method !== 'POST') return done.clone()
        query = new URL(href).search
        sent = init.body as FormData
        return submitted()
      },
    },
  )
  let token = 0
  const authorize = () => ({ authorization: `Bearer token-${++token}` })
  const options = { groupId: 'g', arrays: 'indexed', headers: authorize } as const
  await drive(executeWorkflowAsync(client, 'w', { list: ['x', 'y'] }, options))
  assert.is(query, '?workflow_id=w&group_id=g')
  assert.equal(
    [...sent!].map(([name]) => name),
    ['list_0', 'list_1'],
  )
  assert.equal(
    headers.map((each) => each.get('authorization')),
    ['Bearer token-1', 'Bearer token-2'],
  )
})

test('the limit counts from the submission and does not cut it', async ({ drive }) => {
  const slow = async () => {
    await pause(20_000)
    return submitted()
  }
  const { client, calls } = pod({ execute: slow, run: run('running') })
  const options = { ...everySecond, timeoutMs: 1500 }
  const { error, ms } = await drive(execute(client, options))
  assert.is(error.message, 'Workflow execution timed out after 1500ms')
  assert.is(ms, 21_500)
  assert.equal(calls, ['execute@0', 'run@20000', 'run@21000'])
})

test('a POST that was turned away by a 429 is sent again; one refused is not', async ({ drive }) => {
  const { client, calls } = pod({
    execute: [failure(429, { 'retry-after': '2' }), submitted()],
    run: done,
  })
  const { value } = await drive(execute(client))
  assert.is(value.runId, RUN)
  assert.is(calls.filter((call) => call.startsWith('execute')).length, 2)
  const refused = pod({ execute: failure(422) })
  const { error } = await drive(execute(refused.client))
  assert.is(error.code, 'ERR_FLOWSCALE_VALIDATION')
  assert.is(error.maybeSubmitted, undefined)
  assert.equal(refused.calls, ['execute@0'])
})

test('once submitted, nothing is submitted again, whatever comes', async ({ drive }) => {
  for (const reply of [
    failure(401),
    failure(500),
    run('failed'),
    new TypeError('down'),
    ok('not a run'),
    deaf,
  ]) {
    const { client, calls } = pod({ execute: submitted('a'), run: reply, output: notYet() })
    const { error } = await drive(execute(client, { timeoutMs: 5000 }))
    assert.is(error.runId, RUN)
    assert.is(calls.filter((call) => call.startsWith('execute')).length, 1)
    if (error.resume) {
      await drive(error.resume({ timeoutMs: 1000 }))
      assert.is(calls.filter((call) => call.startsWith('execute')).length, 1)
    }
  }
})

test('wrong options and arguments cost no POST', async () => {
  const wrong: Record<string, unknown>[] = [
    { pollIntervalMs: 0 },
    { pollIntervalMs: '1000' },
    { timeoutMs: -1 },
    { timeoutMs: Number.NaN },
    { maxPolls: 0 },
    { maxPolls: 1.5 },
    { maxPolls: Infinity },
    { cancelOn: 'always' },
    { cancelOn: true },
    { onSubmitted: 'yes' },
    { onUpdate: {} },
    { signal: {} },
    { headers: 7 },
    { groupId: '' },
    { arrays: 'numbered' },
    { outputNames: ['a'] },
    { interval: 5 },
  ]
  const { client, calls } = pod({ execute: submitted(), run: done })
  for (const options of wrong) {
    await rejects(execute(client, options), ArgumentError)
  }
  await rejects(execute(client, null as never), Error)
  const unknown = await rejects(execute(client, { interval: 1 } as never), Error)
  for (const name of ['pollIntervalMs', 'timeoutMs', 'maxPolls', 'onSubmitted', 'onUpdate', 'cancelOn']) {
    assert.match(unknown.message, name)
  }
  await rejects(executeWorkflowAsync(client, '', {}), ArgumentError)
  await rejects(executeWorkflowAsync(client, 'w', { a: null as never }), ArgumentError)
  await rejects(executeWorkflowAsync({ ...client } as Client, 'w', {}), ArgumentError)
  assert.equal(calls, [])
})

test('undefined options are those that are left out', async ({ drive }) => {
  const { client } = pod({ execute: submitted(), run: run('running') })
  const names = `groupId arrays headers pollIntervalMs timeoutMs signal onSubmitted onUpdate cancelOn maxPolls`
  const options = Object.fromEntries(names.split(' ').map((name) => [name, undefined]))
  const { error } = await drive(execute(client, options))
  assert.match(error.message, 'timed out after 300000ms')
})

test('onSubmitted is called with legal names before the first poll, and awaited', async ({ drive }) => {
  const events: string[] = []
  const { client, calls } = pod({
    execute: ok({ run_id: RUN, output_names: ['a', null, '', '..'] }),
    run: run('completed'),
    output: output('a'),
  })
  let names: string[] = []
  const { value, ms } = await drive(
    execute(client, {
      onSubmitted: async ({ runId, outputNames }) => {
        names = [...outputNames]
        // What the caller does to its list is the caller's.
        outputNames.length = 0
        events.push(`${runId} ${calls}`)
        await pause(700)
      },
    }),
  )
  assert.equal(events, [`${RUN} execute@0`])
  assert.is(ms, 700)
  assert.is(value.outputs.length, 1)
  assert.equal(names, ['a'])
})

test('an abort during the submission gives its reason and polls nothing', async ({ drive }) => {
  const controller = new AbortController()
  const { client, calls } = pod({
    execute: () => {
      queueMicrotask(() => controller.abort('stop'))
      return hang('' as never, { signal: controller.signal })
    },
  })
  const { error } = await drive(execute(client, { signal: controller.signal, cancelOn: 'timeout' }))
  assert.is(error, 'stop')
  assert.equal(calls, ['execute@0'])
})

for (const cancelOn of ['abort', 'both'] as const) {
  test(`an abort during the submission (cancelOn '${cancelOn}') cancels its run`, async ({ drive }) => {
    const controller = new AbortController()
    const events: string[] = []
    const { client, calls } = pod({
      execute: async () => {
        controller.abort('stop')
        await pause(4000)
        return submitted('a')
      },
      cancel: ok('cancelled'),
    })
    const { error, ms } = await drive(
      execute(client, {
        signal: controller.signal,
        cancelOn,
        onSubmitted: ({ runId }) => events.push(runId),
      }),
    )
    assert.is(error, 'stop')
    assert.equal([events, calls, ms], [[RUN], ['execute@0', 'cancel@4000'], 4000])
    assertNoListeners(controller.signal)
  })

  test(`… and one that does not end gives the reason after 5 s at most (${cancelOn})`, async ({ drive }) => {
    for (const [reply, expected] of [
      [hang, 5000],
      [() => deaf(), 5000],
      [async () => failure(503), 0],
    ] as const) {
      const controller = new AbortController()
      const { client, calls } = pod({
        execute: (init) => {
          queueMicrotask(() => controller.abort('stop'))
          return reply('' as never, init)
        },
      })
      const { error, ms } = await drive(execute(client, { signal: controller.signal, cancelOn }))
      assert.is(error, 'stop')
      assert.equal([calls, ms], [['execute@0'], expected])
      assertNoListeners(controller.signal)
    }
  })
}

test('an aborted signal sends nothing', async () => {
  const { client, calls } = pod({})
  const reason = new Error('mine')
  const error = await execute(client, { signal: AbortSignal.abort(reason), cancelOn: 'both' }).catch(
    (error) => error,
  )
  assert.is(error, reason)
  assert.equal(calls, [])
})

test('headers that are illegal, but not at first: the error carries the run', async ({ drive }) => {
  let calls = 0
  const headers = () => (calls++ ? { 'bad name': 'x' } : {})
  const { client } = pod({ execute: submitted(), run: done })
  const { error } = await drive(execute(client, { headers }))
  assert.instance(error, ArgumentError)
  assert.is(error.runId, RUN)
})

test('a POST that never answers ends with the time limit of the client', async ({ drive }) => {
  const { client, calls } = pod({ execute: hang.bind(null, null as never) }, { timeoutMs: 3000 })
  const { error, ms } = await drive(execute(client, { timeoutMs: 100 }))
  assert.is(error.maybeSubmitted, true)
  assert.not.instance(error, NetworkError)
  assert.is(ms, 3000)
  assert.equal(calls, ['execute@0'])
})

test('a completed run whose output has no proper filename', async () => {
  for (const filename of [null, 7, {}]) {
    const fetch = fakeFetch(
      ok({ run_id: RUN, output_names: ['a'] }),
      ok({ _id: RUN, status: 'completed', outputs: [{ filename, url: 'http://files.test/a' }] }),
      ok({ download_url: 'http://files.test/a', generation_status: 'success' }),
    )
    const { outputs, runId } = await executeWorkflowAsync(clientWith(fetch, { maxRetries: 0 }), 'w', {})
    assert.is(runId, RUN)
    assert.ok(outputs.every(({ filename, download_url }) => typeof filename === 'string' && download_url))
  }
})
