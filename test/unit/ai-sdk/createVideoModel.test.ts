// Workflows as video models: by the AI SDK 6 itself, and the start and status that AI SDK 7 calls.
import { createFlowscale, type VideoOperation, type VideoSettings } from '@flowscale/ai-sdk'
import {
  ArgumentError,
  createClient,
  FlowScaleError,
  HttpError,
  NetworkError,
  TimeoutError,
} from '@flowscale/client'
import { AISDKError, APICallError, experimental_generateVideo as generateVideo } from 'ai'
import { assert, rejects, said } from '#test'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { pluck } from '../../support/pluck.ts'
import { until } from '../../support/until.ts'
import { clip, hex, map, messagesOf, paint, studio, suiteWithStudio } from './openStudio.ts'

const test = suiteWithStudio('videos of the AI SDK')

const none = {
  ...{ n: 1, aspectRatio: undefined, resolution: undefined, duration: undefined, fps: undefined },
  ...{ seed: undefined, image: undefined, frameImages: undefined, inputReferences: undefined },
  ...{ generateAudio: undefined, providerOptions: {} },
}
const waves = { ...none, prompt: 'waves' }
const held = { ...none, prompt: 'hold' }
const file = (name: string) =>
  ({ type: 'file', mediaType: 'image/png', data: paint({ prompt: name }) }) as const
const clips = (settings: VideoSettings = {}) => studio.v4.video('cl1p', { map, ...settings })
/** A model of a client without retries. */
const once = () => studio.connect({ maxRetries: 0 }).v4.video('cl1p', { map })

test('videos are runs, as bytes, with what the SDK is told of each', async () => {
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
  const model = studio.v3.video('cl1p', {
    map: {
      ...{ ...map, width: 'width', height: 'height', duration: 'duration', fps: 'fps' },
      ...{ image: 'image', lastFrame: 'lastFrame', references: 'references' },
    },
  })
  const options = { ...waves, resolution: '320x192', duration: 2, fps: 8, seed: 1 } as const
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
  const films = ['video/quicktime', 'video/x-matroska'].map((mediaType) => ({
    ...({ type: 'file', mediaType, data: clip(1) } as const),
  }))
  await model.doGenerate({ ...options, inputReferences: films })
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
  assert.equal(pluck(warnings as any[], 'feature'), [
    ...['resolution', 'aspectRatio', 'duration', 'fps', 'generateAudio', 'frameImages'],
    'inputReferences',
  ])
})

test('v3 has neither start nor status', async () => {
  assert.not.ok('doStart' in studio.v3.video('cl1p', { map }))
})

/** Asks until the videos are there, or are not to come. */
const finish = (model: ReturnType<typeof clips>, operation: VideoOperation) =>
  until(
    () => model.doStatus({ operation }),
    ({ status }) => status !== 'pending',
  )

test('start gives the run; status goes on with it, in another process, too', async () => {
  const ids: string[] = []
  const model = clips({ onSubmitted: (_, runId) => ids.push(runId), groupId: 'ada' })
  const started = await model.doStart({ ...held, seed: 5, n: 2 })
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
  assert.is(studio.started(), 2)
})

test('a run that failed: status says so, and why', async () => {
  const model = clips()
  const { operation } = await model.doStart({ ...none, prompt: 'fail' })
  const ended: any = await finish(model, operation)
  assert.is(ended.status, 'error')
  said(ended.error)
  const two = await model.doStart({ ...waves, n: 2, seed: 12 })
  const one: any = await finish(model, two.operation)
  assert.equal([one.status, one.videos.length], ['completed', 1])
  assert.is(messagesOf(one.warnings).length, 1)
})

test('an abort between status calls cancels the run', async () => {
  const controller = new AbortController()
  const model = clips()
  const { operation } = await model.doStart({ ...held, abortSignal: controller.signal })
  assert.is((await model.doStatus({ operation })).status, 'pending')
  controller.abort()
  await until(() => studio.state() === 'cancelled')
  const ended: any = await finish(model, operation)
  assert.equal([ended.status, /cancelled/.test(ended.error)], ['error', true])
})

test('an abort leaves a run alone that has ended, or whose model never cancels', async () => {
  const cancels: string[] = []
  studio.plan = ({ operation, target }) => {
    if (operation === 'cancelRun') cancels.push(target)
    return undefined
  }
  const controller = new AbortController()
  const call = { ...waves, abortSignal: controller.signal }
  const model = clips()
  const { operation } = await model.doStart(call)
  assert.is((await finish(model, operation)).status, 'completed')
  await clips({ cancelOn: 'never' }).doStart({ ...call, prompt: 'hold' })
  controller.abort()
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(cancels, [])
})

test('an abort while the POST is on its way cancels the run, and comes back as it is', async () => {
  const controller = new AbortController()
  studio.plan = ({ operation }) => {
    if (operation === 'executeWorkflow') controller.abort('enough')
    return undefined
  }
  const call = clips().doStart({ ...held, abortSignal: controller.signal })
  assert.is(await call.catch((error: unknown) => error), 'enough')
  assert.is(studio.state(), 'cancelled')
})

