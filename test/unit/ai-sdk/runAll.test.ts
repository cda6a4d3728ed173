// What a call of the AI SDK costs when it fails: no run is started twice, none goes on unwanted, none is lost.
import { inspect } from 'node:util'
import {
  ArgumentError,
  FlowScaleError,
  HttpError,
  isFlowScaleError,
  NetworkError,
  RunError,
  TimeoutError,
} from '@flowscale/client'
import { AISDKError, APICallError, type ImageModel, NoSuchModelError, RetryError } from 'ai'
import { assert, rejects, throws } from '#test'
import { pluck } from '../../support/pluck.ts'
import { until } from '../../support/until.ts'
import { generate, map, messagesOf, openStudio, studio, suiteWithStudio } from './openStudio.ts'

const test = suiteWithStudio('money of the AI SDK')

/** A value that a promise rejects with, which may be any. */
const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.unreachable('it must fail'),
    (reason: unknown) => reason,
  )
/** A model of a client without retries. */
const once = (settings?: object): ImageModel =>
  studio.connect({ maxRetries: 0 }).v3.image('p4int', settings) as ImageModel
const firstRun = () => studio.emulator.ledger.runs[0]!.runId

for (const kind of ['reset-late', 'http-503-late', 'http-504', 'empty', 'reset-midway'] as const) {
  test(`${kind} in answer to the POST: the AI SDK does not call again`, async () => {
    studio.spoil('executeWorkflow', kind)
    const fields = { isRetryable: false, maybeSubmitted: true }
    const error = await rejects(generate({ maxRetries: 2 }), FlowScaleError, fields)
    assert.ok(APICallError.isInstance(error), 'of the AI SDK')
    assert.ok(AISDKError.isInstance(error))
    assert.ok(isFlowScaleError(error), 'and of the client')
    assert.ok(String((error as unknown as APICallError).url).startsWith(studio.client.baseUrl))
    assert.is(studio.started(), 1)
  })
}

test('a 429 says that nothing was started: the AI SDK calls again', async () => {
  studio.spoil('executeWorkflow', 'http-429-seconds', ({ number }) => number === 1)
  const model = once({ map })
  const fields = { isRetryable: true, statusCode: 429 }
  const error: any = await rejects(generate({ model, maxRetries: 0 }), HttpError, fields)
  assert.ok(Number(error.responseHeaders['retry-after']) >= 0, 'the AI SDK waits so long')
  assert.is(studio.started(), 0)
  assert.is((await generate({ model, maxRetries: 1 })).images.length, 1)
  assert.is(studio.started(), 1)
})

test('a 425 in answer to the POST says nothing of the kind', async () => {
  studio.spoil('executeWorkflow', 'http-425')
  await rejects(generate(), HttpError, { statusCode: 425, isRetryable: false })
})

test('a server that lists no workflow now is asked again; nothing was started', async () => {
  studio.spoil('getWorkflows', 'http-500')
  await rejects(generate({ model: once(), maxRetries: 0 }), HttpError, { isRetryable: true })
  assert.is(studio.started(), 0)
})

test('a run that failed is not run again', async () => {
  const error: any = await rejects(generate({ prompt: 'fail' }), RunError, { isRetryable: false })
  assert.not.ok(RetryError.isInstance(error))
  assert.equal([error.runId, error.data], [firstRun(), { runIds: [firstRun()] }])
  assert.is(studio.started(), 1)
})

test('one of three fails: the two that were paid for come, and a warning', async () => {
  const { images, warnings, providerMetadata } = await generate({ n: 3, seed: 12 })
  assert.is(images.length, 2)
  assert.equal(pluck(providerMetadata.flowscale!.images as any[], 'seed'), [12, 14])
  assert.is(messagesOf(warnings).length, 1)
  assert.is(studio.started(), 3)
})

test('all fail, one of them after it was submitted: no call again', async () => {
  studio.spoil('executeWorkflow', 'http-429-seconds', ({ number }) => number === 1)
  const failing = generate({ model: once({ map, concurrency: 1 }), prompt: 'fail', n: 2 })
  const error = await rejects(failing, RunError, { isRetryable: false })
  assert.is(error.runId, firstRun(), 'the error of the run that was paid for')
  assert.is(studio.started(), 1)
})

test('an abort cancels the runs and comes back as it is', async () => {
  const controller = new AbortController()
  const submitted: string[] = []
  const onSubmitted = (_: number, runId: string) => submitted.push(runId)
  const call = reasonOf(generate({ n: 2, abortSignal: controller.signal }, { onSubmitted }, 'h3ld'))
  await until(() => submitted.length === 2)
  controller.abort()
  assert.is(await call, controller.signal.reason)
  for (const runId of submitted) assert.is(studio.state(runId), 'cancelled')
  assert.is(studio.started(), 2)
})

