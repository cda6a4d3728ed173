import { ArgumentError, type Client, type Fetch, RunError, TimeoutError } from '@flowscale/client'
import { executeWorkflowAsync, waitForOutput, waitForResult, waitForRun } from '@flowscale/client/poller'
import { assert } from '#test'
import { clientWith } from '../../../support/clientWith.ts'
import { ok } from '../../../support/fakes.ts'
import {
  deaf,
  everySecond,
  failure,
  hang,
  notYet,
  output,
  pod,
  type Reply,
  RUN,
  run,
  submitted,
  url,
  waitSuite,
} from './kit.ts'
import { waits } from './waits.ts'

const test = waitSuite('time and rounds of a wait')
const done = run('completed', { outputs: [{ filename: 'a', url: url('a') }] })
const hung: Reply = (init) => hang('' as never, init)
/** Answers after `ms`. */
const after =
  (ms: number, reply: Response): Reply =>
  async () => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return reply.clone()
  }

const all: Record<string, (client: Client, options?: object) => Promise<unknown>> = {
  ...waits,
  waitForOutput: (client, options) => waitForOutput(client, 'a', { ...everySecond, ...options }),
  executeWorkflowAsync: (client, options) =>
    executeWorkflowAsync(client, 'w', {}, { ...everySecond, ...options }),
}
/** As if no interval was given. */
const byDefault = { pollIntervalMs: undefined }
const going = { execute: submitted('a'), run: run('running'), output: notYet() }
/** When it polled, in ms from the start. */
const polls = (calls: readonly string[]) =>
  calls.filter((call) => !call.startsWith('execute')).map((call) => Number(call.split('@')[1]))
const text = (wait: string) =>
  wait === 'waitForOutput' ? 'Waiting for output a timed out' : 'Workflow execution timed out'

const failures: Record<string, Reply> = {
  'a network failure': new TypeError('fetch failed'),
  'a 503': failure(503),
  'a 425': failure(425),
  'a 429': failure(429),
  'a page': new Response('<html>'),
}

