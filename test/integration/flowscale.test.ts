// The class, by each call form of the published SDK, in the order of its README, against the built packages.
import { inspect } from 'node:util'
import { createEmulator, type Emulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { encode } from 'fast-png'
import { FlowScaleError, FlowscaleAPI, NetworkError, TimeoutError, ValidationError } from 'flowscale'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CANARY } from '../support/canary.ts'
import { rejection, thrown } from '../support/fakes.ts'
import { listen } from '../support/listen.ts'

const test = suite('FlowscaleAPI')
let emulator: Emulator
let server: Awaited<ReturnType<typeof serve>>
let flowscale: FlowscaleAPI
const printed: unknown[][] = []
const methods = ['debug', 'info', 'warn', 'error'] as const
const originals = methods.map((method) => console[method])

test.before(async () => {
  emulator = createEmulator({ apiKey: CANARY, speed: 50 })
  server = await serve(emulator)
  for (const method of methods) console[method] = (...args: unknown[]) => printed.push(args)
})
test.before.each(() => {
  printed.length = 0
  flowscale = new FlowscaleAPI({ apiKey: CANARY, baseUrl: server.url, allowDangerouslyExposeApiKey: false })
})
test.after(async () => {
  methods.forEach((method, index) => {
    console[method] = originals[index]!
  })
  await server.close()
  emulator.close()
})

test('checkHealth, getQueue, getWorkflows', async () => {
  const health = await flowscale.checkHealth()
  assert.is(health.status, 'success')
  assert.equal(Object.keys(health.data[0]!), ['container', 'status'])
  const queue = await flowscale.getQueue()
  assert.equal(queue.data[0], { container: 'container #1', queue: { queue_running: [], queue_pending: [] } })
  const { data } = await flowscale.getWorkflows()
  assert.equal(
    data.slice(0, 2).map(({ id, name }) => [id, name]),
    [
      ['bncu0a1kipv', 'Text to Image'],
      ['a9bc45rt2kpm', 'Image to Image'],
    ],
  )
  assert.is(JSON.parse(data[0]!.inputs as string).text_51536, 'string')
})

test('executeWorkflow with files and a group, then getOutput, getRun, getRuns', async () => {
  const png = encode({ width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(99) })
  const inputs = {
    text_51536: 'Prompt test',
    image_1234: new Blob([new Uint8Array(png)], { type: 'image/png' }),
    video_1239: new Blob(['not really'], { type: 'video/mp4' }),
  }
  const result = await flowscale.executeWorkflow('bncu0a1kipv', inputs, 'test_group')
  assert.is(result.status, 'success')
  assert.type(result.data.number, 'number')
  assert.equal(result.data.node_errors, {})
  const [name] = result.data.output_names
  const runId = result.data.run_id
  assert.match(name!, /^filename_prefix_/)

  let output = await flowscale.getOutput(`${name}.png`)
  for (let tries = 0; !output && tries < 1000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    output = await flowscale.getOutput(`${name}.png`)
  }
  assert.is(output?.data.generation_status, 'success')
  assert.match(output?.data.download_url as string, /^http/)

  const details = await flowscale.getRun(runId)
  assert.is(details.data._id, runId)
  assert.is(details.data.status, 'completed')
  assert.equal(details.data.inputs.find(({ path }) => path === 'text_51536')?.value, 'Prompt test')
  assert.is(details.data.outputs[0]?.filename, `${name}.png`)

  const runs = await flowscale.getRuns('test_group')
  assert.equal([runs.data.group_id, runs.data.count, runs.data.runs[0]?._id], ['test_group', 1, runId])
  assert.ok((await flowscale.getRuns()).data.runs.length >= 1)
  assert.is((await flowscale.getRuns('', { pageSize: 5 })).data.runs.length >= 1, true)
})

