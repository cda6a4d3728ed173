// Compiled, never run (`tsc -p test`, strict, and by the compilers of test/types-matrix, so that only what all type libraries
// have is named here): results narrow without casts, and misuse does not compile.
import {
  type AnyFlowScaleError,
  type ArgumentError,
  type Client,
  type ContainerStatus,
  cancelRun,
  checkHealth,
  createClient,
  type DownloadResponse,
  downloadOutput,
  type Envelope,
  type Execution,
  executeWorkflow,
  getOutput,
  getQueue,
  getRun,
  getRuns,
  type HttpError,
  type Inputs,
  type InputsOf,
  isFlowScaleError,
  iterateRuns,
  type NetworkError,
  type Output,
  parseWorkflow,
  type RedirectError,
  type ResponseError,
  type ResultOutput,
  type ResumeOptions,
  type Run,
  type RunError,
  type RunResult,
  type RunStatus,
  TimeoutError,
  toFile,
  type ValidationError,
  type WorkflowKind,
} from '@flowscale/client'
import { createLogger } from '@flowscale/client/logger'
import {
  type ExecuteAsyncOptions,
  executeMany,
  executeWorkflowAsync,
  type WaitForResultOptions,
  waitForOutput,
  waitForResult,
  waitForRun,
  watchRun,
} from '@flowscale/client/poller'
import { createProxyHandler } from '@flowscale/client/proxy'
import { connectWebSocket } from '@flowscale/client/websocket'

