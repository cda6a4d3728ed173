// Compiled, never run: what apps on the published SDK write has to have types without casts (see client.ts).
import {
  type AsyncOptions,
  type ContainerHealth,
  FlowScaleError,
  FlowscaleAPI,
  type FlowscaleOptions,
  type Inputs,
  NetworkError,
  type RunStatus,
  ValidationError,
  type WebSocketOptions,
} from 'flowscale'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare const same: <_ extends true>() => void
declare const stream: NonNullable<Response['body']>
declare const process: { env: Record<string, string | undefined> }
type File = Blob & { readonly name: string }

const { FLOWSCALE_API_KEY: apiKey, FLOWSCALE_API_URL: baseUrl } = process.env

export function construct(): FlowscaleAPI[] {
  const all: FlowscaleOptions = {
    apiKey,
    baseUrl,
    allowDangerouslyExposeApiKey: true,
    enableLogging: true,
    logLevel: 'info',
    timeout: 1,
    retries: 1,
    maxRetries: 1,
    retryDelay: 1,
    proxyMode: false,
    customHeaders: { Authorization: 'Bearer …' },
  }
  return [
    new FlowscaleAPI({ apiKey: 'k', baseUrl: 'u', allowDangerouslyExposeApiKey: false }),
    new FlowscaleAPI({ apiKey, baseUrl }),
    new FlowscaleAPI({ apiKey: process.env.FLOWSCALE_API_KEY, baseUrl: process.env.FLOWSCALE_API_URL }),
    new FlowscaleAPI({ apiKey: 'k', baseUrl: 'u', enableLogging: false }),
    new FlowscaleAPI({ baseUrl: '/api', proxyMode: true }),
    new FlowscaleAPI(all),
    // @ts-expect-error: there are four levels
    new FlowscaleAPI({ apiKey, baseUrl, logLevel: 'trace' }),
    // @ts-expect-error: an URL has to be thought of
    new FlowscaleAPI({ apiKey }),
  ]
}

interface Prompt {
  text_51536: string
  image_1234?: File
  frames?: (Blob | undefined)[]
  settings?: Settings
}
interface Settings {
  steps: number
}
/** As an app may have copied it from an answer. */
interface OwnResult {
  status: string
  runId: string
  data: { download_url: string; generation_status: string }
}
interface OwnRuns {
  status: string
  data: {
    group_id: string
    count: number
    runs: { _id: string; outputs: { filename: string; url: string }[] }[]
  }
}

