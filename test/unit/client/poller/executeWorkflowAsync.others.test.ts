// A server that starts several runs for one POST: each way to submit names all of them, because all are paid for.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createFlowscale } from '@flowscale/ai-sdk'
import { createClient, type Execution, type TimeoutError } from '@flowscale/client'
import { executeMany, executeWorkflowAsync } from '@flowscale/client/poller'
import { createRunStore, type RunSnapshot } from '@flowscale/client/store'
import { generateImage } from 'ai'
import { encode } from 'fast-png'
import { assert, suite } from '#test'
import { fakeFetch } from '../../../support/fakes.ts'
import { listen } from '../../../support/listen.ts'

const test = suite('a POST that starts several runs')
const png = encode({ width: 1, height: 1, channels: 3, data: new Uint8Array(3) })
let server: Awaited<ReturnType<typeof listen>>
/** Whether the first run has ended. */
let isDone = true

function answer({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(url, server.url)
  if (pathname === '/a.png') return void response.setHeader('content-type', 'image/png').end(png)
  const outputs = [{ filename: 'a.png', url: `${server.url}/a.png` }]
  const answers: Record<string, unknown> = {
    '/api/v1/runs': [{ run_id: 'r1' }, { run_id: 'r2' }, { run_id: 'r3' }],
    '/api/v1/runs/r1': isDone
      ? { _id: 'r1', status: 'completed', outputs }
      : { _id: 'r1', status: 'running', outputs: [] },
  }
  const data = method === 'GET' && pathname === '/api/v1/runs' ? [] : answers[pathname]
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ status: 'success', data }))
}

test.before(async () => {
  server = await listen(answer)
})
test.before.each(() => {
  isDone = true
})
test.after(() => server.close())

const client = () => createClient({ baseUrl: server.url })
const idsOf = (others: readonly Execution[] | undefined) => others?.map(({ run_id }) => run_id)

test('executeWorkflowAsync: onSubmitted, the result, and the result of resume', async () => {
  const told: unknown[] = []
  const onSubmitted = (submission: { others?: readonly Execution[] }) => told.push(idsOf(submission.others))
  const result = await executeWorkflowAsync(client(), 'w', {}, { onSubmitted })
  assert.equal(told, [['r2', 'r3']])
  assert.equal(idsOf(result.others), ['r2', 'r3'])
  isDone = false
  const late: TimeoutError = await executeWorkflowAsync(client(), 'w', {}, { maxPolls: 1 }).catch(
    (error) => error,
  )
  isDone = true
  assert.equal(idsOf((await late.resume!()).others), ['r2', 'r3'])
})

test('executeWorkflowAsync: no field without other runs', async () => {
  const submitted = { status: 'success', data: { run_id: 'r1' } }
  const ended = { status: 'success', data: { _id: 'r1', status: 'completed', outputs: [{ url: 'x' }] } }
  const fetch = fakeFetch(Response.json(submitted), Response.json(ended))
  const told: object[] = []
  const one = createClient({ baseUrl: server.url, fetch })
  const onSubmitted = (submission: object) => told.push(submission)
  told.push(await executeWorkflowAsync(one, 'w', {}, { onSubmitted }))
  assert.equal(
    told.map((fields) => 'others' in fields),
    [false, false],
  )
})

test('executeMany: the third argument of onSubmitted, and each result', async () => {
  const told: unknown[] = []
  const onSubmitted = (index: number, runId: string, others?: readonly Execution[]) =>
    told.push([index, runId, idsOf(others)])
  const [result] = await executeMany(client(), 'w', [{}], { onSubmitted })
  assert.equal(told, [[0, 'r1', ['r2', 'r3']]])
  assert.equal(idsOf(Object(result).value?.others), ['r2', 'r3'])
})

test('the store: each state from the submission on', async () => {
  const store = createRunStore(client(), { storage: null })
  const seen: RunSnapshot[] = []
  const ended = new Promise<void>((resolve) => {
    store.subscribe(() => {
      seen.push(store.getSnapshot())
      if (store.getSnapshot().status === 'completed') resolve()
    })
  })
  await store.start('w', {})
  await ended
  const states = seen.filter(({ runId }) => runId)
  assert.equal(states.at(-1)!.status, 'completed')
  for (const state of states) assert.equal(idsOf(Object(state).others), ['r2', 'r3'], state.status)
  store.close()
})

test('the AI SDK: the metadata of an image', async () => {
  const { image } = createFlowscale(client())
  const { providerMetadata } = await generateImage({
    model: image('w', { map: { prompt: 'p' } }),
    prompt: 'a',
  })
  assert.equal(Object(providerMetadata.flowscale!.images[0]).others, ['r2', 'r3'])
})