/** Whether two types are the same: `same` compiles for `true` only. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare const same: <_ extends true>() => void
declare const stream: NonNullable<Response['body']>
declare const process: { env: Record<string, string | undefined> }
type File = Blob & { readonly name: string }

export function construct(url: URL): Client[] {
  // @ts-expect-error: without an address
  createClient({ apiKey: 'k' })
  // @ts-expect-error: without anything
  createClient()
  // @ts-expect-error: the class of the other package names it so
  createClient({ baseUrl: url, timeout: 1 })
  // @ts-expect-error: axios names it so
  createClient({ baseURL: url })
  // @ts-expect-error: milliseconds are a number
  createClient({ baseUrl: url, timeoutMs: '60s' })
  // @ts-expect-error: a logger has all four levels
  createClient({ baseUrl: url, logger: { info: console.info } })
  // @ts-expect-error: a header is a text
  createClient({ baseUrl: url, headers: { 'x-retries': 1 } })
  // @ts-expect-error: one that gives no response
  createClient({ baseUrl: url, fetch: async () => 'text' })
  return [
    createClient({ baseUrl: url, apiKey: process.env.FLOWSCALE_API_KEY, logger: console }),
    createClient({ baseUrl: '/api', logger: createLogger(), headers: () => ({ a: 'b' }), fetch }),
  ]
}

export async function byHand(client: Client): Promise<void> {
  const { baseUrl, timeoutMs, maxRetries, retryDelayMs } = client
  // @ts-expect-error: createClient makes it
  await checkHealth({ baseUrl, timeoutMs, maxRetries, retryDelayMs })
  // @ts-expect-error: the options are no client
  await checkHealth({ baseUrl: 'https://pod.test', apiKey: 'k' })
  // @ts-expect-error: it is frozen
  client.baseUrl = 'https://elsewhere.test'
  // @ts-expect-error: nobody can read the key from it
  console.log(client.apiKey)
}

export async function inputs(client: Client, file: File, blob: Blob, bytes: Uint8Array): Promise<void> {
  const all: Inputs = {
    a: 'a',
    b: 1,
    c: 1n,
    d: true,
    e: new Date(),
    f: file,
    g: blob,
    h: bytes,
    i: { j: [null] },
  }
  const lists: Inputs = { a: ['a', 1, undefined], b: [file, toFile(bytes, 'cat.png')], c: undefined }
  const { data } = await executeWorkflow(
    client,
    'w',
    { ...all, ...lists },
    { groupId: 'g', arrays: 'indexed' },
  )
  same<Same<typeof data, Execution>>()
  same<Same<typeof data.others, Execution[] | undefined>>()
  // @ts-expect-error: it has to be awaited
  await executeWorkflow(client, 'w', { a: blob.arrayBuffer() })
  // @ts-expect-error: nothing that can be sent
  await executeWorkflow(client, 'w', { a: null })
  // @ts-expect-error: nothing that can be sent
  await executeWorkflow(client, 'w', { a: () => {} })
  // @ts-expect-error: nothing that can be sent
  await executeWorkflow(client, 'w', { a: Symbol('a') })
  // @ts-expect-error: a stream is no file
  await executeWorkflow(client, 'w', { a: stream })
  // @ts-expect-error: a URL is no text
  await executeWorkflow(client, 'w', { a: new URL('https://pod.test') })
  // @ts-expect-error: a Map is no object
  await executeWorkflow(client, 'w', { a: new Map([['b', 1]]) })
  // @ts-expect-error: a Set is no array
  await executeWorkflow(client, 'w', { a: new Set(['b']) })
  // @ts-expect-error: nor is that in a list
  await executeWorkflow(client, 'w', { a: [blob, blob.text()] })
  // @ts-expect-error: they have names
  await executeWorkflow(client, 'w', [file])
  // @ts-expect-error: they are not optional
  await executeWorkflow(client, 'w')
  // @ts-expect-error: the class takes a group here
  await executeWorkflow(client, 'w', {}, 'g')
  // @ts-expect-error: the wire names it so
  await executeWorkflow(client, 'w', {}, { group_id: 'g' })
  // @ts-expect-error: one of two ways
  await executeWorkflow(client, 'w', {}, { arrays: 'brackets' })
  // @ts-expect-error: a file has a name
  toFile(bytes)
}

interface Prompt {
  text_51536: string
  image_1234?: File
  frames?: (Blob | undefined)[]
  settings?: Settings
}
interface Settings {
  steps: number
  sampler?: { name: string; eta?: number }
  more?: any
}

/** An interface, also in another and in a list, and what a form or a parser gave, have no index signature of the right kind. */
export async function interfaces(client: Client, prompt: Prompt, settings: Settings): Promise<void> {
  const parsed: Record<string, unknown> = JSON.parse('{}')
  for (const data of [prompt, parsed, {}]) {
    await executeWorkflow(client, 'w', data)
    await executeWorkflowAsync(client, 'w', data)
  }
  await executeWorkflow(client, 'w', { settings, list: [settings, 'a', 1], none: undefined, day: new Date() })
  await executeWorkflow(client, 'w', JSON.parse('{}'))
  await executeMany(client, 'w', [prompt, prompt])
  await executeMany(client, 'w', [prompt, parsed, { a: 'b' }, { c: [settings] }])
  await executeMany(
    client,
    'w',
    ['a', 'b'].map((text_51536) => ({ text_51536, settings })),
  )
  await executeMany(client, 'w', [])
  // Wrappers of an app, with a parameter of their own.
  const submit = <T extends Inputs>(data: T) => executeWorkflow(client, 'w', data)
  const wait = <T extends Record<string, any>>(data: T) => executeWorkflowAsync(client, 'w', data)
  const all = <T extends Inputs>(data: readonly T[]) => executeMany(client, 'w', data)
  const own = <T extends object>(data: T & InputsOf<T>) => executeWorkflow(client, 'w', data as Inputs)
  await Promise.all([submit({ a: 'b' }), wait({ a: 1 }), all([{ a: 'b' }]), own(prompt)])
  interface Late {
    image: Promise<Blob>
  }
  const late = {} as Late
  // @ts-expect-error: a promise has to be awaited
  await executeWorkflow(client, 'w', late)
  // @ts-expect-error: a promise has to be awaited
  await executeWorkflowAsync(client, 'w', late)
  // @ts-expect-error: a promise has to be awaited
  await executeMany(client, 'w', [late])
  // @ts-expect-error: of a promise in another interface, too, it can be told
  await executeWorkflowAsync(client, 'w', { late: new Map() })
  // @ts-expect-error: null is nothing that can be sent
  await executeMany(client, 'w', [{ a: null }])
  // @ts-expect-error: one for each run
  await executeMany(client, 'w', prompt)
  // @ts-expect-error: inputs have names
  await executeMany(client, 'w', ['a'])
}

