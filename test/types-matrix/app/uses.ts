// Uses, with the files of test/types, every export of every entry as an app does, with no cast: only what all type libraries
// have may be named here.
import * as api from '@flowscale/client'
import * as events from '@flowscale/client/events'
import * as logs from '@flowscale/client/logger'
import * as node from '@flowscale/client/node'
import * as poller from '@flowscale/client/poller'
import * as proxy from '@flowscale/client/proxy'
import * as react from '@flowscale/client/react'
import * as store from '@flowscale/client/store'
import * as typed from '@flowscale/client/typed'
import * as webhooks from '@flowscale/client/webhook'
import * as sockets from '@flowscale/client/websocket'
import * as emulation from '@flowscale/emulator'
import * as served from '@flowscale/emulator/node'
import * as facade from 'flowscale'

declare const say: (...values: readonly unknown[]) => void
const { createClient } = api

export function clients(url: URL, logger: api.Logger, headers: api.HeadersSource, fields: api.LogFields) {
  const options: api.ClientOptions = { baseUrl: url, apiKey: undefined, headers, timeoutMs: 1, maxRetries: 0 }
  const own: api.Fetch = (url, init) => fetch(url, init)
  logger.debug('line', fields)
  return [
    createClient({ ...options, logger, retryDelayMs: 1, allowDangerouslyExposeApiKey: true }),
    createClient({ baseUrl: 'https://pod.test', fetch: own, headers: async () => ({ a: 'b' }) }),
    createClient({ baseUrl: 'https://pod.test', fetch, headers: { a: 'b' } }),
    createClient({ baseUrl: 'https://pod.test', fetch: globalThis.fetch }),
    createClient({ baseUrl: 'https://pod.test', idempotency: api.idempotency }),
    createClient({
      baseUrl: 'https://pod.test',
      idempotency: api.idempotencyWhereKept() satisfies api.Idempotency,
    }),
    createClient({
      baseUrl: 'https://pod.test',
      fetch: (url, init) => fetch(url, { ...init, method: 'GET' }),
    }),
  ]
}

export async function operations(client: api.Client, blob: Blob, bytes: Uint8Array): Promise<void> {
  const request: api.RequestOptions = { signal: new AbortController().signal, timeoutMs: 1, maxRetries: 1 }
  const health: api.Envelope<api.ContainerHealth[]> = await api.checkHealth(client, request)
  for (const { container, status } of health.data) say(container.trim(), status satisfies api.ContainerStatus)
  say((await api.keepsKeys(client, request)) ? 'kept' : 'not kept')
  const queue: api.Envelope<api.ContainerQueue[]> = await api.getQueue(client)
  const entries: api.QueueEntry[] = queue.data.flatMap((item) => item.queue.queue_pending)
  for (const [place, id] of entries) say(place.toFixed(), id.trim())
  const workflows: api.Workflow[] = (await api.getWorkflows(client)).data
  const parsed: api.ParsedWorkflow[] = workflows.map(api.parseWorkflow)
  say(parsed.map(({ inputs }): api.WorkflowKind | undefined => inputs.prompt))

  const asBlob: api.BlobLike = blob
  const file: api.NamedBlob = api.toFile(blob, 'cat.png', { type: 'image/png' })
  const buffer = bytes.buffer.slice(0) as ArrayBuffer
  const files: api.InputItem[] = [asBlob, file, api.toFile(bytes, 'a'), api.toFile(buffer, 'b')]
  const inputs: api.Inputs = { b: 1, c: 1n, d: true, e: new Date(), f: { g: [1] }, h: bytes, i: blob, files }
  const execute: api.ExecuteOptions = { groupId: 'g', arrays: 'indexed', idempotencyKey: 'k', previews: true }
  const { data }: api.Envelope<api.Execution> = await api.executeWorkflow(client, 'w', inputs, execute)
  say(data.run_id.trim(), data.output_names.length, data.number?.toFixed(), Object.keys(data.node_errors))

  const output: api.Envelope<api.Output> | null = await api.getOutput(client, 'f.png')
  const run: api.Run = (await api.getRun(client, data.run_id)).data
  say(api.isEnded(run.status satisfies api.RunStatus), run.inputs[0]?.path, run.preview?.trim())
  const outputs: api.RunOutput[] = run.outputs
  const paging: api.GetRunsOptions = { groupId: 'g', sortBy: 'created_at', sortOrder: 'asc', page: 1 }
  const list: api.Envelope<api.RunList> = await api.getRuns(client, paging)
  for (const { _id } of list.data.runs) say(_id.trim(), list.data.count.toFixed())
  for await (const { _id } of api.iterateRuns(client, paging)) say(_id.trim())
  say((await api.cancelRun(client, run._id)).status)

  const sources: api.DownloadSource[] = ['f.png', ...outputs, ...(output ? [output.data] : [])]
  for (const source of sources) {
    const response: api.DownloadResponse = await api.downloadOutput(client, source, request)
    for await (const bytes of response.body) say(bytes.byteLength)
    say((await response.arrayBuffer()).byteLength, (await response.blob()).size, response.headers.get('a'))
  }
}

