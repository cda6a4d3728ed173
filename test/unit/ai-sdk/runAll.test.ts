// What a call of the AI SDK costs when it fails: no run is started twice, none goes on unwanted, none is lost.
import { inspect } from 'node:util'
import { isFlowScaleError, NetworkError } from '@flowscale/client'
import { AISDKError, APICallError, generateImage, NoSuchModelError, RetryError } from 'ai'
import { assert, suite } from '#test'
import { assertNoCanary } from '../../support/canary.ts'
import { pluck } from '../../support/pluck.ts'
import { until } from '../../support/until.ts'
import { openStudio, type Studio } from './openStudio.ts'

const test = suite('money of the AI SDK')
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })
const map = { prompt: 'prompt', seed: 'seed' }
let studio: Studio
test.after.each(() => studio.close())

/** What a call ends with; it must fail. */
async function failing(call: Promise<unknown>): Promise<any> {
  const error = await call.then(
    () => assert.unreachable('it must fail'),
    (error) => error,
  )
  assertNoCanary(error)
  return error
}

const started = () => studio.emulator.ledger.runs.length

for (const kind of ['reset-late', 'http-503-late', 'http-504', 'empty', 'reset-midway'] as const) {
  test(`${kind} in answer to the POST: the AI SDK does not call again`, async () => {
    studio = await openStudio({
      faults: { plan: ({ operation }) => (operation === 'executeWorkflow' ? kind : undefined) },
    })
    const error = await failing(
      generateImage({ model: studio.v3.image('p4int', { map }), prompt: 'a fox', maxRetries: 2 }),
    )
    assert.ok(APICallError.isInstance(error), 'of the AI SDK')
    assert.ok(AISDKError.isInstance(error))
    assert.ok(isFlowScaleError(error), 'and of the client')
    assert.is(error.isRetryable, false)
    assert.is(error.maybeSubmitted, true)
    assert.ok(String((error as APICallError).url).startsWith(studio.client.baseUrl))
    assert.is(started(), 1)
  })
}

test('a 429 says that nothing was started: the AI SDK calls again', async () => {
  studio = await openStudio(
    {
      faults: {
        plan: ({ operation, number }) =>
          operation === 'executeWorkflow' && number === 1 ? 'http-429-seconds' : undefined,
      },
    },
    { maxRetries: 0 },
  )
  const model = studio.v3.image('p4int', { map })
  const error = await failing(generateImage({ model, prompt: 'a fox', maxRetries: 0 }))
  assert.is(error.isRetryable, true)
  assert.is(error.statusCode, 429)
  assert.ok(Number(error.responseHeaders['retry-after']) >= 0, 'the AI SDK waits so long')
  assert.is(started(), 0)
  const { images } = await generateImage({ model, prompt: 'a fox', maxRetries: 1 })
  assert.is(images.length, 1)
  assert.is(started(), 1)
})

test('a 425 in answer to the POST says nothing of the kind', async () => {
  studio = await openStudio({
    faults: { plan: ({ operation }) => (operation === 'executeWorkflow' ? 'http-425' : undefined) },
  })
  const error = await failing(generateImage({ model: studio.v3.image('p4int', { map }), prompt: 'a fox' }))
  assert.equal([error.statusCode, error.isRetryable], [425, false])
})

test('a server that lists no workflow now is asked again; nothing was started', async () => {
  studio = await openStudio(
    { faults: { plan: ({ operation }) => (operation === 'getWorkflows' ? 'http-500' : undefined) } },
    { maxRetries: 0 },
  )
  const error = await failing(generateImage({ model: studio.v3.image('p4int'), prompt: 'x', maxRetries: 0 }))
  assert.is(error.isRetryable, true)
  assert.is(started(), 0)
})

test('a run that failed is not run again', async () => {
  studio = await openStudio()
  const error = await failing(generateImage({ model: studio.v3.image('p4int', { map }), prompt: 'fail' }))
  assert.not.ok(RetryError.isInstance(error))
  assert.match(error.message, 'out of memory')
  assert.is(error.runId, studio.emulator.ledger.runs[0]!.runId)
  assert.equal(error.data, { runIds: [error.runId] })
  assert.is(error.isRetryable, false)
  assert.is(started(), 1)
})

test('one of three fails: the two that were paid for come, and a warning', async () => {
  studio = await openStudio()
  const { images, warnings, providerMetadata } = await generateImage({
    model: studio.v3.image('p4int', { map }),
    ...{ prompt: 'a fox', n: 3, seed: 12 },
  })
  assert.is(images.length, 2)
  assert.equal(pluck(providerMetadata.flowscale!.images as any[], 'seed'), [12, 14])
  assert.match(
    (warnings[0] as { message: string }).message,
    /^A result is missing: Run .+ failed: out of memory$/,
  )
  assert.is(started(), 3)
})

