// What a review found, each by what a user would have lost.
import { inspect } from 'node:util'
import {
  checkHealth,
  createClient,
  downloadOutput,
  executeWorkflow,
  type Fetch,
  getQueue,
  getRun,
  isFlowScaleError,
  iterateRuns,
} from '@flowscale/client'
import { executeMany, executeWorkflowAsync, waitForResult, waitForRun } from '@flowscale/client/poller'
import { createProxyHandler } from '@flowscale/client/proxy'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { fakeClock, fakeFetch, json, ok, rejection } from '../../support/fakes.ts'

const test = suite('regressions')
const RUN = 'r1'
const clientOf = (fetch: Fetch, more: object = {}) =>
  createClient({ baseUrl: 'http://pod.test', apiKey: CANARY, maxRetries: 0, fetch, ...more })
/** Runs `play` on a fake clock while it is ticked. */
async function timed<T>(play: (clock: ReturnType<typeof fakeClock>) => Promise<T>): Promise<T> {
  const clock = fakeClock()
  try {
    return await play(clock)
  } finally {
    clock.uninstall()
  }
}

test('an answer that is no HTTP, but an echo of the request, does not show the key', async () => {
  const cause = Object.assign(new Error('bad'), {
    code: 'HPE_INVALID_CONSTANT',
    data: `x-api-key: ${CANARY}`,
  })
  const error = await rejection(checkHealth(clientOf(fakeFetch(new TypeError('fetch failed', { cause })))))
  assertNoCanary(error)
  assert.match(inspect(error), /\[redacted\]/)
})

test('an output without an address does not show what a server echoed', async () => {
  const fetch = fakeFetch(ok({ generation_status: 'success' }, { echo: CANARY }))
  const error = await rejection(downloadOutput(clientOf(fetch), 'f.png'))
  assertNoCanary(error)
  assert.equal([error.method, error.url], ['GET', 'http://pod.test/api/v1/runs/output'])
})

test('a number in an answer that equals a header costs neither the error nor its body', async () => {
  const fetch = fakeFetch(
    json({ status: 'error', errors: 'no credits', data: { team: 10020030, n: '\nabcdefgh' } }),
  )
  const client = clientOf(fetch, { headers: { 'X-Team': '10020030', 'X-Word': 'nabcdefgh' } })
  const error = await rejection(executeWorkflow(client, 'w', {}))
  assert.equal(error.errors, ['no credits'])
  assert.equal(error.body.data, { team: '[redacted]', n: '\nabcdefgh' })
  assert.is(error.maybeSubmitted, undefined)
})

test('a completed run whose output has no proper filename', async () => {
  for (const filename of [null, 7, {}]) {
    const fetch = fakeFetch(
      ok({ run_id: RUN, output_names: ['a'] }),
      ok({ _id: RUN, status: 'completed', outputs: [{ filename, url: 'http://files.test/a' }] }),
      ok({ download_url: 'http://files.test/a', generation_status: 'success' }),
    )
    const { outputs, runId } = await executeWorkflowAsync(clientOf(fetch), 'w', {})
    assert.is(runId, RUN)
    assert.ok(outputs.every(({ filename, download_url }) => typeof filename === 'string' && download_url))
  }
})

test('a failed run that is nested too deep for JSON is still a RunError', async () => {
  const text = `{"status":"success","data":{"status":"failed","error":"boom","deep":${'['.repeat(8000)}1${']'.repeat(8000)}}}`
  const error = await rejection(waitForRun(clientOf(fakeFetch(new Response(text))), RUN))
  assert.equal([error.code, error.runId, error.status], ['ERR_FLOWSCALE_RUN', RUN, 'failed'])
})

for (const status of ['canceled', 'timed_out']) {
  test(`a run that is ${status} ends its wait at once`, async () => {
    const client = clientOf(fakeFetch(ok({ _id: RUN, status })))
    const error = await rejection(waitForRun(client, RUN, { maxPolls: 1 }))
    assert.equal([error.code, error.runId, error.status], ['ERR_FLOWSCALE_RUN', RUN, status])
  })
}

test('an empty list of errors does not hide why a run failed, and what a server calls it is no matter', async () => {
  for (const error of ['CUDA out of memory', { message: 'CUDA out of memory' }, ['CUDA out of memory']]) {
    const fetch = fakeFetch(ok({ _id: RUN, status: 'failed', errors: [], error }))
    const { errors, message } = await rejection(waitForRun(clientOf(fetch), RUN))
    assert.equal(errors, ['CUDA out of memory'])
    assert.is(message, `Run ${RUN} failed: CUDA out of memory`)
  }
  const fetch = fakeFetch(ok({ _id: RUN, status: 'failed', errors: [], error: {}, message: 'boom' }))
  assert.equal((await rejection(waitForRun(clientOf(fetch), RUN))).errors, ['boom'])
})

