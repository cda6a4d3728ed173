// Submissions with a key: what is sent again, and what the ledger of a real server shows then.
import { openAsBlob } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ArgumentError,
  type ClientOptions,
  createClient,
  executeWorkflow,
  HttpError,
  idempotency,
  idempotencyWhereKept,
  keepsKeys,
  NetworkError,
  toFile,
} from '@flowscale/client'
import { executeMany } from '@flowscale/client/poller'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, rejects, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { clientWith } from '../../../support/clientWith.ts'
import { type Answer, json, ok, rejection } from '../../../support/fakes.ts'
import { listen } from '../../../support/listen.ts'
import { readBody, readParts } from '../../../support/multipart.ts'

const test = suite('idempotency')
const started = ok({ run_id: 'r' })
const kept = (): Response => json({ status: 'success', data: [] }, { headers: { 'x-idempotency': 'kept' } })
const reset = new TypeError('reset')
const status = (code: number, headers = {}) => json({ status: 'error' }, { status: code, headers })

/** A server that answers the POSTs in turn, the last answer for ever, and all GETs by `health`. */
function podOf(posts: readonly Answer[], health: () => Response | Promise<Response> = kept) {
  const keys: (string | null)[] = []
  let asked = 0
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    init.signal?.throwIfAborted()
    if (init.method === 'GET') {
      asked++
      return health()
    }
    const answer = posts[Math.min(keys.length, posts.length - 1)]!
    keys.push(new Headers(init.headers).get('idempotency-key'))
    if (answer instanceof Error) throw answer
    return answer instanceof Response ? answer.clone() : answer(new URL(url), init)
  }
  const make = (more: Partial<ClientOptions> = {}) =>
    clientWith(fetch, { idempotency, retryDelayMs: 1, ...more })
  return { keys, make, asked: () => asked }
}

const broken: [string, Answer][] = [
  ['a reset', reset],
  ['a 408', status(408)],
  ['a 500', status(500)],
  ['a 503 with Retry-After', status(503, { 'retry-after': '0' })],
  ['a page', new Response('<html>')],
  ['a result without an id', ok({})],
]

test('an unclear answer: the same key again, once the server says that it keeps keys', async () => {
  const keys = new Set<string | null>()
  for (const [what, answer] of broken) {
    const pod = podOf([answer, answer, started])
    const { data } = await executeWorkflow(pod.make(), 'w', { a: 'b' })
    assert.equal([data.run_id, pod.keys.length, pod.asked()], ['r', 3, 2], what)
    assert.is(new Set(pod.keys).size, 1, what)
    assert.match(pod.keys[0]!, /^[\w-]{36}$/)
    keys.add(pod.keys[0]!)
  }
  assert.is(keys.size, broken.length, 'a key for each submission')
})

test('a server that does not say so, or no answer to the question: nothing is sent again', async () => {
  for (const health of [
    () => ok([]),
    () => status(404),
    () => status(500),
    () => json({ status: 'success', data: [] }, { headers: { 'x-idempotency': 'unknown' } }),
    () => Promise.reject(reset),
  ]) {
    for (const [what, answer] of broken) {
      const pod = podOf([answer, started], health)
      const error = await rejection(executeWorkflow(pod.make(), 'w', { a: 'b' }, { groupId: 'g' }))
      assert.equal([error.maybeSubmitted, error.groupId, pod.keys], [true, 'g', [error.idempotencyKey]], what)
    }
  }
  const pod = podOf([reset])
  await rejects(executeWorkflow(pod.make({ idempotency: undefined }), 'w', {}), NetworkError)
  assert.equal([pod.keys, pod.asked()], [[null], 0], 'without the option')
})

