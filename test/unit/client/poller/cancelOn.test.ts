import {
  ArgumentError,
  type Client,
  type Fetch,
  HttpError,
  NetworkError,
  TimeoutError,
} from '@flowscale/client'
import { executeWorkflowAsync, type WaitOptions, waitForOutput, waitForRun } from '@flowscale/client/poller'
import { assert, rejects } from '#test'
import { clientWith } from '../../../support/clientWith.ts'
import { ok } from '../../../support/fakes.ts'
import { pluck } from '../../../support/pluck.ts'
import {
  assertNoListeners,
  deaf,
  failure,
  notYet,
  pod,
  type Reply,
  RUN,
  run,
  submitted,
  waitSuite,
} from './kit.ts'
import { waits } from './waits.ts'

const test = waitSuite('cancelOn')
const all: Record<string, (client: Client, options?: WaitOptions) => Promise<unknown>> = {
  ...waits,
  executeWorkflowAsync: (client, options) => executeWorkflowAsync(client, 'w', {}, options),
}
const going = (cancel: Reply | Reply[] = ok('Run cancelled successfully')) =>
  pod({ execute: submitted(), run: run('running'), cancel })
const cancels = (calls: string[]) => calls.filter((call) => call.startsWith('cancel'))

for (const [wait, begin] of Object.entries(all)) {
  for (const cancelOn of ['abort', 'timeout', 'both', 'never', undefined] as const) {
    test(`${wait}, ${cancelOn}: on abort`, async ({ drive }) => {
      const controller = new AbortController()
      const { client, calls } = going()
      setTimeout(() => controller.abort('stop'), 1500)
      const { error, ms } = await drive(begin(client, { signal: controller.signal, cancelOn }))
      assert.is(error, 'stop')
      assert.is(ms, 1500)
      assert.equal(cancels(calls), cancelOn === 'abort' || cancelOn === 'both' ? ['cancel@1500'] : [])
      assertNoListeners(controller.signal)
    })
    test(`${wait}, ${cancelOn}: on time-out, by the deadline or by maxPolls`, async ({ drive }) => {
      for (const limit of [{ timeoutMs: 1500 }, { maxPolls: 2 }]) {
        const { client, calls } = going()
        const { error } = await drive(begin(client, { ...limit, cancelOn }))
        assert.instance(error, TimeoutError)
        assert.not('cancelError' in error)
        assert.is(cancels(calls).length, cancelOn === 'timeout' || cancelOn === 'both' ? 1 : 0)
      }
    })
  }

  test(`${wait}: no other end cancels`, async ({ drive }) => {
    for (const reply of [run('completed'), run('failed'), failure(401)]) {
      const { client, calls } = pod({ execute: submitted(), run: reply })
      await drive(begin(client, { cancelOn: 'both' }))
      assert.equal(cancels(calls), [])
    }
    const { client, calls } = going()
    const onUpdate = () => {
      throw new TimeoutError('mine', {})
    }
    await drive(begin(client, { cancelOn: 'both', onUpdate }))
    assert.equal(cancels(calls), [])
  })

  test(`${wait}: a cancel that hangs is given up after 5 s, and reported`, async ({ drive }) => {
    const timedOut = going(deaf)
    const { error, ms } = await drive(begin(timedOut.client, { timeoutMs: 1500, cancelOn: 'timeout' }))
    assert.is(error.message, 'Workflow execution timed out after 1500ms')
    assert.is(ms, 6500)
    assert.instance(error.cancelError, TimeoutError)
    assert.is(error.cancelError.message, 'Cancelling timed out')
    assert.is(error.cancelError.runId, RUN)
    const warning = timedOut.log.lines.filter(({ level }) => level === 'warn')
    assert.equal(warning, [
      {
        level: 'warn',
        message: `Run ${RUN} could not be cancelled: ERR_FLOWSCALE_TIMEOUT`,
        fields: { runId: RUN, code: 'ERR_FLOWSCALE_TIMEOUT' },
      },
    ])

    const controller = new AbortController()
    const { client, log } = going(deaf)
    setTimeout(() => controller.abort('stop'), 1500)
    const aborted = await drive(begin(client, { signal: controller.signal, cancelOn: 'abort' }))
    assert.is(aborted.error, 'stop')
    assert.is(aborted.ms, 6500)
    assert.is(log.lines.filter(({ level }) => level === 'warn').length, 1)
  })
}

test('a cancel that fails is reported, and the reason of the abort stays what it is', async ({ drive }) => {
  const { client, log } = going(failure(404))
  const { error } = await drive(waits.waitForRun!(client, { timeoutMs: 500, cancelOn: 'both' }))
  assert.match(error.message, 'timed out after 500ms')
  assert.instance(error.cancelError, HttpError)
  assert.is(error.cancelError.status, 404)
  assert.equal(
    pluck(
      log.lines.filter(({ level }) => level === 'warn'),
      'message',
    ),
    [`Run ${RUN} could not be cancelled: ERR_FLOWSCALE_HTTP`],
  )
  const controller = new AbortController()
  const reason = Object.freeze(new Error('mine'))
  setTimeout(() => controller.abort(reason), 500)
  const aborted = await drive(
    waits.waitForRun!(going(failure(403)).client, { signal: controller.signal, cancelOn: 'both' }),
  )
  assert.is(aborted.error, reason)
  assert.not('cancelError' in reason)
})