test('an answer to a download that has no body is an error, not a file', async () => {
  const fetch = fakeFetch(new Response(null, { status: 204 }))
  const error = await rejection(downloadOutput(clientOf(fetch), 'https://files.test/a'))
  assert.equal([error.code, error.status], ['ERR_FLOWSCALE_RESPONSE', 204])
  assert.match(error.message, /answered 204 without a result/)
})

test('bytes that were transferred away are an error of ours', async () => {
  const bytes = new Uint8Array(8)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  const fetch = fakeFetch(ok({ run_id: RUN }))
  for (const value of [bytes, { toJSON: () => Promise.reject.call(null) }]) {
    const error = await rejection(executeWorkflow(clientOf(fetch), 'w', { a: value as never }))
    assert.is(error.code, 'ERR_FLOWSCALE_ARGUMENT')
  }
  assert.is(fetch.calls.length, 0)
})

test('a run id that has no form in a URL is an error of ours that keeps it', async () => {
  const execute = () => ok({ run_id: '\ud800', output_names: ['a'] })
  const missing = () => json({ detail: 'Run not found' }, { status: 404 })
  const one = await rejection(
    executeWorkflowAsync(clientOf(fakeFetch(execute(), missing())), 'w', {}, { timeoutMs: 1 }),
  )
  const [many] = await executeMany(clientOf(fakeFetch(execute(), missing())), 'w', [{}], { timeoutMs: 1 })
  for (const error of [one, (many as { reason: unknown }).reason]) {
    assert.ok(isFlowScaleError(error), String(error))
    assert.is((error as { runId?: string }).runId, '\ud800')
  }
})

test('a logger whose methods reject loses nothing', async () => {
  const fails = async () => {
    throw new Error('log server down')
  }
  const logger = { debug: fails, info: fails, warn: fails, error: fails }
  assert.is(
    (await executeWorkflow(clientOf(fakeFetch(ok({ run_id: RUN })), { logger }), 'w', {})).data.run_id,
    RUN,
  )
  await rejection(checkHealth(clientOf(fakeFetch(json({}, { status: 500 })), { logger })))
  await new Promise((resolve) => setTimeout(resolve, 5))
})

test('a first 404 of getRun that came too early does not hide a failed run', () =>
  timed(async (clock) => {
    let asked = 0
    const fetch: Fetch = async (_, { method }) => {
      if (method === 'POST') return ok({ run_id: RUN, output_names: ['a'] })
      return asked++ ? ok({ _id: RUN, status: 'failed', error: 'boom' }) : json({}, { status: 404 })
    }
    const wait = rejection(executeWorkflowAsync(clientOf(fetch), 'w', {}))
    await clock.tickAsync(15_000)
    assert.is((await wait).code, 'ERR_FLOWSCALE_RUN')
  }))

test('resume does not undo a completed state', () =>
  timed(async (clock) => {
    let status = 'completed'
    const seen: string[] = []
    const fetch: Fetch = async (url) =>
      url.includes('/output')
        ? new Response(null, { status: 204 })
        : ok({ _id: RUN, status, output_names: ['a'] })
    const options = { timeoutMs: 5000, onUpdate: (run: { status: string }) => seen.push(run.status) }
    const wait = rejection(waitForResult(clientOf(fetch), RUN, options))
    await clock.tickAsync(6000)
    status = 'running'
    const again = rejection((await wait).resume())
    await clock.tickAsync(6000)
    assert.match((await again).message, /timed out/)
    assert.equal(seen, ['completed'])
  }))

test('a wait leaves one mark on the caller’s signal, not one for each poll', () =>
  timed(async (clock) => {
    const { signal } = new AbortController()
    let derived = 0
    const original = AbortSignal.any
    AbortSignal.any = (signals: AbortSignal[]) => {
      if (signals.includes(signal)) derived++
      return original.call(AbortSignal, signals)
    }
    try {
      const wait = rejection(
        waitForRun(clientOf(fakeFetch(ok({ _id: RUN, status: 'x' }))), RUN, { signal, timeoutMs: 50_000 }),
      )
      await clock.tickAsync(51_000)
      await wait
      assert.is(derived, 1)
    } finally {
      AbortSignal.any = original
    }
  }))

test('an envelope whose status is no word does not hide that a run may have been submitted', async () => {
  const fetch = fakeFetch(json({ status: { toString: 'queued' }, data: {} }))
  const error = await rejection(executeWorkflow(clientOf(fetch), 'w', {}))
  assert.equal([error.code, error.maybeSubmitted], ['ERR_FLOWSCALE_RESPONSE', true])
})