test('an abort while the POST is on its way cancels the run that it started', async () => {
  const controller = new AbortController()
  studio.plan = ({ operation }) => {
    if (operation === 'executeWorkflow') controller.abort()
    return undefined
  }
  const call = generate({ abortSignal: controller.signal }, {}, 'h3ld')
  assert.is(await reasonOf(call), controller.signal.reason)
  assert.is(studio.state(), 'cancelled')
  assert.is(studio.started(), 1)
})

test('an abort whose submission gets no answer says that a run may have been started', async () => {
  const controller = new AbortController()
  studio.plan = ({ operation, number }) => {
    if (operation !== 'executeWorkflow' || number < 2) return undefined
    controller.abort()
    return 'reset-late'
  }
  const model = studio.v3.image('h3ld', { concurrency: 1 })
  const error = await reasonOf(generate({ model, n: 2, abortSignal: controller.signal }))
  assert.ok(error instanceof NetworkError && APICallError.isInstance(error))
  assert.equal([error.maybeSubmitted, (error as any).isRetryable], [true, false])
  assert.equal((error as any).data.runIds, [firstRun()])
  assert.equal([studio.state(firstRun()), studio.started()], ['cancelled', 2])
})

test('cancelOn never leaves the run alone; undefined is as left out', async () => {
  for (const [cancelOn, state] of [
    ['never', 'running'],
    [undefined, 'cancelled'],
  ] as const) {
    const controller = new AbortController()
    let started = ''
    const onSubmitted = (_: number, runId: string) => {
      started = runId
      controller.abort('enough')
    }
    const call = generate({ abortSignal: controller.signal }, { cancelOn, onSubmitted }, 'h3ld')
    assert.is(await reasonOf(call), 'enough')
    assert.is(studio.state(started), state)
  }
})

test('a wait ends at its limit, with the run', async () => {
  const call = generate({}, { timeoutMs: 50, pollIntervalMs: 10 }, 'h3ld')
  const error = await rejects(call, TimeoutError, { code: 'ERR_FLOWSCALE_TIMEOUT', isRetryable: false })
  studio.release()
  const { outputs } = await (error as any).resume({ timeoutMs: 30_000 })
  assert.is(outputs.length, 1)
  assert.is(studio.started(), 1)
})

test('an error of a callback comes back as it is, and is not taken for one to call again', async () => {
  const wrong = new NetworkError('the database got no answer', { status: 0 })
  const onSubmitted = () => {
    throw wrong
  }
  const onProgress = onSubmitted
  for (const callbacks of [{ onSubmitted }, { onProgress }]) {
    assert.is(await reasonOf(generate({}, callbacks)), wrong)
    assert.not.ok((wrong as { isRetryable?: boolean }).isRetryable)
  }
  assert.is(studio.started(), 2, 'one for each call')
})

test('an output that breaks off is fetched again; one that always does carries the run', async () => {
  let breaks = 1
  studio.spoil('downloadOutput', 'reset-midway', () => breaks-- > 0)
  assert.is((await generate()).images.length, 1)
  breaks = Number.POSITIVE_INFINITY
  const error = await rejects(generate(), NetworkError, { isRetryable: false })
  assert.is(error.runId, studio.emulator.ledger.runs[1]!.runId)
  assert.is(studio.started(), 2)
})

test('an output that breaks off where a runtime puts the signed link into its error', async () => {
  const { v3 } = studio.connect({
    async fetch(url, init) {
      const response = await fetch(url, init)
      if (!String(url).includes('signature=')) return response
      const start = (controller: ReadableStreamDefaultController) =>
        controller.error(Object.assign(new TypeError('broken'), { path: String(url) }))
      return new Response(new ReadableStream({ start }), { headers: { 'content-type': 'image/png' } })
    },
  })
  const error = await rejects(generate({ model: v3.image('p4int', { map }) }), NetworkError)
  assert.not.match(inspect(error, { showHidden: true, depth: null }), /signature=/)
})

test('an output that stalls ends at the limit', async () => {
  studio.spoil('downloadOutput', 'hang-body')
  const error = await rejects(generate({}, { timeoutMs: 500, pollIntervalMs: 10 }), TimeoutError)
  assert.is(error.runId, firstRun())
})

test('settings that are undefined are as those left out, and a limit may be of any size', async () => {
  for (const timeoutMs of [undefined, Number.POSITIVE_INFINITY, 2 ** 33, 30_000.5]) {
    assert.is((await generate({}, { timeoutMs, onProgress: undefined })).images.length, 1)
  }
})