test('all fail, one of them after it was submitted: no call again', async () => {
  studio = await openStudio(
    {
      faults: {
        plan: ({ operation, number }) =>
          operation === 'executeWorkflow' && number === 1 ? 'http-429-seconds' : undefined,
      },
    },
    { maxRetries: 0 },
  )
  const model = studio.v3.image('p4int', { map, concurrency: 1 })
  const error = await failing(generateImage({ model, prompt: 'fail', n: 2 }))
  assert.is(error.isRetryable, false)
  assert.is(error.runId, studio.emulator.ledger.runs[0]!.runId, 'the error of the run that was paid for')
  assert.is(started(), 1)
})

test('an abort cancels the runs and comes back as it is', async () => {
  studio = await openStudio()
  const controller = new AbortController()
  const submitted: string[] = []
  const model = studio.v3.image('h3ld', { map, onSubmitted: (_, runId) => submitted.push(runId) })
  const call = failing(generateImage({ model, prompt: 'a fox', n: 2, abortSignal: controller.signal }))
  await until(() => submitted.length === 2)
  controller.abort()
  assert.is(await call, controller.signal.reason)
  for (const runId of submitted) assert.is(studio.state(runId), 'cancelled')
  assert.is(started(), 2)
})

test('an abort while the POST is on its way cancels the run that it started', async () => {
  const controller = new AbortController()
  studio = await openStudio({
    faults: {
      plan: ({ operation }) => {
        if (operation === 'executeWorkflow') controller.abort()
        return undefined
      },
    },
  })
  const model = studio.v3.image('h3ld', { map })
  const error = await failing(generateImage({ model, prompt: 'a fox', abortSignal: controller.signal }))
  assert.is(error, controller.signal.reason)
  assert.is(studio.state(), 'cancelled')
  assert.is(started(), 1)
})

test('cancelOn never leaves the run alone', async () => {
  studio = await openStudio()
  const controller = new AbortController()
  const onSubmitted = () => controller.abort('enough')
  const model = studio.v3.image('h3ld', { map, cancelOn: 'never', onSubmitted })
  assert.is(await failing(generateImage({ model, prompt: 'x', abortSignal: controller.signal })), 'enough')
  assert.is(studio.state(), 'running')
})

test('a wait ends at its limit, with the run', async () => {
  studio = await openStudio()
  const model = studio.v3.image('h3ld', { map, timeoutMs: 50, pollIntervalMs: 10 })
  const error = await failing(generateImage({ model, prompt: 'a fox' }))
  assert.is(error.code, 'ERR_FLOWSCALE_TIMEOUT')
  assert.is(error.isRetryable, false)
  studio.release()
  const { outputs } = await error.resume({ timeoutMs: 30_000 })
  assert.is(outputs.length, 1)
  assert.is(started(), 1)
})

test('an error of a callback comes back as it is, and is not taken for one to call again', async () => {
  studio = await openStudio()
  const wrong = new NetworkError('the database got no answer', { status: 0 })
  const onSubmitted = () => {
    throw wrong
  }
  const onProgress = onSubmitted
  for (const callbacks of [{ onSubmitted }, { onProgress }]) {
    const model = studio.v3.image('p4int', { map, ...callbacks })
    assert.is(await failing(generateImage({ model, prompt: 'a fox' })), wrong)
    assert.not.ok((wrong as { isRetryable?: boolean }).isRetryable)
  }
  assert.is(started(), 2, 'one for each call')
})

test('an output that breaks off is fetched again; one that always does carries the run', async () => {
  let breaks = 1
  studio = await openStudio({
    faults: {
      plan: ({ operation }) => (operation === 'downloadOutput' && breaks-- > 0 ? 'reset-midway' : undefined),
    },
  })
  const model = studio.v3.image('p4int', { map })
  assert.is((await generateImage({ model, prompt: 'a fox' })).images.length, 1)
  breaks = Number.POSITIVE_INFINITY
  const error = await failing(generateImage({ model, prompt: 'a fox' }))
  assert.is(error.code, 'ERR_FLOWSCALE_NETWORK')
  assert.is(error.runId, studio.emulator.ledger.runs[1]!.runId)
  assert.is(error.isRetryable, false)
  assert.is(started(), 2)
})