for (const [wait, begin] of Object.entries(all)) {
  test(`${wait} ends after 300000 ms by itself`, async ({ drive }) => {
    const { client } = pod(going)
    const { error, ms } = await drive(begin(client, { pollIntervalMs: 50_000 }))
    assert.instance(error, TimeoutError)
    assert.is(error.code, 'ERR_FLOWSCALE_TIMEOUT')
    assert.is(error.message, `${text(wait)} after 300000ms`)
    assert.is(error.reason, 'deadline')
    assert.is(error.timeoutMs, 300_000)
    assert.is(error.runId, wait === 'waitForOutput' ? undefined : RUN)
    assert.type(error.resume, 'function')
    assert.is(ms, 300_000)
  })

  test(`${wait} ends at its deadline to the millisecond, in a pause or a request`, async ({ drive }) => {
    const pause = await drive(begin(pod(going).client, { timeoutMs: 1777 }))
    assert.is(pause.error.message, `${text(wait)} after 1777ms`)
    assert.is(pause.ms, 1777)
    for (const reply of [hung, deaf]) {
      const stuck = pod({ execute: submitted('a'), run: reply, output: reply })
      const { error, ms } = await drive(begin(stuck.client, { timeoutMs: 1777 }))
      assert.is(error.reason, 'deadline')
      assert.is(ms, 1777)
    }
  })

  test(`${wait} counts the interval from the end of a poll`, async ({ drive }) => {
    const slow = { execute: submitted('a'), run: after(700, run('running')), output: after(700, notYet()) }
    const { client, calls } = pod(slow)
    await drive(begin(client, { pollIntervalMs: 2000, timeoutMs: 7000 }))
    assert.equal(polls(calls), [0, 2700, 5400])
  })

  test(`${wait} polls after 20 ms by itself, then half as much again, up to 1 s`, async ({ drive }) => {
    const { client, calls } = pod(going)
    await drive(begin(client, { ...byDefault, timeoutMs: 60_000 }))
    const first = [0, 20, 50, 95, 162, 263, 414, 641, 982, 1494, 2262, 3262, 4262]
    assert.equal(polls(calls).slice(0, first.length), first)
    // With a first pause of 100 ms there would be 64.
    assert.is(calls.filter((call) => !call.startsWith('execute')).length, 68, 'in a minute')
  })

  test(`${wait} with maxPolls does not spend them in the first moments`, async ({ drive }) => {
    const { client, calls } = pod(going)
    await drive(begin(client, { ...byDefault, maxPolls: 9 }))
    assert.equal(polls(calls), [0, 100, 250, 475, 812, 1318, 2077, 3077, 4077])
  })

  for (const [name, reply] of Object.entries(failures)) {
    test(`${wait} polls a second after ${name}, and goes on with its pauses`, async ({ drive }) => {
      const { client, calls } = pod({
        execute: submitted('a'),
        run: [run('running'), reply, reply, run('running')],
        output: [notYet(), reply, reply, notYet()],
      })
      await drive(begin(client, { ...byDefault, timeoutMs: 2100 }))
      assert.equal(polls(calls), [0, 20, 1020, 2020, 2050, 2095])
    })
  }

  test(`${wait} keeps an interval that it was given, after a failure too`, async ({ drive }) => {
    const { client, calls } = pod({
      execute: submitted('a'),
      run: [run('running'), failure(503), run('running')],
      output: [notYet(), failure(503), notYet()],
    })
    await drive(begin(client, { pollIntervalMs: 400, maxPolls: 5 }))
    assert.equal(polls(calls), [0, 400, 800, 1200, 1600])
  })

  test(`${wait}: resume polls at once, and goes on with the pauses where the wait was`, async ({ drive }) => {
    const { client, calls } = pod(going)
    const first = await drive(begin(client, { ...byDefault, timeoutMs: 300 }))
    const second = await drive(first.error.resume({ timeoutMs: 500 }))
    await drive(second.error.resume({ ...byDefault, timeoutMs: 2000 }))
    assert.equal(polls(calls), [0, 20, 50, 95, 162, 263, 300, 527, 800, 1312, 2080])
  })

  test(`${wait}: a pause that maxPolls prevents does not count for resume`, async ({ drive }) => {
    const { client, calls } = pod(going)
    const first = await drive(begin(client, { ...byDefault, maxPolls: 2 }))
    await drive(first.error.resume({ maxPolls: 2 }))
    assert.equal(polls(calls), [0, 100, 100, 250])
  })

  test(`${wait} ends by its first timer after a sleep past its deadline; resume works`, async ({
    clock,
    drive,
    pass,
  }) => {
    const told = failure(429, { 'retry-after': '6' })
    const sleeps: [first: Reply | undefined, pollIntervalMs: number, ms: number][] = [
      [undefined, 1000, 500],
      [undefined, 60_000, 9500],
      [told, 1000, 500],
      [told, 400, 5500],
      [hung, 1000, 9500],
    ]
    for (const [first, pollIntervalMs, ms] of sleeps) {
      const { client, calls } = pod({
        execute: submitted('a'),
        run: [first ?? run('running'), done],
        output: [first ?? notYet(), output('a')],
      })
      const slept = begin(client, { timeoutMs: 10_000, pollIntervalMs })
      await pass(500)
      // Timers stand still meanwhile.
      clock.setSystemTime(Date.now() + 3_600_000)
      const end = await drive(slept)
      assert.is(end.error.message, `${text(wait)} after 10000ms`)
      assert.is(end.ms, ms)
      assert.is(polls(calls).length, 1)
      assert.is((await drive(end.error.resume())).error, undefined)
      assert.is(polls(calls).length, 2)
    }
  })

  test(`${wait} ends after maxPolls rounds`, async ({ drive }) => {
    for (const maxPolls of [1, 3]) {
      const { client, calls } = pod(going)
      const { error, ms } = await drive(begin(client, { maxPolls }))
      assert.instance(error, TimeoutError)
      assert.is(error.reason, 'polls')
      const spent = (maxPolls - 1) * 1000
      assert.is(error.message, `${text(wait)} after maxPolls (${maxPolls})`)
      assert.is(error.timeoutMs, 300_000)
      assert.is(ms, spent)
      assert.is(polls(calls).length, maxPolls)
    }
  })

  test(`${wait} waits out a Retry-After, in seconds and as a date`, async ({ clock, drive }) => {
    for (const status of [429, 503]) {
      for (const value of ['7', new Date(Date.now() + 7000).toUTCString()]) {
        const told = failure(status, { 'retry-after': value })
        const { client, calls } = pod({
          execute: submitted('a'),
          run: [told, done],
          output: [told, output('a')],
        })
        const { error, ms } = await drive(begin(client))
        assert.is(error, undefined)
        assert.is(ms, 7000)
        assert.match(calls.at(-1)!, '@7000')
        clock.setSystemTime(1_750_000_000_000)
      }
    }
  })

  test(`${wait} keeps its interval where a Retry-After is shorter`, async ({ drive }) => {
    const told = failure(429, { 'retry-after': '1' })
    const { client } = pod({ execute: submitted('a'), run: [told, done], output: [told, output('a')] })
    assert.is((await drive(begin(client, { pollIntervalMs: 3000 }))).ms, 3000)
  })

  test(`${wait} ends at its deadline where a Retry-After is longer`, async ({ drive }) => {
    const told = failure(429, { 'retry-after': '3600' })
    const { client, calls } = pod({ execute: submitted('a'), run: told, output: told })
    const { error, ms } = await drive(begin(client, { timeoutMs: 20_000 }))
    assert.is(error.reason, 'deadline')
    assert.is(error.cause.status, 429)
    assert.is(error.cause.retryAfterMs, 3_600_000)
    assert.is(ms, 20_000)
    assert.is(polls(calls).length, 1)
  })

  test(`${wait} takes an interval and a limit of any size`, async ({ drive }) => {
    const { client } = pod({
      execute: submitted('a'),
      run: [run('running'), done],
      output: [notYet(), output('a')],
    })
    const { error } = await drive(begin(client, { timeoutMs: Infinity, pollIntervalMs: 1 }))
    assert.is(error, undefined)
    const long = await drive(begin(pod(going).client, { timeoutMs: 5000, pollIntervalMs: Infinity }))
    assert.is(long.ms, 5000)
    const late = await drive(begin(pod(going).client, { timeoutMs: 5000, pollIntervalMs: 2 ** 31 }))
    assert.is(late.ms, 5000)
  })
}