export async function call(
  flowscale: FlowscaleAPI,
  file: File,
  blob: Blob,
  options: AsyncOptions,
): Promise<void> {
  const health = await flowscale.checkHealth()
  for (const { container, status } of health.data)
    same<Same<[typeof container, typeof status], [string, ContainerHealth['status']]>>()
  const queue = await flowscale.getQueue()
  for (const [number, runId] of queue.data.flatMap((item) => item.queue.queue_running))
    same<Same<[typeof number, typeof runId], [number, string]>>()
  const workflows = await flowscale.getWorkflows()
  for (const { id, name, description } of workflows.data) console.log(id, name, description)

  const inputs = { text_51536: 'a', image_1234: file, video_1239: blob }
  const started = await flowscale.executeWorkflow('w', inputs, 'g')
  const { number, node_errors, output_names, run_id } = started.data
  same<Same<[typeof number, typeof output_names, typeof run_id], [number | null, string[], string]>>()
  console.log(node_errors)

  // An interface, and what a form or a parser gave, have no index signature of the right kind.
  const prompt: Prompt = { text_51536: 'a' }
  const parsed: Record<string, unknown> = JSON.parse('{}')
  for (const data of [prompt, parsed, {}, inputs]) {
    await flowscale.executeWorkflow('w', data)
    await flowscale.executeWorkflowAsync('w', data)
  }
  const settings: Settings = { steps: 1 }
  await flowscale.executeWorkflow('w', {
    settings,
    list: [settings, 'a', 1],
    none: undefined,
    day: new Date(),
  })
  await flowscale.executeWorkflow('w', JSON.parse('{}'))
  // A wrapper of an app, with a parameter of its own.
  const submit = <T extends Inputs>(data: T) => flowscale.executeWorkflow('w', data)
  const wait = <T extends Record<string, any>>(data: T) => flowscale.executeWorkflowAsync('w', data)
  await submit(inputs)
  await wait(inputs)
  // @ts-expect-error: inputs have names
  await flowscale.executeWorkflow('w', 'a')
  // @ts-expect-error: inputs have names
  await flowscale.executeWorkflow('w', ['a'])
  // @ts-expect-error: inputs have names
  await flowscale.executeWorkflow('w', blob)
  // @ts-expect-error: a promise has to be awaited
  await flowscale.executeWorkflow('w', { image: Promise.resolve(blob) })
  // @ts-expect-error: null is nothing that can be sent
  await flowscale.executeWorkflow('w', { image: null })
  // @ts-expect-error: nor is a stream
  await flowscale.executeWorkflowAsync('w', { image: stream })
  // @ts-expect-error: nor a function
  await flowscale.executeWorkflowAsync('w', { image: () => blob })
  // @ts-expect-error: nor a Map
  await flowscale.executeWorkflowAsync('w', { settings: new Map([['steps', 1]]) })
  // @ts-expect-error: nor an array in an array
  await flowscale.executeWorkflowAsync('w', { frames: [[blob]] })

  await flowscale.executeWorkflowAsync('w', inputs, 'g')
  await flowscale.executeWorkflowAsync('w', inputs, undefined, 500)
  await flowscale.executeWorkflowAsync('w', inputs, 'g', 500, 60_000)
  const result = await flowscale.executeWorkflowAsync('w', inputs, 'g', 500, 60_000, options)
  // As published apps read it, whether there is one output or several.
  const { download_url: address } = result.data
  same<Same<typeof address, string | null | undefined>>()
  if (Array.isArray(result.data)) for (const { filename } of result.data) console.log(filename)
  else {
    const { download_url, generation_status } = result.data
    same<Same<[typeof download_url, typeof generation_status], [string | null, RunStatus]>>()
  }
  same<Same<typeof result.runId, string>>()
  const own = result as OwnResult
  const runsOfOwn = (await flowscale.getRuns()) as OwnRuns
  console.log(own.data.download_url, runsOfOwn.data.runs)

  const output = await flowscale.getOutput('f.png')
  console.log(output?.data.download_url, output?.data.generation_status)
  const cancelled = await flowscale.cancelRun('r')
  console.log(cancelled.status, cancelled.data)
  const run = await flowscale.getRun('r')
  for (const { path, value } of run.data.inputs) console.log(path, value)
  for (const { filename, url } of run.data.outputs) console.log(filename, url)
  const runs = await flowscale.getRuns('g')
  for (const { _id, status, outputs } of runs.data.runs) console.log(runs.data.count, _id, status, outputs)
  await flowscale.getRuns(undefined, { page: 2, pageSize: 50 })
}

export function log(flowscale: FlowscaleAPI): void {
  flowscale.setLoggingConfig(true, 'debug')
  flowscale.setLoggingConfig(false)
  const { enabled, level } = flowscale.getLoggingConfig()
  same<Same<[typeof enabled, typeof level], [boolean, 'debug' | 'info' | 'warn' | 'error']>>()
  // @ts-expect-error: a name is missing
  flowscale.setLoggingConfig()
}

export function connect(flowscale: FlowscaleAPI): boolean {
  const disconnect = flowscale.connectWebSocket({
    onOpen: () => console.log('open'),
    onMessage: (message) => {
      if (message.type === 'run_status_update') console.log(message.data.run_id)
    },
    onClose: (event) => console.log(event.code.toFixed(), event.reason.trim()),
    onError: (error) => console.error(error),
    reconnect: true,
    reconnectInterval: 5000,
    maxReconnectAttempts: 5,
  })
  same<Same<typeof disconnect, () => void>>()
  disconnect()
  const some: WebSocketOptions = { onMessage: async () => {} }
  flowscale.connectWebSocket(some)
  flowscale.connectWebSocket()
  flowscale.disconnectWebSocket()
  const success = flowscale.sendWebSocketMessage({
    type: 'client_event',
    data: { action: 'subscribe', runId: 'r' },
  })
  same<Same<typeof success, boolean>>()
  return flowscale.sendWebSocketMessage('text') && flowscale.isWebSocketConnected()
}

export function headers(flowscale: FlowscaleAPI): Record<string, string> {
  flowscale.updateCustomHeaders({ Authorization: 'Bearer …' })
  flowscale.clearCustomHeaders()
  return flowscale.getCustomHeaders()
}

export function explain(error: unknown): unknown {
  if (error instanceof ValidationError) return error.details.map(({ field, message }) => field + message)
  if (error instanceof NetworkError) return error.message
  if (error instanceof FlowScaleError) return [error.message, error.code.toLowerCase()]
  return error
}
