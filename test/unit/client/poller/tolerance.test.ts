import {
  type Client,
  type Fetch,
  HttpError,
  RedirectError,
  ResponseError,
  RunError,
  ValidationError,
} from '@flowscale/client'
import { executeWorkflowAsync, waitForOutput, waitForResult } from '@flowscale/client/poller'
import { assert } from '#test'
import { clientWith } from '../../../support/clientWith.ts'
import { json, ok } from '../../../support/fakes.ts'
import { pluck } from '../../../support/pluck.ts'
import { failure, hang, output, pod, type Reply, RUN, run, waitSuite } from './kit.ts'
import { waits } from './waits.ts'

const test = waitSuite('what a wait tolerates')

const hung: Reply = (init) => hang('' as never, init)
const passing: Record<string, Reply> = {
  'a network failure': new TypeError('fetch failed'),
  'a request that hangs': hung,
  '429': failure(429),
  '500': failure(500),
  '501': failure(501),
  '502': new Response('<h1>Bad Gateway</h1>', { status: 502 }),
  '503': failure(503),
  '504': failure(504),
  '599': failure(599),
  'HTML with a 200': new Response('<html>'),
  'nothing with a 200': new Response(''),
  'JSON that is no envelope': json({ message: 'starting' }),
  'JSON null': json(null),
  'a list': json([]),
}
const final: Record<string, [Reply, new (...args: never[]) => Error]> = {
  '400': [failure(400), HttpError],
  '401': [failure(401), HttpError],
  '402': [failure(402), HttpError],
  '403': [failure(403), HttpError],
  '409': [failure(409), HttpError],
  '410': [failure(410), HttpError],
  '422': [failure(422), ValidationError],
  '302': [
    new Response(null, { status: 302, headers: { location: 'http://elsewhere.test/x' } }),
    RedirectError,
  ],
}

for (const [name, reply] of Object.entries(passing)) {
  for (const [wait, begin] of Object.entries(waits)) {
    test(`${wait} waits out ${name}`, async ({ drive }) => {
      const { client } = pod(
        { run: [reply, run('running'), reply, reply, run('completed')] },
        { timeoutMs: 500 },
      )
      const { value, error } = await drive(begin(client))
      assert.is(error, undefined)
      assert.equal(value, ['running', 'completed'])
    })
    test(`${wait} waits out ${name} until its deadline, and shows it as the cause`, async ({ drive }) => {
      const { client } = pod({ run: [run('queued'), reply] }, { timeoutMs: 500 })
      const { error, ms } = await drive(begin(client, { timeoutMs: 7700 }))
      assert.match(error.message, 'timed out after 7700ms')
      assert.is(error.code, 'ERR_FLOWSCALE_TIMEOUT')
      assert.ok(error.cause, 'no cause')
      assert.is(ms, 7700)
    })
  }
  test(`an output is waited for through ${name}`, async ({ drive }) => {
    const script = { run: run('completed', { output_names: ['a'] }), output: [reply, reply, output('a')] }
    const result = await drive(waitForResult(pod(script, { timeoutMs: 500 }).client, RUN))
    assert.is(result.error, undefined)
    assert.is(result.value.outputs.length, 1)
    const lone = await drive(waitForOutput(pod(script, { timeoutMs: 500 }).client, 'a'))
    assert.is(lone.error, undefined)
    assert.is(lone.value.data.generation_status, 'success')
  })
}

for (const [wait, begin] of Object.entries(waits)) {
  for (const place of ['client', 'wait']) {
    test(`${wait}: headers() of the ${place} that hang cost an attempt, not the wait`, async ({ drive }) => {
      let calls = 0
      const headers = () => (calls++ ? { 'x-token': 'fresh' } : new Promise<never>(() => {}))
      const { client, log } = pod(
        { run: [run('running'), run('completed', { outputs: [{ url: 'http://files.test/a' }] })] },
        { timeoutMs: 500, ...(place === 'client' && { headers }) },
      )
      const { value, error, ms } = await drive(begin(client, place === 'wait' ? { headers } : {}))
      assert.is(error, undefined)
      assert.equal(value, ['running', 'completed'])
      assert.is(ms, 2500)
      assert.equal(pluck(log.lines, 'level'), ['warn', 'debug', 'debug'])
    })
  }
  test(`${wait}: what headers() of an earlier attempt throw later is nobody's`, async ({ drive }) => {
    let calls = 0
    const headers = () =>
      calls++ ? {} : new Promise<never>((_, reject) => setTimeout(() => reject(new Error('too late')), 1800))
    const late: Reply = async () => {
      await new Promise((resolve) => setTimeout(resolve, 400))
      return failure(503)
    }
    const { client } = pod({ run: [late, run('completed')] }, { timeoutMs: 500 })
    const { error, value } = await drive(begin(client, { headers }))
    assert.is(error, undefined)
    assert.equal(value, ['completed'])
  })
}