test('a Retry-After holds back the other requests of the round too', async ({ drive }) => {
  const { client, calls } = pod({
    run: run('completed', { output_names: ['a', 'b'] }),
    output: { a: [failure(429, { 'retry-after': '4' }), output('a')], b: output('b') },
  })
  const { ms } = await drive(waitForResult(client, RUN, everySecond))
  assert.equal(calls, ['run@0', 'output a@0', 'output b@4000', 'run@5000', 'output a@5000'])
  assert.is(ms, 5000)
})

test('a Retry-After on a 404 that means not yet is waited out', async ({ drive }) => {
  const { client } = pod({ output: [failure(404, { 'retry-after': '9' }), output('a')] })
  assert.is((await drive(waitForOutput(client, 'a'))).ms, 9000)
})

test('the limit of the client bounds each request, the limit of the wait the wait', async ({ drive }) => {
  const { client, calls } = pod({ run: [hung, hung, done] }, { timeoutMs: 5000 })
  const { ms } = await drive(waitForRun(client, RUN))
  assert.equal(calls, ['run@0', 'run@6000', 'run@12000'])
  assert.is(ms, 12_000)
})

test('a result that arrives at the last moment is a result', async ({ clock, drive }) => {
  const { value } = await drive(waitForRun(pod({ run: after(999, done) }).client, RUN, { timeoutMs: 1000 }))
  assert.is(value.status, 'completed')
  // The clock jumps over the deadline while the answer is read.
  const jump: Reply = () => {
    clock.setSystemTime(Date.now() + 5000)
    return done.clone()
  }
  const late = await drive(waitForRun(pod({ run: jump }).client, RUN, { timeoutMs: 1000 }))
  assert.is(late.value.status, 'completed')
  const result = await drive(waitForResult(pod({ run: jump }).client, RUN, { timeoutMs: 1000 }))
  assert.is(result.value.outputs.length, 1)
})