test('a list with a run that has no id and is nested too deep for JSON is still a list', async () => {
  const deep = `${'['.repeat(8000)}${']'.repeat(8000)}`
  const text = `{"status":"success","data":[{"status":"queued","deep":${deep}},{"_id":"r2"}]}`
  const ids: string[] = []
  for await (const { _id } of iterateRuns(clientOf(fakeFetch(new Response(text))))) ids.push(_id)
  assert.equal(ids, ['', 'r2'])
})

test('where the files lie, a redirect or a refusal that echoes the key does not show it', async () => {
  for (const answer of [
    new Response(null, { status: 302, headers: { location: `https://files.test/${CANARY}` } }),
    json({ detail: CANARY }, { status: 403 }),
  ]) {
    const fetch = fakeFetch(answer)
    const client = clientOf(fetch, { headers: { 'X-Team': 'a-team-of-ours' } })
    await rejection(downloadOutput(client, 'https://files.test/a'))
    assert.equal([...fetch.calls[0]!.headers], [])
  }
})

test('what a run and a queue hold is of the type that is promised, or left out', async () => {
  const data = {
    output_names: null,
    inputs: [{ path: 7, value: 1 }],
    outputs: [{ filename: null, url: 5, size: 1 }, 'a'],
  }
  const run = (await getRun(clientOf(fakeFetch(ok(data))), RUN)).data
  assert.equal(run.output_names, [])
  assert.equal(run.inputs, [{ value: 1 }])
  assert.equal(run.outputs, [{ size: 1 }, { filename: 'a' }])
  const queue = { queue_running: [[], 5, [1, RUN]], queue_pending: [null, 'ab'] }
  const [first] = (await getQueue(clientOf(fakeFetch(ok([{ container: 'c', queue }]))))).data
  assert.equal(first?.queue, { queue_running: [[1, RUN]], queue_pending: [] })
})

test('an input that can not even be looked at is an error of ours that names it', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const fetch = fakeFetch(ok({ run_id: RUN }))
  for (const inputs of [
    { mine: proxy },
    { mine: [proxy] },
    {
      get mine() {
        throw new Error('no')
      },
    },
  ]) {
    const error = await rejection(executeWorkflow(clientOf(fetch), 'w', inputs as never))
    assert.is(error.code, 'ERR_FLOWSCALE_ARGUMENT')
    assert.match(error.message, /^inputs\.mine/)
  }
  assert.is(fetch.calls.length, 0)
})

test('a reason that does not equal itself comes back as it is, and the run is cancelled', () =>
  timed(async (clock) => {
    const asked: string[] = []
    const fetch: Fetch = async (url) => {
      asked.push(url)
      return ok({ _id: RUN, status: 'running' })
    }
    const controller = new AbortController()
    const { signal } = controller
    for (const abortAt of [0, 500]) {
      const wait = rejection(waitForRun(clientOf(fetch), RUN, { signal, cancelOn: 'abort' }))
      await clock.tickAsync(abortAt)
      controller.abort(Number.NaN)
      assert.ok(Number.isNaN(await wait))
    }
    assert.match(asked[1]!, /cancel$/)
  }))

test('what starts a run is sent as a form or a stream: Deno would send a text again by itself, after a reset', async () => {
  const fetch = fakeFetch(json({}, { status: 429 }), ok({ run_id: RUN }))
  const client = clientOf(fetch, { maxRetries: 1, retryDelayMs: 1 })
  await executeWorkflow(client, 'w', { text: 'no file' })
  const body = new FormData()
  body.append('text', 'no file')
  const request = new Request('http://app.test/api/v1/runs?workflow_id=w', { method: 'POST', body })
  const { status } = await createProxyHandler(client, { authorize: 'public' })(request)
  assert.is(status, 200)
  const kinds = fetch.calls.map(({ init }) => init.body?.constructor)
  assert.equal(kinds, [FormData, FormData, ReadableStream])
})

test('a key that is a part of a header’s name does not hide what the server answered', async () => {
  const headers = { 'access-control-expose-headers': 'x-request-id', 'x-request-id': 'an exposed id' }
  const fetch = fakeFetch(json({ status: 'error', errors: 'Invalid API key' }, { status: 403, headers }))
  const error = await rejection(checkHealth(clientOf(fetch, { apiKey: 'expose' })))
  assert.is(error.status, 403)
  assert.is(fetch.calls.length, 1)
  assert.equal([...error.response.headers.keys()].sort(), ['content-type', 'x-request-id'])
  assert.is(error.response.headers.get('x-request-id'), 'an [redacted]d id')
})