interface TextToImage {
  text: string
  photo?: api.FileInput
  style?: 'photo' | 'sketch'
  day?: Date
  anything?: unknown
}
const textToImage = typed.defineWorkflow<TextToImage, 'image' | 'mask'>('w', ['image', 'mask'])
type Named = 'image' | 'mask'
/** Without types of its own, and without outputs. */
const loose = typed.defineWorkflow('w', ['image'])
const silent = typed.defineWorkflow<{ text?: string }, never>('w', [])

export async function workflows(client: api.Client, blob: Blob, bytes: Uint8Array): Promise<void> {
  const inputs: typed.InputsFor<typeof textToImage> = { text: 'a', photo: blob, day: new Date() }
  const result: typed.TypedResult<Named> = await typed.run(client, textToImage, inputs, { timeoutMs: 1 })
  const outputs: typed.NamedOutputs<Named> = result.outputs
  say(outputs.image[0]?.download_url?.trim(), outputs.mask.length, result.runId.trim(), result.data)
  await typed.run(client, loose, { a: 1, files: [blob], settings: { steps: 1 } })
  await typed.run(client, silent, {})
  const execution = await typed.submit(client, textToImage, inputs, { groupId: 'g' })
  const late: api.RunResult = await poller.waitForResult(client, execution.data.run_id)
  say(typed.nameOutputs(loose, late).outputs.image[0]?.filename.trim())

  const options: typed.RunManyOptions<Named> = { concurrency: 1, onResult: ({ index }) => say(index) }
  const files: api.FileInput[] = [bytes, bytes.buffer.slice(0) as ArrayBuffer, blob, 'https://pod.test/a.png']
  const list = files.map((photo): TextToImage => ({ text: 'a', photo }))
  const many: typed.TypedManyResult<Named>[] = await typed.runMany(client, textToImage, list, options)
  for (const item of many) say(item.status === 'fulfilled' ? item.value.outputs.mask : item.reason)

  // What an app writes around them.
  const queue = <I extends object, O extends string>(workflow: typed.TypedWorkflow<I, O>, inputs: I) =>
    typed.run(client, workflow, inputs, { groupId: 'queue' })
  const define = <I extends object & typed.Sendable<I>>(id: string) =>
    typed.defineWorkflow<I, 'image'>(id, ['image'])
  say((await queue(textToImage, inputs)).outputs.mask.length)
  say((await queue(define<{ text: string }>('w'), { text: 'a' })).outputs.image.length)
}

export async function polls(
  client: api.Client,
  push: poller.PushConnection,
): Promise<api.RunResult | api.Run> {
  const poll: poller.PollOptions = { pollIntervalMs: 1, timeoutMs: 1, maxPolls: 1 }
  const watch: poller.WatchOptions = { ...poll, cancelOn: 'both', push, signal: new AbortController().signal }
  const wait: poller.WaitOptions = { ...watch, onUpdate: ({ status }) => say(status.trim()) }
  const onProgress = ({ status, progress = 0, preview }: poller.RunProgress) =>
    say(status, progress, preview?.trim())
  const names: poller.WaitForResultOptions = { ...wait, onProgress }
  const told = ({ runId, outputNames }: poller.Submission) => say(runId.trim(), outputNames.length)
  const execute: poller.ExecuteAsyncOptions = { ...wait, onSubmitted: told, groupId: 'g', arrays: 'repeat' }
  try {
    const { outputs }: poller.RunResult = await poller.executeWorkflowAsync(client, 'w', { a: 1 }, execute)
    await api.downloadOutput(client, outputs[0]!)
    const first: poller.ResultOutput | undefined = (await poller.waitForResult(client, 'r', names)).outputs[0]
    say(first, (await poller.waitForOutput(client, 'f.png', poll)).data.generation_status.trim())
    for await (const { status } of poller.watchRun(client, 'r', watch)) say(status.trim())
    return await poller.waitForRun(client, 'r', wait)
  } catch (error) {
    if (!(error instanceof api.TimeoutError) || !error.resume) throw error
    const more: poller.ResumeOptions = { timeoutMs: 1, maxPolls: 3 }
    const late: poller.RunResult = await error.resume(more)
    const list: poller.ResultList | undefined = Array.isArray(late.data) ? late.data : undefined
    say(late.data.download_url?.trim(), list?.length)
    return error.resume<api.Resumed & api.Run>()
  }
}