test('an output that breaks off where a runtime puts the signed link into its error', async () => {
  studio = await openStudio(
    {},
    {
      async fetch(url, init) {
        const response = await fetch(url, init)
        if (!String(url).includes('signature=')) return response
        const start = (controller: ReadableStreamDefaultController) =>
          controller.error(Object.assign(new TypeError('broken'), { path: String(url) }))
        return new Response(new ReadableStream({ start }), { headers: { 'content-type': 'image/png' } })
      },
    },
  )
  const error = await failing(generateImage({ model: studio.v3.image('p4int', { map }), prompt: 'a fox' }))
  assert.match(error.message, /^Output \S+ broke off$/)
  assert.not.match(inspect(error, { showHidden: true, depth: null }), /signature=/)
})

test('an output that stalls ends at the limit', async () => {
  studio = await openStudio({
    faults: { plan: ({ operation }) => (operation === 'downloadOutput' ? 'hang-body' : undefined) },
  })
  const model = studio.v3.image('p4int', { map, timeoutMs: 500, pollIntervalMs: 10 })
  const error = await failing(generateImage({ model, prompt: 'a fox' }))
  assert.is(error.code, 'ERR_FLOWSCALE_TIMEOUT')
  assert.is(error.runId, studio.emulator.ledger.runs[0]!.runId)
})

test('settings that are undefined are as those left out, and a limit may be of any size', async () => {
  for (const timeoutMs of [undefined, Number.POSITIVE_INFINITY, 2 ** 33, 30_000.5]) {
    studio = await openStudio()
    const model = studio.v3.image('p4int', { map, timeoutMs, onProgress: undefined })
    assert.is((await generateImage({ model, prompt: 'a fox' })).images.length, 1)
    await studio.close()
  }
  studio = await openStudio()
  const controller = new AbortController()
  const onSubmitted = () => controller.abort('enough')
  const model = studio.v3.image('h3ld', { map, cancelOn: undefined, onSubmitted })
  assert.is(await failing(generateImage({ model, prompt: 'x', abortSignal: controller.signal })), 'enough')
  assert.is(studio.state(), 'cancelled')
})

test('an error of a callback that the AI SDK would call again for: no second run', async () => {
  studio = await openStudio()
  const busy = new APICallError({ message: 'busy', url: 'x:', requestBodyValues: {}, isRetryable: true })
  const wrong = () => {
    throw busy
  }
  for (const callbacks of [{ onSubmitted: wrong }, { onProgress: wrong }]) {
    const model = studio.v3.image('p4int', { map, ...callbacks })
    const error = await failing(generateImage({ model, prompt: 'a fox' }))
    assert.is(error.message, 'A callback failed: busy')
    assert.is(error.cause, busy)
  }
  assert.is(started(), 2, 'one for each call')
})

test('a callback that throws what another call of ours ended with: no second run', async () => {
  studio = await openStudio(
    { faults: { plan: ({ operation }) => (operation === 'getWorkflows' ? 'http-500' : undefined) } },
    { maxRetries: 0 },
  )
  const other = () => generateImage({ model: studio.v3.image('p4int'), prompt: 'x', maxRetries: 0 })
  for (const callbacks of [{ onSubmitted: other }, { onProgress: other }]) {
    const model = studio.v3.image('p4int', { map, ...callbacks })
    const error = await failing(generateImage({ model, prompt: 'a fox' }))
    assert.match(error.message, /^A callback failed: GET .+ answered 500/)
  }
  assert.is(started(), 2, 'one for each call')
})

test('one of two outputs of a run breaks off: the other comes, and a warning with the run', async () => {
  let spoilt = ''
  studio = await openStudio({
    faults: {
      plan: ({ operation, target }) => {
        if (operation !== 'downloadOutput' || !target.endsWith('.png')) return undefined
        spoilt ||= target
        return target === spoilt ? 'reset-early' : undefined
      },
    },
  })
  const { images, warnings } = await generateImage({
    model: studio.v3.image('n0seed', { map: { prompt: 'prompt' } }),
    prompt: 'a fox',
  })
  assert.is(images.length, 1)
  const [{ message }] = warnings as any
  assert.match(message, /^A result is missing: GET /)
  assert.ok(message.includes(studio.emulator.ledger.runs[0]!.runId), message)
})

