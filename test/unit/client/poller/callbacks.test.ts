import {
  ArgumentError,
  HttpError,
  NetworkError,
  ResponseError,
  type Run,
  RunError,
  TimeoutError,
} from '@flowscale/client'
import {
  executeWorkflowAsync,
  waitForOutput,
  waitForResult,
  waitForRun,
  watchRun,
} from '@flowscale/client/poller'
import { assert } from '#test'
import { everySecond, failure, notYet, output, pod, RUN, run, submitted, url, waitSuite } from './kit.ts'
import { waits } from './waits.ts'

const test = waitSuite("the caller's callbacks")
const done = run('completed', { outputs: [{ filename: 'a', url: url('a') }] })
const never = () => new Promise<never>(() => {})

/** Errors that a caller may throw: also such as look like ours, and what is no error. */
const errors: Record<string, () => unknown> = {
  'an error': () => new Error('mine'),
  'an HttpError 404': () => new HttpError('mine', { status: 404, errors: [] }),
  'an HttpError 408': () => new HttpError('mine', { status: 408, errors: [] }),
  'an HttpError 503': () => new HttpError('mine', { status: 503, retryAfterMs: 5000 }),
  'a NetworkError': () => new NetworkError('mine'),
  'a TimeoutError': () => new TimeoutError('mine', { reason: 'deadline' }),
  'a ResponseError': () => new ResponseError('mine', { body: { status: 'failed' }, errors: [] }),
  'a RunError': () => new RunError('mine', { status: 'failed' }),
  'an ArgumentError': () => new ArgumentError('mine'),
  'a string': () => 'mine',
  undefined: () => undefined,
}

/** Where a callback can throw: gives what the wait rejects with. */
const places: Record<string, (callback: () => unknown) => Promise<unknown>> = {
  onSubmitted: (onSubmitted) =>
    executeWorkflowAsync(pod({ execute: submitted('a'), run: done }).client, 'w', {}, { onSubmitted }),
  'onUpdate of executeWorkflowAsync': (onUpdate) =>
    executeWorkflowAsync(pod({ execute: submitted('a'), run: done }).client, 'w', {}, { onUpdate }),
  'onUpdate of waitForRun': (onUpdate) => waitForRun(pod({ run: run('running') }).client, RUN, { onUpdate }),
  'onUpdate of waitForResult': (onUpdate) =>
    waitForResult(pod({ run: run('queued'), output: output('a') }).client, RUN, { onUpdate }),
  'onUpdate after a failure': (onUpdate) =>
    waitForResult(pod({ run: run('failed') }).client, RUN, { onUpdate }),
  'onProgress of waitForRun': (onProgress) =>
    waitForRun(pod({ run: run('running') }).client, RUN, { onProgress }),
  'onProgress of watchRun': (onProgress) =>
    watchRun(pod({ run: run('running') }).client, RUN, { onProgress }).next(),
  'headers of waitForRun': (headers) =>
    waitForRun(pod({ run: done }).client, RUN, { headers: headers as never }),
  'headers of waitForResult': (headers) =>
    waitForResult(pod({ run: done, output: output('a') }).client, RUN, { headers: headers as never }),
  'headers of waitForOutput': (headers) =>
    waitForOutput(pod({ output: output('a') }).client, 'a', { headers: headers as never }),
  'headers of the client': (headers) =>
    waitForResult(pod({ run: done, output: output('a') }, { headers: headers as never }).client, RUN),
  'headers of the client, for an output': (headers) =>
    waitForOutput(pod({ output: output('a') }, { headers: headers as never }).client, 'a'),
  'headers of watchRun': (headers) =>
    watchRun(pod({ run: done }).client, RUN, { headers: headers as never }).next(),
}

for (const [place, begin] of Object.entries(places)) {
  for (const [name, make] of Object.entries(errors)) {
    for (const how of ['thrown', 'rejected', 'rejected later']) {
      test(`${place}: ${name} that is ${how} comes back untouched`, async ({ drive }) => {
        const error = make()
        if (typeof error === 'object') Object.freeze(error)
        let calls = 0
        const outcome = await drive(
          begin(() => {
            calls++
            if (how === 'thrown') throw error
            if (how === 'rejected') return Promise.reject(error)
            return new Promise((_, reject) => setTimeout(() => reject(error), 500))
          }),
        )
        assert.is(outcome.value, undefined)
        assert.is(outcome.error, error)
        assert.is(calls, 1)
        assert.is(outcome.ms, how === 'rejected later' ? 500 : 0)
      })
    }
  }
}

test('onUpdate is told each change once, is awaited, and has the last before the end', async ({ drive }) => {
  const words = ['queued', 'queued', 'running', 'paused', 'running', 'completed']
  for (const begin of [waitForRun, waitForResult]) {
    const { client, calls } = pod({ run: words.map((word) => run(word)) })
    const told: [string, string][] = []
    let settled = false
    const wait = begin(client, RUN, {
      ...everySecond,
      onUpdate: async (state: Run) => {
        await new Promise((resolve) => setTimeout(resolve, 100))
        assert.not(settled)
        told.push([state.status, calls.at(-1)!])
      },
    }).finally(() => {
      settled = true
    })
    await drive(wait as Promise<unknown>)
    assert.equal(told, [
      ['queued', 'run@0'],
      ['running', 'run@2100'],
      ['paused', 'run@3200'],
      ['running', 'run@4300'],
      ['completed', 'run@5400'],
    ])
  }
})

