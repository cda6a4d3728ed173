// Uses every export of every entry as an app does, with no cast: only what all type libraries have may be named here.
import {
  type AnyFlowScaleError,
  ArgumentError,
  type BlobLike,
  type Client,
  type ClientOptions,
  type ContainerHealth,
  type ContainerQueue,
  type ContainerStatus,
  cancelRun,
  checkHealth,
  createClient,
  type DownloadResponse,
  type DownloadSource,
  downloadOutput,
  type Envelope,
  type ExecuteOptions,
  type Execution,
  executeWorkflow,
  type Fetch,
  type FileInput,
  FlowScaleError,
  type GetRunsOptions,
  getOutput,
  getQueue,
  getRun,
  getRuns,
  getWorkflows,
  type HeadersSource,
  HttpError,
  type InputItem,
  type Inputs,
  type InputsOf,
  isEnded,
  isFlowScaleError,
  iterateRuns,
  type LogFields,
  type Logger,
  type NamedBlob,
  NetworkError,
  type Output,
  type ResultList as OutputList,
  type ResultOutput as OutputOfResult,
  type ParsedWorkflow,
  type PushConnection as Push,
  parseWorkflow,
  type QueueEntry,
  RedirectError,
  type RequestOptions,
  ResponseError,
  type RunResult as Result,
  type ResumeOptions as Resume,
  type Resumed,
  type Run,
  RunError,
  type RunList,
  type RunOutput,
  type RunProgress,
  type RunStatus,
  type RunWatch,
  TimeoutError,
  toFile,
  type RunUpdate as Update,
  ValidationError,
  type Workflow,
  type WorkflowKind,
} from '@flowscale/client'
import { connectEvents, type EventsConnection, type EventsOptions } from '@flowscale/client/events'
import {
  createLogger,
  type LevelLogger,
  type LoggerOptions,
  type LogLevel,
  type LogSink,
} from '@flowscale/client/logger'
import { FileError, fileInput, type SavedOutput, saveOutput } from '@flowscale/client/node'
import {
  createRunWatcher,
  type ExecuteAsyncOptions,
  type ExecuteManyOptions,
  executeMany,
  executeWorkflowAsync,
  type ManyResult,
  type PollOptions,
  type RunProgress as Progress,
  type PushConnection,
  type RunUpdate as Pushed,
  type ResultList,
  type ResultOutput,
  type ResumeOptions,
  type RunResult,
  type RunWatcher,
  type RunWatcherOptions,
  type RunWatcherWaitOptions,
  type Submission,
  type WaitForResultOptions,
  type WaitOptions,
  type WatchOptions,
  waitForOutput,
  waitForResult,
  waitForRun,
  watchRun,
} from '@flowscale/client/poller'
import {
  createProxyHandler,
  type NodeRequest,
  type NodeResponse,
  type ProxyOperation,
  type ProxyOptions,
  type ProxyPermission,
  toNodeHandler,
} from '@flowscale/client/proxy'
import { type OutputProps, type UsedRun, useOutputUrl, useRun } from '@flowscale/client/react'
import {
  type ActiveRun,
  createRunStore,
  type OutputsOf,
  type RunQuery,
  type RunSnapshot,
  type RunStorage,
  type RunStore,
  type RunStoreOptions,
  runOptions,
  type StartOptions,
  type StoredWorkflow,
} from '@flowscale/client/store'
import {
  defineWorkflow,
  type InputsFor,
  type NamedOutputs,
  nameOutputs,
  type RunManyOptions,
  run,
  runMany,
  type Sendable,
  submit,
  type TypedManyResult,
  type TypedResult,
  type TypedWorkflow,
} from '@flowscale/client/typed'
import {
  type CloseInfo,
  type Connection,
  connectWebSocket,
  subscribeToRun,
  unsubscribeFromRun,
  type WebSocketClass,
  type WebSocketLike,
  type WebSocketOptions,
} from '@flowscale/client/websocket'
import {
  createEmulator,
  type Dialect,
  type Emulator,
  type EmulatorOptions,
  type EmulatorStats,
  type FaultKind,
  type FaultOperation,
  type FaultOptions,
  type FaultRequest,
  type InputDefinition,
  type InputFile,
  type InputValue,
  type Kind,
  type Ledger,
  type OutputFile,
  type RunContext,
  type RunUpdate,
  unpaintedWords,
  type Where,
  type WorkflowDefinition,
  type WorkflowInputs,
  type WorkflowOutputs,
} from '@flowscale/emulator'
import {
  loadWorkflows,
  type Served,
  type ServeOptions,
  type SocketOptions,
  serve,
} from '@flowscale/emulator/node'
import * as facade from 'flowscale'
import { type AsyncOptions, FlowscaleAPI, type FlowscaleOptions } from 'flowscale'