test('a warning names the run that goes on, and says where one may have been started', async () => {
  studio = await openStudio({
    faults: {
      plan: ({ operation, number }) =>
        operation === 'executeWorkflow' && number === 2 ? 'reset-late' : undefined,
    },
  })
  const model = studio.v3.image('p4int', { map, concurrency: 1 })
  const lost = await generateImage({ model, prompt: 'a fox', n: 2 })
  assert.match(
    (lost.warnings[0] as { message: string }).message,
    /^A result is missing: POST .+; the run may have been started$/,
  )
  const ids: string[] = []
  const late = studio.v3.image('h3ld', {
    ...{ map, timeoutMs: 1500, pollIntervalMs: 10, concurrency: 1 },
    onSubmitted: (_, runId) => ids.push(runId),
  })
  const { warnings } = await generateImage({ model: late, prompt: 'a fox', seed: 1, n: 2 })
  const [{ message }] = warnings as any
  assert.is(message, `A result is missing: Workflow execution timed out after 1500ms; the run is ${ids[1]}`)
})

test('a run without an image: the error names its outputs', async () => {
  studio = await openStudio()
  const model = studio.v3.image('cl1p', { map })
  const error = await failing(generateImage({ model, prompt: 'a fox' }))
  assert.match(error.message, /^Run .+ made no image: its outputs are \S+\.mp4$/)
  assert.is(error.runId, studio.emulator.ledger.runs[0]!.runId)
  assert.is(started(), 1, 'the AI SDK takes no empty list for a reason to call again')
})

test('bad input costs no request, and says what to do', async () => {
  studio = await openStudio()
  const refused = async (call: () => Promise<unknown>, message: RegExp) => {
    const error = await failing(Promise.resolve().then(call))
    assert.is(error.code, 'ERR_FLOWSCALE_ARGUMENT', String(error))
    assert.match(error.message, message)
    assert.ok(AISDKError.isInstance(error))
  }
  const { v3 } = studio
  const generate = (map: object, call: object) => () =>
    generateImage({ model: v3.image('p4int', { map }), prompt: 'a fox', ...call })
  const images = [new Uint8Array(4), new Uint8Array(4)]
  await refused(generate({}, {}), /^prompt can't be used: name its input in map\.prompt$/)
  await refused(generate(map, { prompt: { text: 'x', images } }), /^image can't be used/)
  await refused(
    generate({ ...map, image: ['image'] }, { prompt: { text: 'x', images } }),
    /^map\.image names 1 inputs, for 2 files$/,
  )
  await refused(generate(map, { seed: 1.5 }), /^seed must be a whole number up to/)
  await refused(generate(map, { seed: Number.MAX_SAFE_INTEGER, n: 2 }), /^seed must be a whole number up to/)
  await refused(generate(map, { n: 1.5 }), /^n must be a whole number from 1$/)
  const sides = { ...map, width: 'width', height: 'height' }
  for (const size of ['large', '8', '8X9', '8x9x10']) {
    await refused(generate(sides, { size }), /^size must be a width and a height, such as 1024x768$/)
  }
  await refused(
    generate(map, { providerOptions: { flowscale: { input: {} } } }),
    /^providerOptions\.flowscale has no "input"; it has inputs$/,
  )
  await refused(
    generate(map, { providerOptions: { flowscale: { inputs: [] } } }),
    /must be an object of inputs/,
  )
  const make = (workflow: unknown, settings?: unknown) => async () =>
    v3.image(workflow as string, settings as object)
  await refused(make(''), /^workflow must be the id/)
  await refused(make({}), /^workflow must be the id/)
  await refused(make('p4int', null), /^settings must be an object$/)
  await refused(make('p4int', { maps: {} }), /^settings has no "maps"; it has map, /)
  await refused(make('p4int', { map: { promt: 'x' } }), /^map has no "promt"; it has prompt, seed, /)
  await refused(make('p4int', { map: { prompt: ['x'] } }), /^map\.prompt must be the name of an input/)
  await refused(make('p4int', { map: { image: [] } }), /^map\.image must be the name of an input/)
  assert.is(studio.emulator.stats.requests, 0)
})

test('a workflow that the server does not list, or a server without a list: give a map', async () => {
  studio = await openStudio()
  const error = await failing(generateImage({ model: studio.v3.image('m1ssing'), prompt: 'x' }))
  assert.match(error.message, /^The server lists no workflow "m1ssing"/)
  await studio.close()
  studio = await openStudio({ dialect: 'openapi' })
  const none = await failing(generateImage({ model: studio.v3.image('p4int'), prompt: 'x' }))
  assert.is(none.statusCode, 404)
  assert.is(none.isRetryable, false)
})

test('there are no language models', async () => {
  studio = await openStudio()
  for (const name of ['languageModel', 'embeddingModel'] as const) {
    assert.throws(
      () => studio.v3[name]('gpt'),
      (error: unknown) => NoSuchModelError.isInstance(error) && error.modelType === name,
    )
  }
})
