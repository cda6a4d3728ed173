// Workflows as video models: by the AI SDK 6 itself, and the start and status that AI SDK 7 calls.
import { createFlowscale, type VideoOperation } from '@flowscale/ai-sdk'
import { createClient } from '@flowscale/client'
import { AISDKError, APICallError, experimental_generateVideo as generateVideo } from 'ai'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { pluck } from '../../support/pluck.ts'
import { until } from '../../support/until.ts'
import { clip, openStudio, paint, type Studio } from './openStudio.ts'

const test = suite('videos of the AI SDK')
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })
const map = { prompt: 'prompt', seed: 'seed' }
let studio: Studio
test.after.each(() => studio.close())

const none = {
  ...{ n: 1, aspectRatio: undefined, resolution: undefined, duration: undefined, fps: undefined },
  ...{ seed: undefined, image: undefined, frameImages: undefined, inputReferences: undefined },
  ...{ generateAudio: undefined, providerOptions: {} },
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const file = (name: string) =>
  ({ type: 'file', mediaType: 'image/png', data: paint({ prompt: name }) }) as const
const canceled = () => studio.emulator.stats.requests

test('videos are runs, as bytes, with what the SDK is told of each', async () => {
  studio = await openStudio()
  const { videos, providerMetadata } = await generateVideo({
    model: studio.v3.video('cl1p', { map }),
    ...{ prompt: 'waves', n: 2, seed: 5 },
  })
  assert.equal(
    videos.map(({ mediaType, uint8Array }) => [mediaType, hex(uint8Array)]),
    [5, 6].map((seed) => ['video/mp4', hex(clip(seed))]),
  )
  const told = providerMetadata.flowscale!.videos as { runId: string; seed: number }[]
  assert.equal(
    told.map(({ runId, seed }) => [studio.state(runId), seed]),
    [
      ['completed', 5],
      ['completed', 6],
    ],
  )
  assertNoCanary(providerMetadata)
})

test('the options of a video, each to its input, or as a warning', async () => {
  studio = await openStudio()
  const model = studio.v3.video('cl1p', {
    map: {
      ...{ ...map, width: 'width', height: 'height', duration: 'duration', fps: 'fps' },
      ...{ image: 'image', lastFrame: 'lastFrame', references: 'references' },
    },
  })
  const options = { ...none, prompt: 'waves', resolution: '320x192', duration: 2, fps: 8, seed: 1 } as const
  const frameImages = [
    { image: file('first'), frameType: 'first_frame' },
    { image: file('last'), frameType: 'last_frame' },
  ] as const
  await model.doGenerate({
    ...options,
    frameImages: [...frameImages],
    inputReferences: [file('one'), file('two')],
  })
  const { image, lastFrame, references, ...rest } = studio.seen[0] as Record<string, any>
  assert.equal(rest, { prompt: 'waves', seed: 1, width: 320, height: 192, duration: 2, fps: 8 })
  assert.equal(
    [image, lastFrame, ...references].map(({ data }) => hex(data)),
    ['first', 'last', 'one', 'two'].map((prompt) => hex(paint({ prompt }))),
  )
  const clips = ['video/quicktime', 'video/x-matroska'].map((mediaType) => ({
    ...({ type: 'file', mediaType, data: clip(1) } as const),
  }))
  await model.doGenerate({ ...options, inputReferences: clips })
  assert.equal(pluck((studio.seen.pop() as any).references as any[], 'name'), [
    'references.mov',
    'references.mkv',
  ])
  await model.doGenerate({ ...options, image: file('start'), frameImages: [frameImages[1]] })
  assert.is(hex((studio.seen[1] as any).image.data), hex(paint({ prompt: 'start' })))

  const { warnings } = await studio.v3.video('cl1p', { map }).doGenerate({
    ...options,
    ...{ aspectRatio: '16:9', generateAudio: true, frameImages: [frameImages[1]] },
    inputReferences: [file('one')],
  })
  assert.equal(
    warnings.map((warning) => (warning as { feature: string }).feature),
    [...['resolution', 'aspectRatio', 'duration', 'fps', 'generateAudio', 'frameImages'], 'inputReferences'],
  )
})

test('v3 has neither start nor status', async () => {
  studio = await openStudio()
  assert.not.ok('doStart' in studio.v3.video('cl1p', { map }))
})

/** Asks until the videos are there, or are not to come. */
const finish = (model: ReturnType<Studio['v4']['video']>, operation: VideoOperation) =>
  until(
    () => model.doStatus({ operation }),
    ({ status }) => status !== 'pending',
  )

test('start gives the run; status goes on with it, in another process, too', async () => {
  studio = await openStudio()
  const ids: string[] = []
  const model = studio.v4.video('cl1p', { map, onSubmitted: (_, runId) => ids.push(runId), groupId: 'ada' })
  const started = await model.doStart({ ...none, prompt: 'hold', seed: 5, n: 2 })
  const operation = JSON.parse(JSON.stringify(started.operation))
  assert.is(typeof operation.startedAt, 'number')
  assert.equal(operation, {
    ...{ workflowId: 'cl1p', startedAt: operation.startedAt },
    runs: [
      { runId: ids[0], seed: 5 },
      { runId: ids[1], seed: 6 },
    ],
  })
  assert.is(studio.emulator.ledger.runs[0]!.groupId, 'ada')
  const client = createClient({ baseUrl: studio.client.baseUrl, apiKey: CANARY })
  const other = createFlowscale(client, { specification: 'v4' }).video('cl1p')
  const pending = await other.doStatus({ operation })
  assert.is(pending.status, 'pending')
  const [going] = (pending as any).providerMetadata.flowscale.runs
  assert.equal([going.runId, going.status], [ids[0], 'running'])
  studio.release()
  const done: any = await finish(other, operation)
  assert.is(done.status, 'completed')
  assert.equal(
    done.videos.map(({ type, data }: any) => [type, hex(data)]),
    [5, 6].map((seed) => ['binary', hex(clip(seed))]),
  )
  assert.is(done.providerMetadata.flowscale.videos[1].seed, 6)
  assert.is(studio.emulator.ledger.runs.length, 2)
})

test('a run that failed: status says so, and why', async () => {
  studio = await openStudio()
  const model = studio.v4.video('cl1p', { map })
  const { operation } = await model.doStart({ ...none, prompt: 'fail' })
  const ended: any = await finish(model, operation)
  assert.is(ended.status, 'error')
  assert.match(ended.error, /^Run .+ failed: out of memory$/)
  const two = await model.doStart({ ...none, prompt: 'waves', n: 2, seed: 12 })
  const one: any = await finish(model, two.operation)
  assert.equal([one.status, one.videos.length], ['completed', 1])
  assert.match(one.warnings[0].message, /^A result is missing: /)
})

test('an abort between status calls cancels the run', async () => {
  studio = await openStudio()
  const controller = new AbortController()
  const model = studio.v4.video('cl1p', { map })
  const { operation } = await model.doStart({ ...none, prompt: 'hold', abortSignal: controller.signal })
  assert.is((await model.doStatus({ operation })).status, 'pending')
  controller.abort()
  await until(() => studio.state() === 'cancelled')
  const ended: any = await finish(model, operation)
  assert.equal([ended.status, /cancelled/.test(ended.error)], ['error', true])
})

test('an abort leaves a run alone that has ended, or whose model never cancels', async () => {
  const cancels: string[] = []
  studio = await openStudio({
    faults: {
      plan: ({ operation, target }) => {
        if (operation === 'cancelRun') cancels.push(target)
        return undefined
      },
    },
  })
  const controller = new AbortController()
  const call = { ...none, prompt: 'waves', abortSignal: controller.signal }
  const model = studio.v4.video('cl1p', { map })
  const { operation } = await model.doStart(call)
  assert.is((await finish(model, operation)).status, 'completed')
  await studio.v4.video('cl1p', { map, cancelOn: 'never' }).doStart({ ...call, prompt: 'hold' })
  controller.abort()
  const asked = canceled()
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.is(canceled(), asked)
  assert.equal(cancels, [])
})

test('an abort while the POST is on its way cancels the run, and comes back as it is', async () => {
  const controller = new AbortController()
  studio = await openStudio({
    faults: {
      plan: ({ operation }) => {
        if (operation === 'executeWorkflow') controller.abort('enough')
        return undefined
      },
    },
  })
  const model = studio.v4.video('cl1p', { map })
  const call = model.doStart({ ...none, prompt: 'hold', abortSignal: controller.signal })
  assert.is(await call.catch((error: unknown) => error), 'enough')
  assert.is(studio.state(), 'cancelled')
})

test('a start that may have been submitted is not made again; what was started before it is not lost', async () => {
  let spoilt = 1
  studio = await openStudio({
    faults: {
      plan: ({ operation, number }) =>
        operation === 'executeWorkflow' && number === spoilt ? 'reset-late' : undefined,
    },
  })
  const model = studio.v4.video('cl1p', { map })
  const error: any = await model.doStart({ ...none, prompt: 'waves' }).catch((error: unknown) => error)
  assert.ok(APICallError.isInstance(error))
  assert.equal([error.isRetryable, (error as any).maybeSubmitted], [false, true])
  spoilt = 3
  const { operation, warnings } = await model.doStart({ ...none, prompt: 'waves', n: 3 })
  assert.is(operation.runs.length, 1)
  assert.match((warnings[0] as { message: string }).message, /^Only 1 of 3 runs were started: /)
  assert.is((await finish(model, operation)).status, 'completed')
  assert.is(studio.emulator.ledger.runs.length, 3)
})

test('what onSubmitted throws at a start comes back as it is', async () => {
  studio = await openStudio()
  const wrong = new Error('the database is full')
  const onSubmitted = () => {
    throw wrong
  }
  const model = studio.v4.video('cl1p', { map, onSubmitted })
  assert.is(await model.doStart({ ...none, prompt: 'waves' }).catch((error: unknown) => error), wrong)
})

test('a status that fails for a moment is asked for again; a download that fails may be, too', async () => {
  let spoilt: string | undefined = 'getRun'
  let stalled = false
  const fault = () => (stalled ? 'hang-body' : 'reset-early')
  studio = await openStudio(
    { faults: { plan: ({ operation }) => (operation === spoilt ? fault() : undefined) } },
    { maxRetries: 0 },
  )
  const model = studio.v4.video('cl1p', { map })
  const { operation } = await model.doStart({ ...none, prompt: 'waves' })
  assert.is((await model.doStatus({ operation })).status, 'pending')
  spoilt = 'downloadOutput'
  const error: any = await until(
    () => model.doStatus({ operation }).catch((error: unknown) => error),
    (answer) => answer instanceof Error,
  )
  assert.equal([APICallError.isInstance(error), error.isRetryable], [true, true])
  assert.is((error as any).runId, operation.runs[0]!.runId)
  stalled = true
  const slow: any = await studio.v4
    .video('cl1p', { timeoutMs: 50 })
    .doStatus({ operation })
    .catch((error: unknown) => error)
  assert.equal([slow.code, slow.isRetryable], ['ERR_FLOWSCALE_TIMEOUT', true])
  spoilt = undefined
  assert.is((await finish(model, operation)).status, 'completed')
})

test('one run failed, and the video of the other breaks off: it comes by the next status call', async () => {
  let isSpoilt = true
  studio = await openStudio(
    {
      faults: {
        plan: ({ operation }) => (isSpoilt && operation === 'downloadOutput' ? 'reset-early' : undefined),
      },
    },
    { maxRetries: 0 },
  )
  const model = studio.v4.video('cl1p', { map })
  const { operation } = await model.doStart({ ...none, prompt: 'waves', n: 2, seed: 12 })
  const error: any = await until(
    () => model.doStatus({ operation }).catch((error: unknown) => error),
    (answer: any) => answer.status !== 'pending',
  )
  assert.equal([APICallError.isInstance(error), error.isRetryable], [true, true])
  isSpoilt = false
  const done: any = await finish(model, operation)
  assert.equal([done.status, done.videos.length], ['completed', 1])
})

test('a run that is completed lists its outputs late; one that goes on costs one request', async () => {
  let hidden = 0
  const asked: string[] = []
  studio = await openStudio(
    {},
    {
      async fetch(url, init) {
        const response = await fetch(url, init)
        const { pathname } = new URL(String(url))
        if (!/runs\/[^/]+$/.test(pathname)) return response
        const answer = await response.json()
        asked.push(answer.data.status)
        if (answer.data.status === 'completed' && hidden++ < 2) answer.data.outputs = []
        return Response.json(answer)
      },
    },
  )
  const model = studio.v4.video('cl1p', { map })
  const { operation } = await model.doStart({ ...none, prompt: 'hold' })
  assert.is((await model.doStatus({ operation })).status, 'pending')
  assert.is(asked.length, 1)
  studio.release()
  const done: any = await finish(model, operation)
  assert.equal([done.status, done.videos?.length], ['completed', 1])
  assert.is(hidden, 3)
})

test('a server may not know a run for a moment after its start', async () => {
  studio = await openStudio({
    faults: {
      plan: ({ operation, number }) => (operation === 'getRun' && number === 1 ? 'vanished' : undefined),
    },
  })
  const model = studio.v4.video('cl1p', { map })
  const { operation } = await model.doStart({ ...none, prompt: 'waves' })
  assert.is((await model.doStatus({ operation })).status, 'pending')
  assert.is(((await finish(model, operation)) as any).status, 'completed')
})

test('a run that the server does not know ends the status call', async () => {
  studio = await openStudio()
  const startedAt = Date.now() - 60_000
  const operation = { workflowId: 'cl1p', runs: [{ runId: 'gone', seed: null }], startedAt }
  const error: any = await studio.v4
    .video('cl1p', { map })
    .doStatus({ operation })
    .catch((error: unknown) => error)
  assert.equal([error.statusCode, error.isRetryable], [404, false])
})

test('there are no webhooks; what is no operation is refused', async () => {
  studio = await openStudio()
  const model = studio.v4.video('cl1p', { map })
  const { warnings } = await model.doStart({ ...none, prompt: 'waves', webhookUrl: 'https://example.com' })
  assert.equal(
    warnings.map((warning) => (warning as { feature: string }).feature),
    ['webhookUrl'],
  )
  for (const operation of ['x', {}, { workflowId: 'cl1p', runs: [] }, { workflowId: 'cl1p', runs: [{}] }]) {
    const error: any = await model.doStatus({ operation }).catch((error: unknown) => error)
    assert.ok(AISDKError.isInstance(error))
    assert.match(error.message, /^operation must be/)
  }
})