export async function many(
  client: api.Client,
  push: poller.PushConnection,
  runIds: string[],
): Promise<api.Run> {
  const submitted = new Map<number, string>()
  const options: poller.ExecuteManyOptions = { concurrency: 2, groupId: 'g', push, submitted, timeoutMs: 1 }
  const results: poller.ManyResult[] = await poller.executeMany(client, 'w', [{ a: 'b' }], options)
  for (const result of results) say(result.status === 'fulfilled' ? result.value.outputs : result.reason)
  const watched: poller.RunWatcherOptions = { groupId: 'g', pollIntervalMs: 1, push }
  const watcher: poller.RunWatcher = poller.createRunWatcher(client, watched)
  const wait: poller.RunWatcherWaitOptions = { timeoutMs: 1, onUpdate: ({ status }) => say(status.trim()) }
  for (const result of await watcher.waitAll(runIds, wait))
    if (result.status === 'fulfilled') return result.value
  for await (const run of watcher) return run
  return watcher.wait('r', wait)
}

/** How a run stands, in words: each state has what belongs to it. */
function tell<W extends store.StoredWorkflow>(snapshot: store.RunSnapshot<W>): unknown {
  if (snapshot.status !== 'idle') say((snapshot satisfies store.ActiveRun).startedAt.toFixed())
  switch (snapshot.status) {
    case 'idle':
    case 'submitting':
      return snapshot.runId satisfies undefined
    case 'queued':
      return [snapshot.runId.trim(), snapshot.position?.toFixed()]
    case 'running':
      return [snapshot.runId.trim(), snapshot.progress?.toFixed()]
    case 'completed':
      return snapshot.outputs
    case 'failed':
      return [snapshot.runId?.trim(), snapshot.error]
    case 'cancelled':
      return snapshot.runId?.trim()
    case 'lost':
      return [snapshot.groupId.trim(), snapshot.error]
  }
}

export async function pages(
  client: api.Client,
  storage: store.RunStorage,
  inputs: TextToImage,
): Promise<unknown> {
  const streams: events.EventsOptions = { maxStreams: 2 }
  const push: events.EventsConnection = events.connectEvents(client, streams)
  const ms = { pollIntervalMs: 1, timeoutMs: 1 }
  const options: store.RunStoreOptions = { push, storage, key: 'image', ...ms, previews: true }
  const own: store.RunStore<typeof textToImage> = store.createRunStore<typeof textToImage>(client, options)
  own.subscribe(() => say(tell(own.getSnapshot()), own.getServerSnapshot().status))()
  const extra: store.StartOptions = { arrays: 'indexed', headers: { a: 'b' } }
  const snapshot = await own.start(textToImage, inputs, extra)
  if (snapshot.status === 'completed') {
    const outputs: store.OutputsOf<typeof textToImage> = snapshot.outputs
    say(outputs.image[0]?.download_url, outputs.mask.length)
  }
  await store.createRunStore(client, { storage: null }).start('w', { a: 1, image: new Uint8Array(1) })
  push.close()
  const query: store.RunQuery = store.runOptions(client, 'r')
  return query.queryFn({ signal: new AbortController().signal })
}

/** Two hooks, as a component calls them. */
export function useBoth(client: api.Client, inputs: TextToImage, push: api.PushConnection) {
  const plain: react.UsedRun = react.useRun(client)
  const own = react.useRun<typeof textToImage>(client, { key: 'image', push })
  say(tell(own), plain.start('w', inputs), own.start(textToImage, inputs), own.cancel(), own.reset())
  const output = own.status === 'completed' ? own.outputs.image[0] : undefined
  const image: react.OutputProps = react.useOutputUrl(client, output)
  image.onError()
  say(image.src?.trim())
}