test('after one unclear attempt nothing clears maybeSubmitted, and maxRetries counts all attempts', async () => {
  const throws = () => {
    throw new Error('no token')
  }
  const rows: [string, Answer[], number, number][] = [
    ['a 429 again and again', [reset, status(429, { 'retry-after': '0' })], 4, 429],
    ['a refused key', [status(500), status(401)], 2, 401],
    ['other inputs', [status(500), status(422)], 2, 422],
    ['a reset again and again', [reset], 4, 0],
    ['a pause that is too long', [status(503, { 'retry-after': '31' })], 1, 503],
  ]
  for (const [what, posts, sent, code] of rows) {
    const pod = podOf(posts)
    const error = await rejection(executeWorkflow(pod.make(), 'w', {}, { groupId: 'g' }))
    const { maybeSubmitted, workflowId, groupId, submittedAt, idempotencyKey } = error
    assert.is(error.status, code, what)
    assert.equal([maybeSubmitted, workflowId, groupId, pod.keys.length], [true, 'w', 'g', sent], what)
    assert.instance(submittedAt, Date)
    assert.is(idempotencyKey, pod.keys[0])
  }
  // What was surely refused is no submission.
  const pod = podOf([status(429, { 'retry-after': '0' }), status(401)])
  const error = await rejection(executeWorkflow(pod.make(), 'w', {}))
  assert.equal([error.status, error.maybeSubmitted, pod.asked()], [401, undefined, 0])
  // The headers of the caller may fail before the second attempt.
  let calls = 0
  const again = podOf([reset, started])
  // The question calls them, too.
  const headers = () => (++calls > 2 ? throws() : {})
  await rejects(executeWorkflow(again.make(), 'w', {}, { headers }), NetworkError, { maybeSubmitted: true })
  // An abort throws its reason, as always.
  const reason = new Error('enough')
  const controller = new AbortController()
  const stopped = podOf([reset], () => {
    controller.abort(reason)
    return kept()
  })
  const { signal } = controller
  assert.is(await rejection(executeWorkflow(stopped.make(), 'w', {}, { signal })), reason)
})

test('a key of your own: only to a server that keeps it; no second key by a header', async () => {
  const pod = podOf([started])
  await executeWorkflow(pod.make(), 'w', {}, { idempotencyKey: 'order-1' })
  assert.equal([pod.keys, pod.asked()], [['order-1'], 1])
  const options = { idempotencyKey: 'order-1' }
  const other = podOf([started], () => ok([]))
  await rejects(executeWorkflow(other.make(), 'w', {}, options), ArgumentError)
  await rejects(
    executeWorkflow(other.make({ idempotency: idempotencyWhereKept() }), 'w', {}, options),
    ArgumentError,
  )
  await rejects(executeWorkflow(other.make({ idempotency: undefined }), 'w', {}, options), ArgumentError)
  await rejects(executeWorkflow(pod.make(), 'w', {}, { idempotencyKey: 'ö\n' }), ArgumentError)
  const headers = { 'idempotency-KEY': 'x' }
  await rejects(executeWorkflow(pod.make(), 'w', {}, { headers }), ArgumentError)
  await rejects(
    (async () => createClient({ baseUrl: 'http://pod.test', idempotency: true as never }))(),
    ArgumentError,
    { message: 'idempotency must be imported from this package' },
  )
  assert.equal([pod.keys.length, other.keys.length], [1, 0])
})

test('where kept: the server is asked once, and a key goes only where it is kept', async () => {
  const cases: [string, () => Response | Promise<Response>, number, boolean][] = [
    ['kept', kept, 1, true],
    ['a pod', () => ok([]), 1, false],
    ['a proxy without health', () => status(403), 1, false],
    ['a failure', () => status(500), 3, false],
    ['too many requests', () => status(429), 3, false],
    ['no answer', () => Promise.reject(reset), 3, false],
  ]
  for (const [what, health, asked, has] of cases) {
    const pod = podOf([started], health)
    const client = pod.make({ idempotency: idempotencyWhereKept() })
    for (let index = 0; index < 3; index++) await executeWorkflow(client, 'w', {})
    assert.equal([pod.asked(), pod.keys.map(Boolean)], [asked, Array(3).fill(has)], what)
  }
  // A server that lost its queue.
  const health = [kept(), ok([])]
  const lost = podOf([status(400), started], () => health.shift()!)
  const poor = lost.make({ idempotency: idempotencyWhereKept() })
  await rejects(executeWorkflow(poor, 'w', {}), HttpError, { status: 400 })
  for (let index = 0; index < 2; index++) await executeWorkflow(poor, 'w', {})
  assert.equal([lost.asked(), lost.keys.map(Boolean)], [2, [true, false, false]])
  // The inputs are those of the moment of the call.
  const bodies: unknown[] = []
  const pod = podOf([
    (_, init) => {
      bodies.push((init.body as FormData).get('seed'))
      return started.clone()
    },
  ])
  const client = pod.make({ idempotency: idempotencyWhereKept() })
  const inputs = { seed: 0 }
  const all = [1, 2, 3].map((seed) => executeWorkflow(client, 'w', Object.assign(inputs, { seed })))
  await Promise.all(all)
  assert.equal([bodies, pod.asked()], [['1', '2', '3'], 1])
})

