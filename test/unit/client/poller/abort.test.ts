import { getEventListeners } from 'node:events'
import { type Client, HttpError, NetworkError, RunError, TimeoutError } from '@flowscale/client'
import { executeWorkflowAsync, waitForOutput, waitForResult, waitForRun } from '@flowscale/client/poller'
import { assert } from '#test'
import { clientWith } from '../../../support/clientWith.ts'
import { fakeFetch, ok } from '../../../support/fakes.ts'
import {
  assertNoListeners,
  deaf,
  failure,
  hang,
  notYet,
  output,
  pod,
  type Reply,
  RUN,
  run,
  submitted,
  waitSuite,
} from './kit.ts'
import { waits } from './waits.ts'

const test = waitSuite('abort of a wait')
const hung: Reply = (init) => hang('' as never, init)
type Begin = (client: Client, options: { signal: AbortSignal; timeoutMs?: number }) => Promise<unknown>
const all: Record<string, Begin> = {
  ...waits,
  waitForOutput: (client, options) => waitForOutput(client, 'a', options),
  executeWorkflowAsync: (client, options) => executeWorkflowAsync(client, 'w', {}, options),
  'waitForResult for an output': (client, options) => waitForResult(client, RUN, options),
}

/** Reasons that a caller may give: also such as look like ours. */
const reasons: Record<string, unknown> = {
  'an error': new Error('mine'),
  'a string': 'mine',
  null: null,
  // biome-ignore lint/suspicious/noThenProperty: that is the point
  'a thenable': { then: () => {} },
  'an HttpError 404': new HttpError('mine', { status: 404, errors: [] }),
  'an HttpError 408': new HttpError('mine', { status: 408, errors: [] }),
  'an HttpError 500': new HttpError('mine', { status: 500, errors: [] }),
  'a NetworkError': new NetworkError('mine'),
  'a TimeoutError': new TimeoutError('mine', {}),
  'a RunError': new RunError('mine', { status: 'failed' }),
}

for (const [wait, begin] of Object.entries(all)) {
  const isForOutput = wait.endsWith('output')
  for (const [name, reason] of Object.entries(reasons)) {
    if (typeof reason === 'object') Object.freeze(reason)
    for (const [when, reply] of Object.entries({
      'a pause': undefined,
      'a request': hung,
      'a deaf request': deaf,
    })) {
      test(`${wait} ends at once with ${name}, given in ${when}`, async ({ clock, drive }) => {
        caught = 'nothing'
        const controller = new AbortController()
        const { signal } = controller
        const { client, calls } = pod({
          execute: submitted('a'),
          run: isForOutput ? run('completed', { output_names: ['a'] }) : (reply ?? run('running')),
          output: reply ?? notYet(),
        })
        setTimeout(() => controller.abort(reason), 2500)
        const { error, ms } = await drive(begin(client, { signal }).catch(box))
        assert.is(error, undefined)
        assert.is(ms, 2500)
        assert.is(caught, reason)
        assertNoListeners(signal)
        const count = calls.length
        clock.tick(60_000)
        assert.is(calls.length, count)
      })
    }
  }

  test(`${wait}: an aborted signal sends nothing`, async () => {
    const { client, calls } = pod({})
    const reason = new Error('mine')
    assert.is(await begin(client, { signal: AbortSignal.abort(reason) }).catch((error) => error), reason)
    assert.equal(calls, [])
  })

  test(`${wait} gives the signal's own reason, a DOMException`, async ({ drive }) => {
    const controller = new AbortController()
    const { client } = pod({ execute: submitted('a'), run: failure(503), output: failure(503) })
    setTimeout(() => controller.abort(), 1200)
    const { error } = await drive(begin(client, { signal: controller.signal }))
    assert.is(error, controller.signal.reason)
    assert.is(error.name, 'AbortError')
  })

  test(`${wait} leaves no listener on the signal while it waits and after any end`, async ({ drive }) => {
    const controller = new AbortController()
    const { signal } = controller
    let most = 0
    const look: Reply = () => {
      most = Math.max(most, getEventListeners(signal, 'abort').length)
      return isForOutput ? run('completed', { output_names: ['a'] }) : run('running')
    }
    const going = { execute: submitted('a'), run: look, output: notYet() }
    await drive(begin(pod(going).client, { signal, timeoutMs: 30_000 }))
    assertNoListeners(signal)
    for (const reply of [run('completed'), run('failed'), failure(401)]) {
      await drive(begin(pod({ execute: submitted(), run: reply, output: output('a') }).client, { signal }))
      assertNoListeners(signal)
    }
    assert.ok(most <= 1, `${most} listeners at once`)
  })
}

/** A rejection with a thenable can't pass through a promise that is awaited; so it is put aside. */
let caught: unknown
const box = (error: unknown): void => {
  caught = error
}

test('a thousand waits on one signal print no warning and leave no listener', async ({ drive }) => {
  caught = 'nothing'
  const controller = new AbortController()
  const { signal } = controller
  const { client } = pod({ run: [run('running')] })
  const ends = Array.from({ length: 1000 }, () => waits.waitForRun!(client, { signal }).catch(box))
  setTimeout(() => controller.abort('all of you'), 1500)
  await drive(Promise.all(ends))
  assert.is(caught, 'all of you')
  assertNoListeners(signal)
})

test('an abort beats the answer that is being read, but no result', async ({ drive }) => {
  const controller = new AbortController()
  const { client } = pod({
    run: () => {
      controller.abort('stop')
      return run('completed')
    },
  })
  const { error } = await drive(waits.waitForRun!(client, { signal: controller.signal }))
  assert.is(error, 'stop')
  const later = new AbortController()
  const { value } = await drive(
    waits.waitForRun!(pod({ run: run('completed') }).client, { signal: later.signal }),
  )
  later.abort()
  assert.equal(value, ['completed'])
})

test('a wait leaves one mark on the caller’s signal, not one for each poll', async ({ clock }) => {
  const { signal } = new AbortController()
  let derived = 0
  const original = AbortSignal.any
  AbortSignal.any = (signals: AbortSignal[]) => {
    if (signals.includes(signal)) derived++
    return original.call(AbortSignal, signals)
  }
  try {
    const wait = waitForRun(clientWith(fakeFetch(ok({ _id: RUN, status: 'x' })), { maxRetries: 0 }), RUN, {
      signal,
      timeoutMs: 50_000,
    }).catch((error) => error)
    await clock.tickAsync(51_000)
    await wait
    assert.is(derived, 1)
  } finally {
    AbortSignal.any = original
  }
})