export function logging(sink: logs.LogSink, level: logs.LogLevel, options: logs.LoggerOptions): api.Client {
  const logger: logs.LevelLogger = logs.createLogger({ ...options, sink, level, enabled: true })
  logger.setLevel('warn')
  logger.setEnabled(false)
  logger.info('line', logger.config().level)
  return createClient({ baseUrl: 'https://pod.test', logger })
}

export async function connections(client: api.Client, socket: sockets.WebSocketLike): Promise<void> {
  const Own: sockets.WebSocketClass = class implements sockets.WebSocketLike {
    send(data: unknown) {
      socket.send(data)
    }
    close() {}
    addEventListener() {}
  }
  const onClose = ({ code, reason, final }: sockets.CloseInfo) => say(code.toFixed(), reason.trim(), final)
  const options: sockets.WebSocketOptions = { WebSocket: Own, onClose, url: async () => 'wss://pod.test' }
  const connection: sockets.Connection = sockets.connectWebSocket(client, options)
  await connection.opened
  say(sockets.subscribeToRun(connection, 'r'), sockets.unsubscribeFromRun(connection, 'r'))
  connection.listen((message) => say(message))()
  for await (const { type } of connection) say(type)
  await poller.waitForRun(client, 'r', { push: connection })
  connection.close(1000, 'bye')
}

export function mount(client: api.Client, req: proxy.NodeRequest, res: proxy.NodeResponse): Promise<void> {
  const operations: proxy.ProxyOperation[] = ['getRun']
  const authorize = (request: Request): proxy.ProxyPermission =>
    request.headers.get('a') ? { groupId: 'g' } : new Response('no', { status: 401 })
  const options: proxy.ProxyOptions = { authorize, allow: { operations }, basePath: '/api', cors: [] }
  const handler: (request: Request) => Promise<Response> = proxy.createProxyHandler(client, options)
  return proxy.toNodeHandler(handler)(req, res, (error: unknown) => void error)
}

export async function emulate(dialect: emulation.Dialect, socket: served.SocketOptions) {
  const prompt: emulation.InputDefinition = { kind: 'string', required: false }
  const kind: emulation.Kind = 'image'
  const isFile = (value: unknown): value is emulation.InputFile => Object(value) === value
  const run = async (inputs: emulation.WorkflowInputs, context: emulation.RunContext) => {
    const given: emulation.InputValue | emulation.InputValue[] | undefined = inputs.image
    await context.sleep(1)
    context.progress(context.random())
    const data = isFile(given) ? given.data : new Uint8Array(1)
    const image: emulation.OutputFile = { data, type: 'image/png' }
    return { image } satisfies emulation.WorkflowOutputs
  }
  const workflow: emulation.WorkflowDefinition = {
    id: 'w',
    name: 'w',
    description: '',
    inputs: { prompt, image: kind },
    outputs: { image: 'image' },
    run,
  }
  const own = await served.loadWorkflows('workflows', (note) => say(note.trim()))
  say(emulation.unpaintedWords('a whale').join())
  const operations: emulation.FaultOperation[] = ['executeWorkflow']
  const plan = ({ attempt, operation }: emulation.FaultRequest): emulation.FaultKind | undefined =>
    attempt === 1 && operation === 'getRun' ? 'http-503-early' : undefined
  const faults: emulation.FaultOptions = { seed: 1, chance: 0.5, operations, plan }
  const options: emulation.EmulatorOptions = {
    speed: Infinity,
    dialect,
    faults,
    workflows: [workflow, ...own],
  }
  const emulator: emulation.Emulator = emulation.createEmulator(options)
  const client = createClient({ baseUrl: emulator.url, apiKey: emulator.apiKey, fetch: emulator.fetch })
  await api.checkHealth(client)
  const where: emulation.Where = { filesUrl: emulator.filesUrl }
  const response: Response = await emulator.handle(new Request(emulator.url), where)
  const stats: emulation.EmulatorStats = emulator.stats
  const ledger: emulation.Ledger = emulator.ledger
  say(response.status, stats.requests.toFixed(), ledger.runs.length, ledger.keys.header.toFixed())
  const serving: served.ServeOptions = { port: 0, socket }
  const { url, close }: served.Served = await served.serve(emulator, serving)
  emulator.watch(({ run_id, progress }: emulation.RunUpdate) => say(url, run_id.trim(), progress.toFixed()))()
  await close()
}

export const hooked = (client: api.Client, url: URL): api.Client[] => [
  webhooks.withWebhook(client, url),
  webhooks.withWebhook(client, 'https://app.test/hook'),
]