/** What servers leave out or have no value for. */
export async function fields(client: Client): Promise<void> {
  const { data: run } = await getRun(client, 'r')
  type Text = string | null | undefined
  same<Same<[typeof run.workflow_id, typeof run.group_id, typeof run.error], [Text, Text, Text]>>()
  same<Same<[typeof run.created_at, typeof run.started_at, typeof run.completed_at], [Text, Text, Text]>>()
  same<Same<[typeof run.progress, typeof run.position], [number | undefined, number | undefined]>>()
  const { data } = await executeWorkflow(client, 'w', {})
  same<Same<typeof data.workflow_id, Text>>()
  const [health] = (await checkHealth(client)).data
  const [queue] = (await getQueue(client)).data
  same<Same<[NonNullable<typeof health>['url'], NonNullable<typeof queue>['comfy_uri']], [Text, Text]>>()
}

export async function results(client: Client): Promise<void> {
  const output = await getOutput(client, 'f')
  same<Same<typeof output, Envelope<Output> | null>>()
  // @ts-expect-error: it may not be ready yet
  console.log(output.data)
  if (output) same<Same<typeof output.data.download_url, string | null>>()
  const waited = await waitForOutput(client, 'f')
  same<Same<typeof waited, Envelope<Output>>>()

  const { data: run } = await getRun(client, 'r')
  same<Same<typeof run, Run>>()
  const { data: list } = await getRuns(client, { sortBy: 'created_at' })
  same<Same<[typeof list.count, typeof list.runs], [number, Run[]]>>()
  for await (const each of iterateRuns(client)) same<Same<typeof each, Run>>()
  for await (const each of watchRun(client, 'r')) same<Same<typeof each, Run>>()
  const { inputs: kinds } = parseWorkflow({ inputs: '{}', outputs: [] })
  same<Same<typeof kinds, Record<string, WorkflowKind>>>()
  const response = await downloadOutput(client, 'f')
  response satisfies Response
  same<Same<typeof response, DownloadResponse>>()
  // @ts-expect-error: the server sorts by three times only
  await getRuns(client, { sortBy: 'status' })
  // @ts-expect-error: an id is needed
  await cancelRun(client)
}

export async function result(client: Client): Promise<void> {
  const { data, outputs, runId, status } = await executeWorkflowAsync(client, 'w', {})
  same<Same<[typeof outputs, typeof runId, typeof status], [ResultOutput[], string, 'success']>>()
  const [first] = outputs
  if (first) await downloadOutput(client, first)
  // One output or several: both can be asked, and each tells which it is.
  const { download_url } = data
  same<Same<typeof download_url, string | null | undefined>>()
  if (data.generation_status !== undefined) same<Same<typeof data.download_url, string | null>>()
  if (Array.isArray(data)) for (const { filename } of data) same<Same<typeof filename, string>>()
  else data satisfies Output
}