test('onUpdate is given the whole run', async ({ drive }) => {
  const runs: Run[] = []
  const { client } = pod({
    run: run('completed', { team_id: 't', outputs: [{ filename: 'a', url: url('a') }] }),
  })
  const { value } = await drive(waitForRun(client, RUN, { onUpdate: (state) => runs.push(state) }))
  assert.equal(runs, [value])
  assert.is(value.team_id, 't')
  assert.is(value._id, RUN)
  assert.equal(value.inputs, [])
})

test('a run that onUpdate changes is not changed for the wait', async ({ drive }) => {
  for (const begin of [waitForRun, waitForResult]) {
    const onUpdate = (state: Run) => {
      state.status = state.status.toUpperCase()
    }
    const { client } = pod({ run: [run('running'), done] })
    const wait = begin(client, RUN, { ...everySecond, onUpdate })
    const { error, ms } = await drive(wait as Promise<unknown>)
    assert.is(error, undefined)
    assert.is(ms, 1000)
    const failing = pod({ run: run('failed') }).client
    const failed = await drive(begin(failing, RUN, { onUpdate }) as Promise<unknown>)
    assert.instance(failed.error, RunError)
    assert.is(failed.ms, 0)
  }
})

test('a callback that never settles ends with the deadline or by abort', async ({ drive }) => {
  const script = { execute: submitted('a'), run: done }
  for (const callbacks of [{ onSubmitted: never }, { onUpdate: never }]) {
    const { error, ms } = await drive(
      executeWorkflowAsync(pod(script).client, 'w', {}, { ...callbacks, timeoutMs: 4000 }),
    )
    assert.is(error.message, 'Workflow execution timed out after 4000ms')
    assert.is(error.runId, RUN)
    assert.is(ms, 4000)
    const controller = new AbortController()
    setTimeout(() => controller.abort('enough'), 600)
    const aborted = await drive(
      executeWorkflowAsync(pod(script).client, 'w', {}, { ...callbacks, signal: controller.signal }),
    )
    assert.is(aborted.error, 'enough')
    assert.is(aborted.ms, 600)
  }
})

test('a callback that aborts and then hangs, returns or throws ends with the reason', async ({ drive }) => {
  const endings: (() => unknown)[] = [
    never,
    () => 'fine',
    () => {
      throw new Error('too late')
    },
  ]
  for (const which of ['onSubmitted', 'onUpdate', 'headers']) {
    for (const ending of endings) {
      const controller = new AbortController()
      const { client, calls } = pod({ execute: submitted('a'), run: [run('running'), done] })
      let asked = 0
      const callback = () => {
        // The first headers are those of the submission.
        if (which === 'headers' && !asked++) return {}
        controller.abort('stop')
        return ending()
      }
      const { error, ms } = await drive(
        executeWorkflowAsync(
          client,
          'w',
          {},
          { [which]: callback, signal: controller.signal, maxPolls: 1, timeoutMs: 9000 },
        ),
      )
      assert.is(error, 'stop', which)
      assert.is(ms, 0)
      assert.is(calls.length, which === 'onUpdate' ? 2 : 1)
    }
  }
})

test("onSubmitted is called after an abort, too, and its failure is nobody's", async ({ drive }) => {
  const controller = new AbortController()
  const abort = () => controller.abort('stop')
  const logger = { debug: abort, info() {}, warn() {}, error() {} }
  const { client, calls } = pod({ execute: submitted('a') }, { logger })
  const seen: string[] = []
  const { error } = await drive(
    executeWorkflowAsync(
      client,
      'w',
      {},
      {
        signal: controller.signal,
        onSubmitted: ({ runId, outputNames }) => {
          assert.ok(controller.signal.aborted)
          seen.push(runId, ...outputNames)
          return Promise.reject(new Error('too late'))
        },
      },
    ),
  )
  assert.is(error, 'stop')
  assert.equal(seen, [RUN, 'a'])
  assert.equal(calls, ['execute@0'])
})

test('a slow onSubmitted is on the clock of the wait', async ({ drive }) => {
  const { client } = pod({ execute: submitted('a'), run: run('running'), output: notYet() })
  const onSubmitted = () => new Promise((resolve) => setTimeout(resolve, 3000))
  const { ms } = await drive(executeWorkflowAsync(client, 'w', {}, { onSubmitted, timeoutMs: 5000 }))
  assert.is(ms, 5000)
})

test('headers are asked for each request', async ({ drive }) => {
  for (const [wait, begin] of Object.entries(waits)) {
    let token = 0
    const { client, headers } = pod(
      { run: [run('running'), failure(503), done] },
      { headers: async () => ({ 'X-One': `one-${++token}` }) },
    )
    await drive(begin(client, { headers: () => ({ 'x-two': `two-${token}` }) }))
    assert.equal(
      headers.map((each) => `${each.get('x-one')} ${each.get('x-two')}`),
      ['one-1 two-1', 'one-2 two-2', 'one-3 two-3'],
      wait,
    )
  }
})