declare const say: (...values: readonly unknown[]) => void

export function clients(url: URL, logger: Logger, headers: HeadersSource, fields: LogFields): Client[] {
  const options: ClientOptions = { baseUrl: url, apiKey: undefined, headers, timeoutMs: 1, maxRetries: 0 }
  const own: Fetch = (url, init) => fetch(url, init)
  logger.debug('line', fields)
  return [
    createClient({ ...options, logger, retryDelayMs: 1, allowDangerouslyExposeApiKey: true }),
    createClient({ baseUrl: 'https://pod.test', fetch: own, headers: async () => ({ a: 'b' }) }),
    createClient({ baseUrl: 'https://pod.test', fetch, headers: { a: 'b' } }),
    createClient({ baseUrl: 'https://pod.test', fetch: globalThis.fetch }),
    createClient({
      baseUrl: 'https://pod.test',
      fetch: (url, init) => fetch(url, { ...init, method: 'GET' }),
    }),
  ]
}

export async function operations(
  client: Client,
  blob: Blob,
  bytes: Uint8Array,
  runId: string,
): Promise<void> {
  const request: RequestOptions = { signal: new AbortController().signal, timeoutMs: 1, maxRetries: 1 }
  const health: Envelope<ContainerHealth[]> = await checkHealth(client, request)
  for (const { container, status } of health.data) say(container.trim(), status satisfies ContainerStatus)
  const queue: Envelope<ContainerQueue[]> = await getQueue(client)
  const entries: QueueEntry[] = queue.data.flatMap((item) => item.queue.queue_pending)
  for (const [place, id] of entries) say(place.toFixed(), id.trim())
  const workflows: Workflow[] = (await getWorkflows(client)).data
  const parsed: ParsedWorkflow[] = workflows.map(parseWorkflow)
  const kinds: (WorkflowKind | undefined)[] = parsed.map(({ inputs }) => inputs.prompt)
  say(kinds)

  const asBlob: BlobLike = blob
  const file: NamedBlob = toFile(blob, 'cat.png', { type: 'image/png' })
  const files: InputItem[] = [
    asBlob,
    file,
    toFile(bytes, 'a'),
    toFile(bytes.buffer.slice(0) as ArrayBuffer, 'b'),
  ]
  const inputs: Inputs = {
    a: 'text',
    b: 1,
    c: 1n,
    d: true,
    e: new Date(),
    f: { g: [1] },
    h: bytes,
    i: blob,
    files,
  }
  const execute: ExecuteOptions = { groupId: 'g', arrays: 'indexed', signal: AbortSignal.timeout(1) }
  const { data }: Envelope<Execution> = await executeWorkflow(client, 'w', inputs, execute)
  say(data.run_id.trim(), data.output_names.length, data.number?.toFixed(), Object.keys(data.node_errors))

  const output: Envelope<Output> | null = await getOutput(client, 'f.png')
  say(output?.data.download_url?.trim())
  const run: Run = (await getRun(client, runId)).data
  const status: RunStatus = run.status
  say(isEnded(status))
  const outputs: RunOutput[] = run.outputs
  say(status, run.inputs[0]?.path)
  const paging: GetRunsOptions = {
    groupId: 'g',
    sortBy: 'created_at',
    sortOrder: 'asc',
    page: 1,
    pageSize: 9,
  }
  const list: Envelope<RunList> = await getRuns(client, paging)
  for (const { _id } of list.data.runs) say(_id.trim(), list.data.count.toFixed())
  for await (const { _id } of iterateRuns(client, paging)) say(_id.trim())
  say((await cancelRun(client, runId)).status)

  const sources: DownloadSource[] = ['f.png', ...outputs, ...(output ? [output.data] : [])]
  for (const source of sources) {
    const response: DownloadResponse = await downloadOutput(client, source, request)
    for await (const bytes of response.body) say(bytes.byteLength)
    say((await response.arrayBuffer()).byteLength, (await response.blob()).size, response.headers.get('a'))
  }
}