test('the body is read again whole: texts, bytes, Blobs and files on the disk; a stream is never taken', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flowscale-again-'))
  const forms: string[][] = []
  const server = await listen(async (request, response) => {
    response.setHeader('x-idempotency', 'kept')
    if (request.method === 'GET') return void response.end('{"status":"success","data":[]}')
    const parts = readParts(await readBody(request), request.headers['content-type'])
    forms.push(parts.map((part) => JSON.stringify(part)))
    if (forms.length < 3) request.socket.destroy()
    else response.end('{"status":"success","data":{"run_id":"r"}}')
  })
  try {
    await writeFile(join(folder, 'a.bin'), new Uint8Array(3000).fill(7))
    const client = createClient({ baseUrl: server.url, apiKey: CANARY, idempotency, retryDelayMs: 1 })
    const bytes = new Uint8Array([1, 2, 3])
    const sent = executeWorkflow(client, 'w', {
      text: 'a\nb',
      bytes,
      blob: new Blob(['in memory']),
      file: toFile(await openAsBlob(join(folder, 'a.bin')), 'a.bin'),
    })
    // The form is of the moment of the call.
    bytes.fill(9)
    await sent
    assert.is(forms.length, 3)
    assert.equal([forms[1], forms[2]], [forms[0], forms[0]])
    assert.is(forms[0]!.length, 4)
    const stream = { a: new Blob(['x']).stream() as never }
    await rejects(executeWorkflow(client, 'w', stream), ArgumentError)
  } finally {
    await server.close()
    await rm(folder, { recursive: true })
  }
})

test('the ledger of a server: one run, whatever became of the answers', async () => {
  const late = ['reset-late', 'http-503-late', 'truncated', 'html', 'empty', 'missing-fields'] as const
  let fault = 0
  const emulator = createEmulator({
    apiKey: CANARY,
    faults: {
      plan: ({ operation }) => (operation === 'executeWorkflow' ? late[fault++] : undefined),
    },
  })
  const server = await serve(emulator)
  try {
    const client = createClient({ baseUrl: server.url, apiKey: CANARY, idempotency, retryDelayMs: 1 })
    assert.is(await keepsKeys(client), true)
    const options = { maxRetries: late.length }
    const { data } = await executeWorkflow(client, 't3xtwr1ter00', { prompt: 'a fox' }, options)
    assert.equal(
      emulator.ledger.runs.map(({ runId }) => runId),
      [data.run_id],
    )
    // All attempts end without an answer: the key of the error gets the run.
    fault = 0
    const inputs = { prompt: 'a bird' }
    const error = await rejection(
      executeWorkflow(client, 't3xtwr1ter00', inputs, { groupId: 'g', maxRetries: 1 }),
    )
    fault = late.length
    const { idempotencyKey } = error
    const again = await executeWorkflow(client, 't3xtwr1ter00', inputs, { groupId: 'g', idempotencyKey })
    assert.equal(
      emulator.ledger.runs.map(({ runId }) => runId),
      [data.run_id, again.data.run_id],
    )
  } finally {
    await server.close()
    emulator.close()
  }
})

test('executeMany with keys: no group is looked into, and a server without keys gets nothing', async () => {
  const health: Response[] = [kept(), ok([])]
  const pod = podOf([started, reset, started], () => health.shift() ?? kept())
  const client = pod.make()
  const groupId = (index: number) => `job/${index}`
  const run = { _id: 'r', status: 'completed', outputs: [] }
  const onSubmitted: number[] = []
  const options = { groupId, idempotencyKey: groupId, concurrency: 1, pollIntervalMs: 1 }
  health.splice(0, 2, kept(), kept(), ok(run), ok(run), ok(run), ok(run), ok(run))
  const results = await executeMany(client, 'w', [{}, {}], {
    ...options,
    onSubmitted: (index) => onSubmitted.push(index),
  })
  assert.equal(
    results.map(({ runId }) => runId),
    ['r', 'r'],
  )
  assert.equal(
    [onSubmitted, pod.keys],
    [
      [0, 1],
      ['job/0', 'job/1', 'job/1'],
    ],
  )

  const other = podOf([started], () => ok([]))
  const refused = await executeMany(other.make(), 'w', [{}, {}], options)
  for (const result of refused) assert.instance((result as { reason?: unknown }).reason, ArgumentError)
  assert.equal([other.asked(), other.keys], [2, []])
  await rejects(executeMany(other.make({ idempotency: undefined }), 'w', [], options), ArgumentError)
  // A question without an answer is asked again, for the next item.
  const headers = { 'x-idempotency': 'kept' }
  const away = podOf([started], () =>
    away.asked() > 1 ? json({ status: 'success', data: run }, { headers }) : status(500),
  )
  const back = await executeMany(away.make({ maxRetries: 0 }), 'w', [{}, {}], options)
  assert.equal(
    back.map(({ status }) => status),
    ['rejected', 'fulfilled'],
  )
  const wrong = await executeMany(client, 'w', [{}], { ...options, idempotencyKey: () => '' })
  assert.instance((wrong[0] as { reason?: unknown }).reason, ArgumentError)
})