test('executeWorkflowAsync: the published shape, runId, hooks; and its time-out', async () => {
  flowscale.setLoggingConfig(true, 'debug')
  const seen: string[] = []
  const result = await flowscale.executeWorkflowAsync(
    'bncu0a1kipv',
    { text_51536: 'Prompt test' },
    undefined,
    10,
    60_000,
    { onSubmitted: ({ runId }) => seen.push(runId), onUpdate: ({ status }) => seen.push(status) },
  )
  assert.is(result.status, 'success')
  assert.not(Array.isArray(result.data))
  assert.equal(seen[0], result.runId)
  assert.is(seen.at(-1), 'completed')
  assert.ok(
    printed.some(([line]) => /^\[Flowscale DEBUG\] \S+Z: Polling workflow output: \{/.test(String(line))),
  )

  flowscale.setLoggingConfig(false)
  const error = await rejection(flowscale.executeWorkflowAsync('nev3rend5run', {}, 'g', 10, 50))
  assert.ok(error.message.includes('timed out'))
  assert.instance(error, TimeoutError)
  assert.is((await flowscale.cancelRun(error.runId)).data, 'Run cancelled successfully')
})

test('cancelRun of an unknown run, and a refused input', async () => {
  const error = await rejection(flowscale.cancelRun('808f34d0-ef97-4b78-a00f-1268077ea6db'))
  assert.is(error.status, 404)
  assert.instance(error, FlowScaleError)
  const refused = await rejection(flowscale.executeWorkflow('bncu0a1kipv', {}))
  assert.instance(refused, ValidationError)
  assert.is(refused.details[0].field, 'body.text_51536')
})

test('logging: on at info, and configurable', async () => {
  assert.equal(flowscale.getLoggingConfig(), { enabled: true, level: 'info' })
  await flowscale.checkHealth()
  assert.equal(printed, [])
  flowscale.setLoggingConfig(true, 'debug')
  await flowscale.checkHealth()
  assert.match(String(printed[0]?.[0]), /^\[Flowscale DEBUG\] \d{4}-\S+Z: GET \/api\/v1\/comfy\/health 200$/)
  flowscale.setLoggingConfig(false)
  assert.equal(flowscale.getLoggingConfig(), { enabled: false, level: 'debug' })
  assert.match(
    thrown(() => flowscale.setLoggingConfig(true, 'loud' as never)).message,
    /level must be one of/,
  )
  const quiet = new FlowscaleAPI({
    apiKey: CANARY,
    baseUrl: server.url,
    enableLogging: false,
    logLevel: 'debug',
  })
  assert.equal(quiet.getLoggingConfig(), { enabled: false, level: 'debug' })
})

test('proxyMode and custom headers: no key of ours, headers from the next request on', async () => {
  const heard: (string | undefined)[][] = []
  const proxy = await listen((request, response) => {
    heard.push([request.headers['x-api-key'] as string | undefined, request.headers.authorization])
    response.end(JSON.stringify({ status: 'success', data: [] }))
  })
  const options = {
    baseUrl: proxy.url,
    proxyMode: true,
    apiKey: CANARY,
    customHeaders: { Authorization: 'Bearer one' },
  }
  const own = new FlowscaleAPI(options)
  await own.checkHealth()
  own.updateCustomHeaders({ Authorization: 'Bearer two' })
  await own.checkHealth()
  assert.equal(own.getCustomHeaders(), { Authorization: 'Bearer two' })
  own.getCustomHeaders().Authorization = 'changed'
  own.clearCustomHeaders()
  await own.checkHealth()
  await proxy.close()
  assert.equal(heard, [
    [undefined, 'Bearer one'],
    [undefined, 'Bearer two'],
    [undefined, undefined],
  ])
})

test('retries, maxRetries, retryDelay and timeout', async () => {
  let requests = 0
  const server = await listen((_, response) => {
    requests++
    response.statusCode = 503
    response.end()
  })
  for (const more of [{ retries: 2 }, { maxRetries: 2 }, { retries: 7, maxRetries: 2 }]) {
    requests = 0
    const own = new FlowscaleAPI({
      apiKey: CANARY,
      baseUrl: server.url,
      enableLogging: false,
      retryDelay: 1,
      ...more,
    })
    assert.is((await rejection(own.checkHealth())).status, 503)
    assert.is(requests, 3)
  }
  await server.close()
  const gone = new FlowscaleAPI({
    apiKey: CANARY,
    baseUrl: server.url,
    enableLogging: false,
    retries: 0,
    timeout: 5000,
  })
  assert.instance(await rejection(gone.checkHealth()), NetworkError)
  assert.is(gone.client.timeoutMs, 5000)
})

test('connectWebSocket and its three companions', async () => {
  const until = async (reached: () => unknown) => {
    for (let tries = 0; !reached(); tries++) {
      if (tries > 1000) throw new Error('waited in vain')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const heard: any[] = []
  const closed: any[] = []
  let opens = 0
  const options = {
    onOpen: () => opens++,
    onMessage: (message: unknown) => heard.push(message),
    onClose: (event: unknown) => closed.push(event),
    onError: (error: unknown) => closed.push(error),
  }
  assert.is(flowscale.isWebSocketConnected(), false)
  assert.is(flowscale.sendWebSocketMessage('x'), false)
  const disconnect = flowscale.connectWebSocket(options)
  await until(() => opens === 1)
  assert.ok(flowscale.isWebSocketConnected())
  assert.ok(
    printed.some(([line]) =>
      /^\[Flowscale INFO\] \S+Z: WebSocket connection established$/.test(String(line)),
    ),
  )
  const { data } = await flowscale.executeWorkflow('t3xtwr1ter00', { prompt: 'hello' })
  const subscribe = { type: 'client_event', data: { action: 'subscribe', runId: data.run_id } }
  assert.is(flowscale.sendWebSocketMessage(subscribe), true)
  await until(() =>
    heard.some(({ type, data }) => type === 'run_status_update' && data.status === 'completed'),
  )

  flowscale.connectWebSocket(options)
  await until(() => opens === 2 && closed.length === 1)
  assert.equal([closed[0].code, closed[0].final], [1000, true])
  disconnect()
  assert.ok(flowscale.isWebSocketConnected(), 'the function of the first closes the first only')
  flowscale.disconnectWebSocket()
  assert.is(flowscale.isWebSocketConnected(), false)
  await until(() => closed.length === 2)
})

test('what is wrong is said at once; nothing shows the key', () => {
  const make = (options: object) =>
    thrown(() => new FlowscaleAPI({ baseUrl: server.url, ...options } as never))
  for (const options of [{}, { apiKey: '' }, { apiKey: undefined }])
    assert.match(make(options).message, /FLOWSCALE_API_KEY/)
  assert.match(make({ apiKey: CANARY, httpAgent: {} }).message, /httpAgent.*dispatcher/)
  assert.match(thrown(() => new FlowscaleAPI(undefined as never)).message, /FLOWSCALE_API_KEY/)
  assert.not.match(inspect(flowscale, { showHidden: true, depth: 9 }), new RegExp(CANARY))
  assert.not.match(JSON.stringify(flowscale), new RegExp(CANARY))
})

test.run()