/** An interface has no index signature. */
interface Prompt {
  text: string
  image?: Blob
  frames?: (Blob | undefined)[]
  settings?: Settings
}
interface Settings {
  steps: number
  sampler?: { name: string }
}

export async function interfaces(client: Client, prompt: Prompt, settings: Settings): Promise<void> {
  await executeWorkflow(client, 'w', prompt)
  await executeWorkflow(client, 'w', { settings, list: [settings, 'a'], day: new Date() })
  await executeWorkflowAsync(client, 'w', prompt)
  await executeMany(client, 'w', [prompt, { text: 'a', settings }])
  const submit = <T extends Inputs>(data: T) => executeWorkflow(client, 'w', data)
  const wait = <T extends object>(data: T & InputsOf<T>) => executeWorkflowAsync(client, 'w', data as Inputs)
  await Promise.all([submit({ a: 'b' }), wait(prompt)])
  // @ts-expect-error: a promise has to be awaited
  await executeWorkflow(client, 'w', { image: Promise.resolve(prompt.image) })
  // @ts-expect-error: a Map is no object
  await executeWorkflowAsync(client, 'w', { settings: new Map([['steps', 1]]) })
  // @ts-expect-error: a URL is no text
  await executeMany(client, 'w', [{ image: new URL('https://pod.test') }])
}

interface TextToImage extends Prompt {
  photo?: FileInput
  style?: 'photo' | 'sketch'
  day?: Date
  anything?: unknown
}
const textToImage = defineWorkflow<TextToImage, 'image' | 'mask'>('w', ['image', 'mask'])
/** Without types of its own, and without outputs. */
const loose = defineWorkflow('w', ['image'])
const silent = defineWorkflow<{ text?: string }, never>('w', [])

export async function typed(client: Client, prompt: Prompt, blob: Blob, bytes: Uint8Array): Promise<void> {
  const inputs: InputsFor<typeof textToImage> = { text: 'a', photo: blob, style: 'sketch', day: new Date() }
  const files: FileInput[] = [
    bytes,
    bytes.buffer.slice(0) as ArrayBuffer,
    blob,
    'https://pod.test/a.png',
    'data:image/png;base64,',
  ]
  const result: TypedResult<'image' | 'mask'> = await run(client, textToImage, inputs, { timeoutMs: 1 })
  const outputs: NamedOutputs<'image' | 'mask'> = result.outputs
  say(outputs.image[0]?.download_url?.trim(), outputs.mask.length, result.runId.trim(), result.data)
  await run(client, textToImage, prompt)
  await run(client, loose, { a: 1, files: [blob], settings: { steps: 1 } })
  await run(client, silent, {})
  const execution: Envelope<Execution> = await submit(client, textToImage, prompt, { groupId: 'g' })
  const late: Result = await waitForResult(client, execution.data.run_id)
  say(nameOutputs(loose, late).outputs.image[0]?.filename.trim())

  const options: RunManyOptions<'image' | 'mask'> = { concurrency: 1, onResult: ({ index }) => say(index) }
  const list = files.map((photo): TextToImage => ({ text: 'a', photo }))
  const many: TypedManyResult<'image' | 'mask'>[] = await runMany(client, textToImage, list, options)
  for (const item of many) say(item.status === 'fulfilled' ? item.value.outputs.mask : item.reason)

  // What an app writes around them.
  const queue = <I extends object, O extends string>(workflow: TypedWorkflow<I, O>, inputs: I) =>
    run(client, workflow, inputs, { groupId: 'queue' })
  const define = <I extends object & Sendable<I>>(id: string) => defineWorkflow<I, 'image'>(id, ['image'])
  say((await queue(textToImage, prompt)).outputs.mask.length)
  say((await queue(define<{ text: string }>('w'), { text: 'a' })).outputs.image.length)
  // @ts-expect-error: misspelt
  await run(client, textToImage, { text: 'a', stlye: 'sketch' })
  // @ts-expect-error: a path is no file
  await run(client, textToImage, { text: 'a', photo: './cat.png' })
  // @ts-expect-error: no such output
  say(result.outputs.images)
  // @ts-expect-error: the outputs are not named, so that each name would do
  defineWorkflow<{ text: string }>('w', ['image'])
  // @ts-expect-error: a promise can't be sent
  defineWorkflow<{ image: Promise<Blob> }, 'image'>('w', ['image'])
}