test('one hung output cannot outlast the deadline', async ({ drive }) => {
  const { client } = pod({
    run: run('completed', { output_names: ['a', 'b'] }),
    output: { a: output('a'), b: deaf },
  })
  const { error, ms } = await drive(waitForResult(client, RUN, { timeoutMs: 4000 }))
  assert.is(error.reason, 'deadline')
  assert.is(ms, 4000)
})

test('polls do not pile up: one request at a time', async ({ drive }) => {
  let open = 0
  let most = 0
  const slow: Reply = async () => {
    most = Math.max(most, ++open)
    await new Promise((resolve) => setTimeout(resolve, 3000))
    open--
    return run('running')
  }
  await drive(waitForRun(pod({ run: slow }).client, RUN, { ...everySecond, timeoutMs: 7500 }))
  assert.is(most, 1)
})

test('nothing is sent once the deadline is over', async ({ clock, drive }) => {
  const jump: Reply = () => {
    clock.setSystemTime(Date.now() + 5000)
    return run('completed', { output_names: ['a'] })
  }
  const { client, calls } = pod({ run: jump, output: output('a') })
  const { error } = await drive(waitForResult(client, RUN, { timeoutMs: 1000 }))
  assert.is(error.message, 'Workflow execution timed out after 1000ms')
  assert.equal(calls, ['run@0'])
})

// resume

test('resume goes on with the same options and fresh counters', async ({ drive }) => {
  const states: string[] = []
  let submissions = 0
  const { client, calls } = pod({
    execute: submitted('a'),
    run: [run('queued'), run('queued'), run('running'), run('running'), done],
  })
  const first = await drive(
    executeWorkflowAsync(
      client,
      'w',
      {},
      {
        maxPolls: 2,
        pollIntervalMs: 400,
        onUpdate: ({ status }) => states.push(status),
        onSubmitted: () => submissions++,
      },
    ),
  )
  assert.is(first.error.reason, 'polls')
  const second = await drive(first.error.resume())
  assert.is(second.error.reason, 'polls')
  const third = await drive<any>(second.error.resume({ maxPolls: 5 }))
  assert.is(third.value.runId, RUN)
  assert.equal(third.value.data, { download_url: url('a'), generation_status: 'success' })
  assert.equal(states, ['queued', 'running', 'completed'])
  assert.is(submissions, 1)
  assert.equal(calls, ['execute@0', 'run@0', 'run@400', 'run@400', 'run@800', 'run@800'])
})

test('resume takes other options over, and checks them', async ({ drive }) => {
  for (const begin of Object.values(all)) {
    const { client, calls } = pod(going)
    const { error } = await drive(begin(client, { timeoutMs: 1000, pollIntervalMs: 300 }))
    calls.length = 0
    const again = await drive(error.resume({ timeoutMs: 2500 }))
    assert.match(again.error.message, 'timed out after 2500ms')
    assert.is(again.ms, 2500)
    // One each 300 ms, as at first.
    assert.is(calls.length, 9)
    const same = await drive(again.error.resume())
    assert.is(same.ms, 2500)
    const wrong = await drive(error.resume({ timeoutMs: 'long' }))
    assert.instance(wrong.error, ArgumentError)
  }
})

test('an option that resume is given as undefined stays as it was', async ({ drive }) => {
  for (const begin of Object.values(all)) {
    const controller = new AbortController()
    const { client, headers } = pod(going)
    const options = { timeoutMs: 1000, signal: controller.signal, headers: { 'x-tenant': 'mine' } }
    const { error } = await drive(begin(client, options))
    const same = { timeoutMs: undefined, signal: undefined, headers: undefined }
    const again = await drive(error.resume(same))
    assert.match(again.error.message, 'timed out after 1000ms')
    assert.is(headers.at(-1)!.get('x-tenant'), 'mine')
    setTimeout(() => controller.abort('stop'), 500)
    assert.is((await drive(again.error.resume(same))).error, 'stop')
  }
})