test('a start that may have been submitted is not made again; what was started before it is not lost', async () => {
  let spoilt = 1
  studio.spoil('executeWorkflow', 'reset-late', ({ number }) => number === spoilt)
  const model = clips()
  const fields = { isRetryable: false, maybeSubmitted: true }
  assert.ok(APICallError.isInstance(await rejects(model.doStart(waves), FlowScaleError, fields)))
  spoilt = 3
  const { operation, warnings } = await model.doStart({ ...waves, n: 3 })
  assert.is(operation.runs.length, 1)
  assert.is(messagesOf(warnings).length, 1)
  assert.is((await finish(model, operation)).status, 'completed')
  assert.is(studio.started(), 3)
})

test('what onSubmitted throws at a start comes back as it is', async () => {
  const wrong = new Error('the database is full')
  const onSubmitted = () => {
    throw wrong
  }
  assert.is(
    await clips({ onSubmitted })
      .doStart(waves)
      .catch((error: unknown) => error),
    wrong,
  )
})

test('a status that fails for a moment is asked for again; a download that fails may be, too', async () => {
  let spoilt: string | undefined = 'getRun'
  let stalled = false
  studio.plan = ({ operation }) => (operation !== spoilt ? undefined : stalled ? 'hang-body' : 'reset-early')
  const model = once()
  const { operation } = await model.doStart(waves)
  const { runId } = operation.runs[0]!
  assert.is((await model.doStatus({ operation })).status, 'pending')
  spoilt = 'downloadOutput'
  await until(() => studio.state() === 'completed')
  const error = await rejects(model.doStatus({ operation }), NetworkError, { isRetryable: true, runId })
  assert.ok(APICallError.isInstance(error))
  stalled = true
  const slow = studio.v4.video('cl1p', { timeoutMs: 50 }).doStatus({ operation })
  await rejects(slow, TimeoutError, { isRetryable: true })
  spoilt = undefined
  assert.is((await finish(model, operation)).status, 'completed')
})

test('one run failed, and the video of the other breaks off: it comes by the next status call', async () => {
  let isSpoilt = true
  studio.spoil('downloadOutput', 'reset-early', () => isSpoilt)
  const model = once()
  const { operation } = await model.doStart({ ...waves, n: 2, seed: 12 })
  const states = () => operation.runs.map(({ runId }) => studio.state(runId)).join()
  await until(() => states() === 'completed,failed')
  const error = await rejects(model.doStatus({ operation }), NetworkError, { isRetryable: true })
  assert.ok(APICallError.isInstance(error))
  isSpoilt = false
  const done: any = await finish(model, operation)
  assert.equal([done.status, done.videos.length], ['completed', 1])
})

test('a run that is completed lists its outputs late; one that goes on costs one request', async () => {
  let hidden = 0
  const asked: string[] = []
  const { v4 } = studio.connect({
    async fetch(url, init) {
      const response = await fetch(url, init)
      const { pathname } = new URL(String(url))
      if (!/runs\/[^/]+$/.test(pathname)) return response
      const answer = await response.json()
      asked.push(answer.data.status)
      if (answer.data.status === 'completed' && hidden++ < 2) answer.data.outputs = []
      return Response.json(answer)
    },
  })
  const model = v4.video('cl1p', { map })
  const { operation } = await model.doStart(held)
  assert.is((await model.doStatus({ operation })).status, 'pending')
  assert.is(asked.length, 1)
  studio.release()
  const done: any = await finish(model, operation)
  assert.equal([done.status, done.videos?.length], ['completed', 1])
  assert.is(hidden, 3)
})

test('a server may not know a run for a moment after its start', async () => {
  studio.spoil('getRun', 'vanished', ({ number }) => number === 1)
  const model = clips()
  const { operation } = await model.doStart(waves)
  assert.is((await model.doStatus({ operation })).status, 'pending')
  assert.is(((await finish(model, operation)) as any).status, 'completed')
})

test('a run that the server does not know ends the status call', async () => {
  const startedAt = Date.now() - 60_000
  const operation = { workflowId: 'cl1p', runs: [{ runId: 'gone', seed: null }], startedAt }
  await rejects(clips().doStatus({ operation }), HttpError, { statusCode: 404, isRetryable: false })
})

test('there are no webhooks; what is no operation is refused', async () => {
  const model = clips()
  const { warnings } = await model.doStart({ ...waves, webhookUrl: 'https://example.com' })
  assert.equal(pluck(warnings as any[], 'feature'), ['webhookUrl'])
  for (const operation of ['x', {}, { workflowId: 'cl1p', runs: [] }, { workflowId: 'cl1p', runs: [{}] }]) {
    assert.ok(AISDKError.isInstance(await rejects(model.doStatus({ operation }), ArgumentError)))
  }
})