export async function resume(client: Client, options: ExecuteAsyncOptions): Promise<Run> {
  try {
    await executeWorkflowAsync(client, 'w', {}, options)
    await waitForResult(client, 'r')
  } catch (error) {
    if (error instanceof TimeoutError && error.resume) {
      const late = await error.resume({
        timeoutMs: 60_000,
        onProgress: ({ progress }) => progress?.toFixed(),
      })
      same<Same<typeof late, RunResult>>()
      const again: RunResult = await error.resume()
      console.log(again)
      // @ts-expect-error: no option of a wait
      await error.resume({ timeoutMS: 60_000 })
      // @ts-expect-error: no wait gives that
      const text: string = await error.resume()
      console.log(text)
    }
  }
  try {
    return await waitForRun(client, 'r')
  } catch (error) {
    if (!isFlowScaleError(error) || error.code !== 'ERR_FLOWSCALE_TIMEOUT' || !error.resume) throw error
    const named = await error.resume<Run>()
    same<Same<typeof named, Run>>()
    const output = await error.resume<Envelope<Output>>()
    same<Same<typeof output.data.download_url, string | null>>()
    return error.resume()
  }
}
// Whatever the wait for a result takes, the resumed one takes.
same<Same<Required<ResumeOptions>, Required<WaitForResultOptions>>>()

export function narrow(error: unknown): string | number | undefined {
  if (!isFlowScaleError(error)) return undefined
  same<Same<typeof error.maybeSubmitted, true | undefined>>()
  same<Same<typeof error.runId, string | undefined>>()
  same<Same<typeof error, AnyFlowScaleError>>()
  switch (error.code) {
    case 'ERR_FLOWSCALE_ARGUMENT':
      same<Same<typeof error, ArgumentError>>()
      return error.message
    case 'ERR_FLOWSCALE_NETWORK':
      same<Same<typeof error, NetworkError>>()
      return error.cause === undefined ? undefined : error.runId
    case 'ERR_FLOWSCALE_TIMEOUT':
      same<Same<typeof error, TimeoutError>>()
      return error.timeoutMs
    case 'ERR_FLOWSCALE_HTTP':
      error satisfies HttpError
      return error.retryAfterMs ?? error.status
    case 'ERR_FLOWSCALE_VALIDATION':
      same<Same<typeof error, ValidationError>>()
      return error.details[0]?.field
    case 'ERR_FLOWSCALE_REDIRECT':
      same<Same<typeof error, RedirectError>>()
      return error.location
    case 'ERR_FLOWSCALE_RESPONSE':
      same<Same<typeof error, ResponseError>>()
      return error.status
    case 'ERR_FLOWSCALE_RUN':
      same<Same<typeof error, RunError>>()
      return error.run?._id
    case 'ERR_FLOWSCALE_WEBHOOK':
      return error.name satisfies 'WebhookError'
    case 'ERR_FLOWSCALE_FILE':
      return error.path
    default:
      return error satisfies never
  }
}
export function wrongCode(error: AnyFlowScaleError): boolean {
  // @ts-expect-error: no such code
  return error.code === 'ERR_FLOWSCALE_ABORT'
}

// Open, and yet not `string`: what an editor completes is in test/dist/declarations.test.ts.
export function words(run: Run, error: RunError): RunStatus[] {
  same<Same<Same<RunStatus, string>, false>>()
  same<Same<Same<ContainerStatus, string>, false>>()
  const known: RunStatus[] = ['completed', 'cancelled', run.status, error.status]
  const unknown: RunStatus = 'a word of tomorrow'
  if (run.status === 'completed' || run.status === 'another word of tomorrow') return known
  return [unknown]
}

export function others(client: Client): void {
  // @ts-expect-error: four levels
  createLogger({ level: 'trace' })
  // @ts-expect-error: without it everybody's runs were on your bill
  createProxyHandler(client, {})
  // @ts-expect-error: named after the functions
  createProxyHandler(client, { authorize: 'public', allow: { operations: ['execute'] } })
  // @ts-expect-error: in `reconnectInterval`
  connectWebSocket(client, { reconnectIntervalMs: 1 })
  // @ts-expect-error: no connection
  waitForRun(client, 'r', { push: client })
  // @ts-expect-error: a word for all or nothing
  waitForRun(client, 'r', { cancelOn: 'always' })
  // @ts-expect-error: of executeWorkflowAsync only
  waitForRun(client, 'r', { onSubmitted: () => {} })
}