test('resume of waitForRun and watchRun gives the run, of waitForOutput the envelope', async ({ drive }) => {
  for (const wait of ['waitForRun', 'watchRun']) {
    const { client } = pod({ run: [run('running'), done] })
    const { error } = await drive(all[wait]!(client, { timeoutMs: 500 }))
    const { value } = await drive<any>(error.resume())
    assert.is(value._id, RUN)
    assert.is(value.status, 'completed')
  }
  const failing = pod({ run: [run('running'), run('failed')] })
  const watched = await drive(all.watchRun!(failing.client, { timeoutMs: 500 }))
  assert.instance((await drive(watched.error.resume())).error, RunError)
  const { client } = pod({ output: [notYet(), output('a')] })
  const { error } = await drive(all.waitForOutput!(client, { timeoutMs: 500 }))
  const { value } = await drive<any>(error.resume())
  assert.equal(value, {
    status: 'success',
    data: { download_url: url('a'), generation_status: 'success' },
  })
})

test('resume knows the names that came meanwhile, and those of the submission', async ({ drive }) => {
  const { client } = pod({
    run: [run('running', { output_names: ['late'] }), run('completed')],
    output: output('late'),
  })
  const { error } = await drive(waitForResult(client, RUN, { ...everySecond, timeoutMs: 500 }))
  const { value } = await drive<any>(error.resume())
  assert.is(value.outputs[0].filename, 'late')
  const blind = pod({
    execute: submitted('a'),
    run: [run('running'), run('completed')],
    output: output('a'),
  })
  const first = await drive(all.executeWorkflowAsync!(blind.client, { timeoutMs: 500 }))
  const second = await drive<any>(first.error.resume())
  assert.is(second.value.outputs[0].filename, 'a')
})

test('nothing goes on after the end', async ({ drive, pass }) => {
  const { client, calls } = pod(going)
  await drive(waitForRun(client, RUN, { timeoutMs: 1500 }))
  const count = calls.length
  await pass(10_000)
  assert.is(calls.length, count)
})

test('a request that hangs up to the deadline does not hide the failure before it', async ({ drive }) => {
  const { client } = pod({ run: [failure(503), hung] })
  const { error } = await drive(waitForRun(client, RUN, { timeoutMs: 5000 }))
  assert.is(error.reason, 'deadline')
  assert.is(error.cause.status, 503)
})

test('a 408, and a failure beside a success in a round, are followed by a second', async ({ drive }) => {
  const timedOut = pod({ run: [run('running'), failure(408), run('running')] })
  await drive(waitForRun(timedOut.client, RUN, { maxPolls: 4 }))
  assert.equal(polls(timedOut.calls), [0, 100, 1100, 1250])
  const two = run('completed', { outputs: [{ filename: 'a' }, { filename: 'b' }] })
  const half = pod({ run: two, output: [failure(503), output('b'), output('a')] })
  const { ms } = await drive(waitForResult(half.client, RUN))
  assert.is(ms, 1000)
})

test('resume does not undo a completed state', async ({ clock }) => {
  let status = 'completed'
  const seen: string[] = []
  const fetch: Fetch = async (url) =>
    url.includes('/output')
      ? new Response(null, { status: 204 })
      : ok({ _id: RUN, status, output_names: ['a'] })
  const options = { timeoutMs: 5000, onUpdate: (run: { status: string }) => seen.push(run.status) }
  const wait = waitForResult(clientWith(fetch, { maxRetries: 0 }), RUN, options).catch((error: any) => error)
  await clock.tickAsync(6000)
  status = 'running'
  const again = (await wait).resume().catch((error: any) => error)
  await clock.tickAsync(6000)
  assert.match((await again).message, /timed out/)
  assert.equal(seen, ['completed'])
})