export async function receive(request: Request, text: string, bytes: Uint8Array): Promise<string> {
  const options: webhooks.WebhookOptions = { toleranceMs: 1 }
  const parts: webhooks.WebhookRequest = { headers: { 'webhook-id': text, other: [text] }, body: bytes }
  const event: webhooks.WebhookEvent = await webhooks.verifyWebhook(parts, text, options)
  const run: webhooks.WebhookRun = event.data
  say(event.type satisfies 'run.completed' | 'run.failed' | 'run.cancelled', run.outputs[0]?.url, run.error)
  try {
    await webhooks.verifyWebhook({ headers: request.headers, body: text }, [text])
    return (await webhooks.verifyWebhook(request, text)).data._id
  } catch (error) {
    return error instanceof webhooks.WebhookError ? error.code : ''
  }
}

/** Files on Node, of which the types name nothing. */
export async function files(client: api.Client, url: URL): Promise<string> {
  const image: api.FileInput = await node.fileInput(url, { name: 'photo.png', type: 'image/png' })
  const { data } = await api.executeWorkflow(client, 'w', { image, mask: await node.fileInput('mask.png') })
  try {
    const saved: node.SavedOutput = await node.saveOutput(client, { filename: data.run_id }, 'pictures/')
    return `${saved.path} ${saved.bytes}`
  } catch (error) {
    return error instanceof node.FileError ? error.path : ''
  }
}

export async function published(flowscale: facade.FlowscaleAPI, inputs: TextToImage): Promise<void> {
  const workflow: facade.TypedWorkflow<TextToImage, 'image'> = facade.defineWorkflow('w', ['image'])
  const result: facade.TypedResult<'image'> = await flowscale.executeWorkflowAsync(workflow, inputs, 'g', 1)
  say(result.outputs.image[0]?.filename.trim())
  const client: api.Client = flowscale.client
  const submit: facade.SubmitOptions = { webhookUrl: 'http://localhost:3000/hook', previews: true }
  const { data } = await flowscale.executeWorkflow(workflow, { text: 'a' }, undefined, submit)
  const late = await poller.waitForResult(client, data.run_id)
  say(facade.nameOutputs(workflow, late).outputs.image satisfies api.ResultOutput[])
  // @ts-expect-error: a missing input
  await flowscale.executeWorkflow(workflow, {})
  say(facade.isFlowScaleError(data), facade.toFile(new ArrayBuffer(1), 'a').name)
}

/** What the class's package hands on is the client's own. */
const own = [
  [api.ArgumentError, api.FlowScaleError, api.HttpError, api.NetworkError, api.RedirectError],
  [api.ResponseError, api.RunError, api.TimeoutError, api.ValidationError, api.parseWorkflow],
] as const
export const same: typeof own = [
  [facade.ArgumentError, facade.FlowScaleError, facade.HttpError, facade.NetworkError, facade.RedirectError],
  [facade.ResponseError, facade.RunError, facade.TimeoutError, facade.ValidationError, facade.parseWorkflow],
]

/** The main entry names the poller's, and what a connection of an app's own gives a wait. */
export const shared = (all: [api.ResultList, api.ResumeOptions]): [poller.ResultList, poller.ResumeOptions] =>
  all
export const watchWith = (updates: (api.RunUpdate & poller.RunUpdate)[]): api.RunWatch => ({
  pauseMs: (ms) => ms * updates.length,
  stop() {},
})
export const progressOf = (progress: api.RunProgress): poller.RunProgress => progress

/** And so are its types. */
export type Same = [
  [facade.AnyFlowScaleError, facade.BlobLike, facade.Client, facade.CloseInfo, facade.ContainerHealth],
  [facade.ContainerQueue, facade.Envelope<1>, facade.ExecuteOptions, facade.Execution, facade.GetRunsOptions],
  [facade.InputItem, facade.Inputs, facade.LogLevel, facade.NamedBlob, facade.Output, facade.ParsedWorkflow],
  [facade.QueueEntry, facade.RequestOptions, facade.ResultOutput, facade.Run, facade.RunList],
  [facade.RunOutput, facade.RunResult, facade.RunStatus, facade.Submission, facade.WebSocketOptions],
  [facade.Workflow, facade.WorkflowKind, facade.ResultList, facade.ResumeOptions, facade.InputsOf<object>],
  [facade.FileInput],
]