test('an error of a callback that the AI SDK would call again for: no second run', async () => {
  const busy = new APICallError({ message: 'busy', url: 'x:', requestBodyValues: {}, isRetryable: true })
  const wrong = () => {
    throw busy
  }
  for (const callbacks of [{ onSubmitted: wrong }, { onProgress: wrong }]) {
    await rejects(generate({}, callbacks), Error, { cause: busy, isRetryable: undefined })
  }
  assert.is(studio.started(), 2, 'one for each call')
})

test('a callback that throws what another call of ours ended with: no second run', async () => {
  studio.spoil('getWorkflows', 'http-500')
  const other = () => generate({ model: once(), maxRetries: 0 })
  for (const callbacks of [{ onSubmitted: other }, { onProgress: other }]) {
    const error = await rejects(generate({}, callbacks), Error, { isRetryable: undefined })
    assert.instance(error.cause, HttpError)
  }
  assert.is(studio.started(), 2, 'one for each call')
})

test('one of two outputs of a run breaks off: the other comes, and a warning with the run', async () => {
  let spoilt = ''
  studio.spoil('downloadOutput', 'reset-early', ({ target }) => {
    if (target.endsWith('.png')) spoilt ||= target
    return target === spoilt
  })
  const { images, warnings } = await generate({}, { map: { prompt: 'prompt' } }, 'n0seed')
  assert.is(images.length, 1)
  assert.match(messagesOf(warnings).join(), firstRun())
})

test('a warning names the run that goes on, and says where one may have been started', async () => {
  studio.spoil('executeWorkflow', 'reset-late', ({ number }) => number === 2)
  const lost = await generate({ n: 2 }, { concurrency: 1 })
  assert.match(messagesOf(lost.warnings).join(), 'may have been started')
  const ids: string[] = []
  const { warnings } = await generate(
    { seed: 1, n: 2 },
    {
      ...{ timeoutMs: 1500, pollIntervalMs: 10, concurrency: 1 },
      onSubmitted: (_, runId) => ids.push(runId),
    },
    'h3ld',
  )
  assert.match(messagesOf(warnings).join(), ids[1]!)
})

test('a run without an image: the error names its outputs', async () => {
  const error = await rejects(generate({}, {}, 'cl1p'), FlowScaleError, { isRetryable: false })
  assert.match(error.message, '.mp4')
  assert.is((error as RunError).runId, firstRun())
  assert.is(studio.started(), 1, 'the AI SDK takes no empty list for a reason to call again')
})

test('bad input costs no request, and says what to do', async () => {
  const refused = async (call: () => Promise<unknown>) => {
    const fields = { code: 'ERR_FLOWSCALE_ARGUMENT' }
    const error = await rejects(Promise.resolve().then(call), ArgumentError, fields)
    assert.ok(AISDKError.isInstance(error))
  }
  const files = { prompt: { text: 'x', images: [new Uint8Array(4), new Uint8Array(4)] } }
  const sides = { ...map, width: 'width', height: 'height' }
  for (const [names, call] of [
    [{}, {}],
    [map, files],
    [{ ...map, image: ['image'] }, files],
    [map, { seed: 1.5 }],
    [map, { seed: Number.MAX_SAFE_INTEGER, n: 2 }],
    [map, { n: 1.5 }],
    ...['large', '8', '8X9', '8x9x10'].map((size) => [sides, { size }] as const),
    [map, { providerOptions: { flowscale: { input: {} } } }],
    [map, { providerOptions: { flowscale: { inputs: [] } } }],
  ] as const) {
    await refused(() => generate(call as object, { map: names }))
  }
  for (const [workflow, settings] of [
    [''],
    [{}],
    ['p4int', null],
    ['p4int', { maps: {} }],
    ['p4int', { map: { promt: 'x' } }],
    ['p4int', { map: { prompt: ['x'] } }],
    ['p4int', { map: { image: [] } }],
  ] as const) {
    await refused(async () => studio.v3.image(workflow as string, settings as object))
  }
  assert.is(studio.emulator.stats.requests, 0)
})

test('a workflow that the server does not list, or a server without a list: give a map', async () => {
  await rejects(generate({ model: studio.v3.image('m1ssing') }), ArgumentError)
  const other = await openStudio({ dialect: 'openapi' })
  const fields = { statusCode: 404, isRetryable: false }
  await rejects(generate({ model: other.v3.image('p4int') }), HttpError, fields)
  await other.close()
})

test('there are no language models', () => {
  for (const name of ['languageModel', 'embeddingModel'] as const) {
    const error = throws(() => studio.v3[name]('gpt'), ArgumentError, { modelType: name })
    assert.ok(NoSuchModelError.isInstance(error))
  }
})
