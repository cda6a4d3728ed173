import type { HeadersSource } from '@flowscale/client'
import { waitForOutput, waitForResult, waitForRun } from '@flowscale/client/poller'
import { assert } from '#test'
import { assertNoCanary, CANARY } from '../../../support/canary.ts'
import { json, ok } from '../../../support/fakes.ts'
import { failure, pod, type Reply, RUN, run, waitSuite } from './kit.ts'

const test = waitSuite('secrets in the errors of a wait')
const token = `Bearer ${CANARY}-token`

/** A server that tells all it was sent. */
const echo =
  (make: (told: string) => Response): Reply =>
  (init) =>
    make(JSON.stringify([...new Headers(init.headers)]))

const replies: Record<string, (told: string) => Response> = {
  'a run that failed': (told) =>
    run('failed', { error: told, [told]: told, inputs: [{ path: 'a', value: told }] }),
  'a run that failed with a list': (told) => run('error', { errors: [{ message: told }] }),
  '401': (told) => new Response(told, { status: 401 }),
  '422': (told) => json({ detail: [{ loc: ['header', told], msg: told, type: 'x' }] }, { status: 422 }),
  'an error envelope': (told) => json({ status: 'error', errors: [told] }),
  'a 503 that stays': (told) => json({ status: 'error', errors: [told] }, { status: 503 }),
  'what is no answer': (told) => new Response(told),
  'a redirect': (told) =>
    new Response(null, { status: 302, headers: { location: `http://elsewhere.test/${encodeURI(told)}` } }),
}
const own: Record<string, { client?: HeadersSource; call?: HeadersSource; apiKey?: string | undefined }> = {
  'the key': {},
  'headers of the client': { client: { Authorization: token } },
  'a function of the client': { client: async () => ({ Authorization: token }) },
  'headers of the call': { call: { 'X-Token': token } },
  'a function of the call': { call: () => ({ 'X-Token': token }) },
  'a key that is a header of the call': { apiKey: undefined, call: { 'X-API-KEY': CANARY } },
}

for (const [what, make] of Object.entries(replies)) {
  for (const [from, { client: headers = {}, call, apiKey = CANARY }] of Object.entries(own)) {
    test(`${what} does not show ${from}`, async ({ drive }) => {
      const script = { run: echo(make), output: echo(make), cancel: echo(make) }
      const key = 'apiKey' in own[from]! ? undefined : apiKey
      const { client, log } = pod(script, { headers, apiKey: key })
      const options = { headers: call, timeoutMs: 1500, cancelOn: 'both' as const }
      for (const begin of [waitForRun, waitForResult]) {
        // Looked through for the canary by `drive`.
        const { error } = await drive(begin(client, RUN, options) as Promise<unknown>)
        assert.type(error.code, 'string')
        assertNoCanary(error.cause, 'a cause')
        assertNoCanary(error.cancelError, 'a cancelError')
        assertNoCanary(error.run, 'a run')
        assertNoCanary(error.errors, 'errors')
        if (what.startsWith('a run')) assert.match(error.message, '[redacted]')
      }
      const blind = { ...script, run: failure(404) }
      const client2 = pod(blind, { headers, apiKey: key }).client
      const named = { ...options, outputNames: ['a'] }
      await drive(waitForResult(client2, RUN, named) as Promise<unknown>)
      const { cancelOn: _, ...plain } = options
      await drive(waitForOutput(client2, 'a', plain) as Promise<unknown>)
      assertNoCanary(log.lines, 'the log')
    })
  }
}

test('a short key is a key, under whatever case of its header', async ({ drive }) => {
  const { client } = pod({ run: run('failed', { error: 'the key k3y is bad' }) }, { apiKey: undefined })
  const { error } = await drive(waitForRun(client, RUN, { headers: { 'X-Api-Key': 'k3y' } }))
  assert.equal(error.errors, ['the key [redacted] is bad'])
})

test('the state is the server’s own, and the error has its run without secrets', async ({ drive }) => {
  const { client } = pod({ run: [run('running'), run('failed', { error: 'plain words', team: 'team-7' })] })
  const { error } = await drive(waitForRun(client, RUN))
  assert.equal(error.run, {
    _id: RUN,
    status: 'failed',
    error: 'plain words',
    team: 'team-7',
    inputs: [],
    outputs: [],
  })
})

test('a callback with no headers, or illegal ones: the error shows no values', async ({ drive }) => {
  for (const bad of [null, 'x', { 'a b': CANARY }, { a: `${CANARY}\n` }, { a: Symbol(CANARY) }, { a: 7 }]) {
    const { client, calls } = pod({ run: ok({ status: 'completed' }) })
    const { error } = await drive(waitForRun(client, RUN, { headers: (() => bad) as never }))
    assert.is(error.code, 'ERR_FLOWSCALE_ARGUMENT')
    assert.match(error.message, 'headers')
    assert.is(error.runId, RUN)
    assert.equal(calls, [])
  }
})