test('a cancel that fails at first is tried again within its 5 s', async ({ drive }) => {
  const random = Math.random
  Math.random = () => 0.5
  try {
    const flaky = going([new TypeError('down'), failure(503), ok('Run cancelled successfully')])
    const { error, ms } = await drive(
      waits.waitForRun!(flaky.client, { timeoutMs: 500, cancelOn: 'timeout' }),
    )
    assert.not('cancelError' in error)
    assert.equal(cancels(flaky.calls), ['cancel@500', 'cancel@1000', 'cancel@2000'])
    assert.is(ms, 2000)
    const down = going(new TypeError('down'))
    const gone = await drive(waits.waitForRun!(down.client, { timeoutMs: 500, cancelOn: 'timeout' }))
    assert.instance(gone.error.cancelError, NetworkError)
  } finally {
    Math.random = random
  }
})

test('an end of another kind cancels nothing, though the signal is aborted by then', async ({ drive }) => {
  const controller = new AbortController()
  const logger = { debug() {}, info() {}, warn() {}, error: () => controller.abort('stop') }
  const { client, calls } = pod({ run: failure(401) }, { logger })
  const { error } = await drive(waits.waitForRun!(client, { signal: controller.signal, cancelOn: 'both' }))
  assert.is(error.status, 401)
  assert.equal(calls, ['run@0'])
})

test('an abort during the cancel of a time-out changes nothing', async ({ drive }) => {
  const controller = new AbortController()
  const { client } = going(deaf)
  setTimeout(() => controller.abort('stop'), 2000)
  const { error, ms } = await drive(
    waits.waitForRun!(client, { timeoutMs: 500, cancelOn: 'both', signal: controller.signal }),
  )
  assert.is(error.code, 'ERR_FLOWSCALE_TIMEOUT')
  assert.is(ms, 5500)
})

test('headers that fail or hang fail the cancel only; a logger that throws, nothing', async ({ drive }) => {
  let asked = 0
  const own = new Error('no token')
  const headers = () => {
    if (asked++) throw own
    return {}
  }
  const broken = {
    debug() {},
    info() {},
    warn() {
      throw new Error('disk full')
    },
    error() {},
  }
  const { client } = pod({ run: run('running'), cancel: ok('') }, { logger: broken })
  const { error } = await drive(waits.waitForRun!(client, { headers, maxPolls: 1, cancelOn: 'timeout' }))
  assert.is(error.reason, 'polls')
  assert.is(error.cancelError, own)

  asked = 0
  const watched = going()
  const again = await drive(waits.waitForRun!(watched.client, { headers, maxPolls: 1, cancelOn: 'timeout' }))
  assert.is(again.error.cancelError, own)
  assert.is(watched.log.lines.at(-1)?.message, `Run ${RUN} could not be cancelled: headers failed`)

  let turn = 0
  const stuck = () => (turn++ ? new Promise<never>(() => {}) : {})
  const { error: late, ms } = await drive(
    waits.waitForRun!(going().client, { headers: stuck, maxPolls: 1, cancelOn: 'timeout' }),
  )
  assert.instance(late.cancelError, TimeoutError)
  assert.is(ms, 5000)
})

test('the cancel carries the headers of the call', async ({ drive }) => {
  const { client, headers, calls } = going()
  const own = { authorization: 'Bearer of-the-call' }
  await drive(waits.waitForRun!(client, { headers: own, maxPolls: 1, cancelOn: 'timeout' }))
  assert.is(cancels(calls).length, 1)
  assert.is(headers.at(-1)?.get('authorization'), own.authorization)
})

test('resume can switch it off, or on', async ({ drive }) => {
  const { client, calls } = going()
  const { error } = await drive(waits.waitForRun!(client, { maxPolls: 1 }))
  await drive(error.resume({ cancelOn: 'timeout' }))
  assert.is(cancels(calls).length, 1)
})

// It was sent again, and what it started was paid for and cancelled.
test('a POST that was turned away is not sent again after the abort', async ({ drive }) => {
  for (const headers of [undefined, { 'x-trace': '1' }, () => ({ 'x-trace': '1' })]) {
    const controller = new AbortController()
    const { client, calls } = pod({
      execute: [failure(429, { 'retry-after': '3' }), submitted('a')],
      run: run('running'),
      cancel: ok('Run cancelled successfully'),
    })
    setTimeout(() => controller.abort('stop'), 1000)
    const options = { cancelOn: 'abort', signal: controller.signal, headers } as const
    const { error } = await drive(executeWorkflowAsync(client, 'w', {}, options))
    assert.is(error, 'stop')
    assert.equal(calls, ['execute@0'])
    assertNoListeners(controller.signal)
  }
})

test('waitForOutput knows no run to cancel', async () => {
  const { client } = pod({ output: notYet() })
  await rejects(waitForOutput(client, 'a', { cancelOn: 'both' } as object), ArgumentError)
})

test('a reason that does not equal itself comes back; the run is cancelled', async ({ clock }) => {
  const asked: string[] = []
  const fetch: Fetch = async (url) => {
    asked.push(url)
    return ok({ _id: RUN, status: 'running' })
  }
  const controller = new AbortController()
  const { signal } = controller
  for (const abortAt of [0, 500]) {
    const wait = waitForRun(clientWith(fetch, { maxRetries: 0 }), RUN, { signal, cancelOn: 'abort' }).catch(
      (error) => error,
    )
    await clock.tickAsync(abortAt)
    controller.abort(Number.NaN)
    assert.ok(Number.isNaN(await wait))
  }
  assert.match(asked[1]!, /cancel$/)
})