const withOutput: Record<string, (client: Client) => Promise<unknown>> = {
  waitForOutput: (client) => waitForOutput(client, 'a'),
  'waitForResult (output)': (client) => waitForResult(client, RUN),
}
for (const [name, [reply, Type]] of Object.entries(final)) {
  for (const [wait, begin] of Object.entries(waits)) {
    test(`${wait} fails at once on ${name}`, async ({ drive }) => {
      const { client, calls } = pod({ run: [run('running'), reply] })
      const { error, ms } = await drive(begin(client))
      assert.instance(error, Type)
      assert.is(error.runId, RUN)
      assert.is(ms, 1000)
      assert.is(calls.length, 2)
    })
  }
  for (const [wait, begin] of Object.entries(withOutput)) {
    test(`${wait} fails at once on ${name}`, async ({ drive }) => {
      const { client } = pod({ run: run('completed', { output_names: ['a'] }), output: reply })
      const { error, ms } = await drive(begin(client))
      assert.instance(error, Type)
      assert.is(error.runId, wait === 'waitForOutput' ? undefined : RUN)
      assert.is(ms, 0)
    })
  }
}

for (const [wait, begin] of Object.entries(waits)) {
  test(`${wait}: a 404 of getRun is the end`, async ({ drive }) => {
    const { error, ms } = await drive(begin(pod({ run: failure(404) }).client))
    assert.instance(error, HttpError)
    assert.is(error.status, 404)
    assert.is(error.runId, RUN)
    assert.is(ms, 0)
  })
  test(`${wait} waits out a 408 and a 425: they are about the request, not the run`, async ({ drive }) => {
    for (const status of [408, 425]) {
      const { client, log } = pod({ run: [failure(status), failure(status), run('failed')] })
      const { error, ms } = await drive(begin(client))
      // `watchRun` gives a failed run as its last.
      assert.ok(error === undefined || error instanceof RunError)
      assert.is(ms, 2000)
      assert.equal(
        log.lines.map(({ level, fields }) => `${level} ${fields?.status}`),
        [`warn ${status}`, `warn ${status}`, 'debug 200'],
      )
    }
  })
  test(`${wait}: an envelope that says it is an error is an answer, and the end`, async ({ drive }) => {
    const { client } = pod({ run: [run('running'), json({ status: 'error', errors: ['Run not found'] })] })
    const { error, ms } = await drive(begin(client))
    assert.instance(error, ResponseError)
    assert.match(error.message, 'Run not found')
    assert.is(error.runId, RUN)
    assert.is(ms, 1000)
  })
}

test('a failure that has passed is no cause of the time-out', async ({ drive }) => {
  const { client } = pod({ run: [failure(500), run('running')] })
  const { error } = await drive(waits.waitForRun!(client, { timeoutMs: 5000 }))
  assert.is(error.cause, undefined)
  assert.not('cause' in error)
})

test('a failure that is waited out is a warning; the last one is an error', async ({ drive }) => {
  const { client, log } = pod({ run: [failure(500), run('running'), failure(503), failure(401)] })
  await drive(waits.waitForRun!(client))
  assert.equal(
    log.lines.map(({ level, fields }) => `${level} ${fields?.status}`),
    ['warn 500', 'debug 200', 'warn 503', 'error 401'],
  )
  assert.is(log.lines[3]?.message, `GET /api/v1/runs/${RUN} ERR_FLOWSCALE_HTTP`)
  assert.is(log.lines[3]?.fields?.path, `/api/v1/runs/${RUN}`)
})

test('a failure is logged once', async ({ drive }) => {
  let asked = 0
  const headers = () => (asked++ ? { 'bad name': 'x' } : {})
  const { client, log } = pod({ run: failure(503) })
  const { error } = await drive(waits.waitForRun!(client, { headers }))
  assert.is(error.code, 'ERR_FLOWSCALE_ARGUMENT')
  assert.equal(pluck(log.lines, 'level'), ['warn'])
})

test('a 404 that means not yet is a warning', async ({ drive }) => {
  const { client, log } = pod({ output: [failure(404), failure(408)] })
  await drive(waitForOutput(client, 'a'))
  assert.equal(
    log.lines.map(({ level, fields }) => `${level} ${fields?.status}`),
    ['warn 404', 'warn 408'],
  )
})

test('a first 404 of getRun that came too early does not hide a failed run', async ({ clock }) => {
  let asked = 0
  const fetch: Fetch = async (_, { method }) => {
    if (method === 'POST') return ok({ run_id: RUN, output_names: ['a'] })
    return asked++ ? ok({ _id: RUN, status: 'failed', error: 'boom' }) : json({}, { status: 404 })
  }
  const wait = executeWorkflowAsync(clientWith(fetch, { maxRetries: 0 }), 'w', {}).catch((error) => error)
  await clock.tickAsync(15_000)
  assert.is((await wait).code, 'ERR_FLOWSCALE_RUN')
})