export async function typedClass(flowscale: FlowscaleAPI, prompt: Prompt): Promise<void> {
  const workflow: facade.TypedWorkflow<Prompt, 'image'> = facade.defineWorkflow('w', ['image'])
  const result: facade.TypedResult<'image'> = await flowscale.executeWorkflowAsync(workflow, prompt, 'g', 1)
  say(result.outputs.image[0]?.filename.trim())
  const { data } = await flowscale.executeWorkflow(workflow, { text: 'a' })
  const late: Result = await waitForResult(flowscale.client, data.run_id)
  say(facade.nameOutputs(workflow, late).outputs.image satisfies OutputOfResult[])
  const photo: facade.FileInput = 'https://pod.test/a.png'
  say(photo, (await flowscale.executeWorkflowAsync('w', prompt)).outputs[0]?.filename.trim())
  // @ts-expect-error: a missing input
  await flowscale.executeWorkflow(workflow, {})
}

export async function polls(client: Client, push: PushConnection, run: string): Promise<RunResult | Run> {
  const poll: PollOptions = { pollIntervalMs: 1, timeoutMs: 1, maxPolls: 1 }
  const watch: WatchOptions = { ...poll, cancelOn: 'both', push, signal: new AbortController().signal }
  const wait: WaitOptions = { ...watch, onUpdate: ({ status }) => say(status.trim()) }
  const names: WaitForResultOptions = {
    ...wait,
    onProgress: ({ status, progress = 0 }) => say(status, progress),
  }
  const told = ({ runId, outputNames }: Submission) => say(runId.trim(), outputNames.length)
  const execute: ExecuteAsyncOptions = { ...wait, onSubmitted: told, groupId: 'g', arrays: 'repeat' }
  try {
    const { outputs }: RunResult = await executeWorkflowAsync(client, 'w', { a: 1 }, execute)
    for (const { filename, download_url } of outputs) say(filename.trim(), download_url?.trim())
    await downloadOutput(client, outputs[0]!)
    const first: ResultOutput | undefined = (await waitForResult(client, run, names)).outputs[0]
    say(first, (await waitForOutput(client, 'f.png', poll)).data.generation_status.trim())
    for await (const { status } of watchRun(client, run, watch)) say(status.trim())
    return await waitForRun(client, run, wait)
  } catch (error) {
    if (!(error instanceof TimeoutError) || !error.resume) throw error
    const more: ResumeOptions = { timeoutMs: 1, maxPolls: 3 }
    const late: RunResult = await error.resume(more)
    const list: ResultList | undefined = Array.isArray(late.data) ? late.data : undefined
    say(late.outputs[0]?.filename.trim(), late.data.download_url?.trim(), list?.length)
    const any: Resumed = await error.resume<Resumed>()
    say(any.status)
    return error.resume<Run>()
  }
}

export async function many(client: Client, push: PushConnection, runIds: string[]): Promise<Run | undefined> {
  const told = new Map<number, string>()
  const options: ExecuteManyOptions = { concurrency: 2, groupId: 'g', push, submitted: told, timeoutMs: 1 }
  const results: ManyResult[] = await executeMany(client, 'w', [{ a: 'b' }, { a: 'c' }], options)
  for (const result of results) say(result.status === 'fulfilled' ? result.value.outputs : result.reason)
  const watched: RunWatcherOptions = { groupId: 'g', pollIntervalMs: 1, push }
  const watcher: RunWatcher = createRunWatcher(client, watched)
  const wait: RunWatcherWaitOptions = { timeoutMs: 1, onUpdate: ({ status }) => say(status.trim()) }
  for (const result of await watcher.waitAll(runIds, wait))
    if (result.status === 'fulfilled') return result.value
  for await (const run of watcher) return run
  return watcher.wait('r', wait)
}

/** How a run stands, in words: each state has what belongs to it. */
function tell<W extends StoredWorkflow>(snapshot: RunSnapshot<W>): unknown {
  if (snapshot.status !== 'idle') say((snapshot satisfies ActiveRun).startedAt.toFixed())
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

export async function pages(client: Client, storage: RunStorage, prompt: Prompt): Promise<unknown> {
  const streams: EventsOptions = { maxStreams: 2 }
  const push: EventsConnection = connectEvents(client, streams)
  const options: RunStoreOptions = { push, storage, key: 'image', pollIntervalMs: 1, timeoutMs: 1 }
  const store: RunStore<typeof textToImage> = createRunStore<typeof textToImage>(client, options)
  const stop = store.subscribe(() => say(tell(store.getSnapshot()), store.getServerSnapshot().status))
  const extra: StartOptions = { arrays: 'indexed', headers: { a: 'b' } }
  const snapshot = await store.start(textToImage, prompt, extra)
  if (snapshot.status === 'completed') {
    const outputs: OutputsOf<typeof textToImage> = snapshot.outputs
    say(outputs.image[0]?.download_url, outputs.mask.length)
  }
  // @ts-expect-error: misspelt
  await store.start(textToImage, { text: 'a', stlye: 'sketch' })
  // @ts-expect-error: made for another workflow
  await store.start('w', prompt)
  const plain = createRunStore(client, { storage: null })
  await plain.start('w', prompt)
  await plain.start('w', { a: 1, image: new Uint8Array(1) })
  await store.cancel()
  store.reset()
  stop()
  store.close()
  push.close()
  const query: RunQuery = runOptions(client, 'r')
  return query.queryFn({ signal: new AbortController().signal })
}

/** Two hooks, as a component calls them. */
export function useBoth(client: Client, prompt: Prompt, push: Push): [UsedRun, OutputProps] {
  const plain: UsedRun = useRun(client)
  const typed = useRun<typeof textToImage>(client, { key: 'image', push })
  say(tell(typed), plain.start('w', prompt), typed.start(textToImage, prompt), typed.cancel(), typed.reset())
  const output = typed.status === 'completed' ? typed.outputs.image[0] : undefined
  const image: OutputProps = useOutputUrl(client, output)
  image.onError()
  say(image.src?.trim())
  return [plain, image]
}

export function errors(error: unknown): unknown {
  if (isFlowScaleError(error)) return explain(error)
  if (error instanceof ArgumentError) return error.code
  if (error instanceof FlowScaleError)
    return [error.runId, error.maybeSubmitted, error.submittedAt?.getTime()]
  return error
}

function explain(error: AnyFlowScaleError): unknown {
  switch (error.code) {
    case 'ERR_FLOWSCALE_ARGUMENT':
      return error.message
    case 'ERR_FLOWSCALE_NETWORK':
      return error.method?.trim()
    case 'ERR_FLOWSCALE_TIMEOUT':
      return [error.timeoutMs.toFixed(), error.reason, error.resume?.(), error.cancelError]
    case 'ERR_FLOWSCALE_HTTP':
      return [
        error.status.toFixed(),
        error.errors.length,
        error.response.headers,
        error.retryAfterMs?.toFixed(),
      ]
    case 'ERR_FLOWSCALE_VALIDATION':
      return error.details.map(({ field, message }) => field + message)
    case 'ERR_FLOWSCALE_REDIRECT':
      return error.location?.trim()
    case 'ERR_FLOWSCALE_RESPONSE':
      return [error.body, error.requestId?.trim()]
    case 'ERR_FLOWSCALE_RUN':
      return [error.run?.status, error.errors.length]
    case 'ERR_FLOWSCALE_FILE':
      return error.path.trim()
  }
}

export function classes(error: unknown): string {
  if (error instanceof ValidationError) return error.details.join()
  if (error instanceof HttpError) return error.status.toFixed()
  if (error instanceof NetworkError) return error.code
  if (error instanceof RedirectError) return error.url
  if (error instanceof ResponseError) return error.url
  if (error instanceof RunError) return error.status
  return ''
}

export function logs(sink: LogSink, level: LogLevel, options: LoggerOptions): Client {
  const logger: LevelLogger = createLogger({ ...options, sink, level, enabled: true })
  logger.setLevel('warn')
  logger.setEnabled(false)
  logger.info('line', logger.config().level)
  return createClient({ baseUrl: 'https://pod.test', logger })
}

export async function sockets(client: Client, socket: WebSocketLike, runId: string): Promise<Connection> {
  const Own: WebSocketClass = class implements WebSocketLike {
    send(data: unknown) {
      socket.send(data)
    }
    close() {}
    addEventListener() {}
  }
  const closed = ({ code, reason, final }: CloseInfo) => say(code.toFixed(), reason.trim(), final)
  const options: WebSocketOptions = { WebSocket: Own, onClose: closed, url: async () => 'wss://pod.test' }
  const connection: Connection = connectWebSocket(client, { ...options, onMessage: ({ type }) => say(type) })
  await connection.opened
  say(subscribeToRun(connection, runId), unsubscribeFromRun(connection, runId), connection.connected)
  connection.listen((message) => say(message))()
  for await (const { type } of connection) say(type)
  await waitForRun(client, runId, { push: connection })
  connection.close(1000, 'bye')
  return connection
}

export function proxy(client: Client, operations: ProxyOperation[]): (request: Request) => Promise<Response> {
  const authorize = (request: Request): ProxyPermission =>
    request.headers.get('a') ? { groupId: 'g' } : new Response('no', { status: 401 })
  const options: ProxyOptions = {
    authorize,
    allow: { operations },
    basePath: '/api',
    maxBodyBytes: 1,
    cors: [],
  }
  return createProxyHandler(client, options)
}

export function mount(client: Client, req: NodeRequest, res: NodeResponse): Promise<void> {
  return toNodeHandler(proxy(client, ['getRun']))(req, res, (error: unknown) => void error)
}

export async function emulate(dialect: Dialect, faults: SocketOptions): Promise<RunUpdate | null> {
  const prompt: InputDefinition = { kind: 'string', required: false }
  const kind: Kind = 'image'
  const run = async (inputs: WorkflowInputs, context: RunContext): Promise<WorkflowOutputs> => {
    const given: InputValue | InputValue[] | undefined = inputs.image
    const isFile = (value: typeof given): value is InputFile => typeof value === 'object' && 'data' in value
    await context.sleep(1)
    context.progress(context.random())
    const image: OutputFile = { data: isFile(given) ? given.data : new Uint8Array(1), type: 'image/png' }
    return { image }
  }
  const workflow: WorkflowDefinition = {
    id: 'w',
    name: 'w',
    description: '',
    inputs: { prompt, image: kind },
    outputs: { image: 'image' },
    run,
  }
  const own: WorkflowDefinition[] = await loadWorkflows('workflows', (note) => say(note.trim()))
  say(unpaintedWords('a whale').join())
  const options: EmulatorOptions = { speed: Infinity, dialect, workflows: [workflow, ...own] }
  const emulator: Emulator = createEmulator(options)
  const client = createClient({ baseUrl: emulator.url, apiKey: emulator.apiKey, fetch: emulator.fetch })
  await checkHealth(client)
  const where: Where = { filesUrl: emulator.filesUrl }
  const response: Response = await emulator.handle(new Request(emulator.url), where)
  const stats: EmulatorStats = emulator.stats
  const served: ServeOptions = { port: 0, socket: faults }
  const { url, close }: Served = await serve(emulator, served)
  say(url.trim(), response.status, stats.requests.toFixed())
  emulator.watch(({ run_id, progress }) => say(run_id.trim(), progress.toFixed()))()
  await close()
  return emulator.stateOf('r')
}

export function faultsOf(emulator: Emulator): FaultOptions {
  const ledger: Ledger = emulator.ledger
  const operations: FaultOperation[] = ['executeWorkflow']
  say(ledger.runs.length, ledger.keys.header.toFixed())
  const plan = ({ attempt, operation }: FaultRequest): FaultKind | undefined =>
    attempt === 1 && operation === 'getRun' ? 'http-503-early' : undefined
  return { seed: 1, chance: 0.5, operations, plan }
}

export async function published(options: FlowscaleOptions, extra: AsyncOptions): Promise<RunResult> {
  const flowscale = new FlowscaleAPI(options)
  const { data } = await flowscale.getRuns()
  say(data.runs.length, facade.isFlowScaleError(data), facade.toFile(new ArrayBuffer(1), 'a').name)
  flowscale.connectWebSocket({ onMessage: ({ type }) => say(type) })()
  const client: Client = flowscale.client
  await checkHealth(client)
  return flowscale.executeWorkflowAsync('w', { a: 'b' }, 'g', 1, 1, extra)
}

/** What the class's package hands on is the client's own. */
export const same: readonly [
  typeof ArgumentError,
  typeof FlowScaleError,
  typeof HttpError,
  typeof NetworkError,
  typeof RedirectError,
  typeof ResponseError,
  typeof RunError,
  typeof TimeoutError,
  typeof ValidationError,
  typeof parseWorkflow,
] = [
  facade.ArgumentError,
  facade.FlowScaleError,
  facade.HttpError,
  facade.NetworkError,
  facade.RedirectError,
  facade.ResponseError,
  facade.RunError,
  facade.TimeoutError,
  facade.ValidationError,
  facade.parseWorkflow,
]
/** The errors of the main entry name the poller's. */
export const shared = (push: Push, list: OutputList, output: OutputOfResult, more: Resume, result: Result) =>
  [push, list, output, more, result] satisfies [
    PushConnection,
    ResultList,
    ResultOutput,
    ResumeOptions,
    RunResult,
  ]

/** What a connection of an app's own gives a wait. */
export const watchWith = (
  updates: (Update & Pushed)[],
): RunWatch & { progress: (RunProgress & Progress)[] } => ({
  pauseMs: (ms) => ms * 2,
  stop() {},
  progress: updates.map(({ status = 'queued', progress = 0 }) => ({ status, progress: Number(progress) })),
})

/** Files on Node, of which the types name nothing. */
export async function files(client: Client, url: URL): Promise<string> {
  const image: FileInput = await fileInput(url, { name: 'photo.png', type: 'image/png' })
  const { data } = await executeWorkflow(client, 'w', { image, mask: await fileInput('mask.png') })
  try {
    const saved: SavedOutput = await saveOutput(client, { filename: data.run_id }, 'pictures/', {
      maxRetries: 0,
    })
    return `${saved.path} ${saved.bytes}`
  } catch (error) {
    return error instanceof FileError ? error.path : ''
  }
}

/** And so are its types. */
export type Same = [
  [facade.AnyFlowScaleError, facade.BlobLike, facade.Client, facade.CloseInfo, facade.ContainerHealth],
  [facade.ContainerQueue, facade.Envelope<1>, facade.ExecuteOptions, facade.Execution, facade.GetRunsOptions],
  [facade.InputItem, facade.Inputs, facade.LogLevel, facade.NamedBlob, facade.Output, facade.ParsedWorkflow],
  [
    facade.QueueEntry,
    facade.RequestOptions,
    facade.ResultOutput,
    facade.Run,
    facade.RunList,
    facade.RunOutput,
  ],
  [facade.RunResult, facade.RunStatus, facade.Submission, facade.WebSocketOptions, facade.Workflow],
  [facade.WorkflowKind, facade.ResultList, facade.ResumeOptions, facade.InputsOf<object>],
]
