// What the class has beside the call forms of the published README, which are in published.test.ts.
import { Agent } from 'node:https'
import { inspect } from 'node:util'
import { connectWebSocket } from '@flowscale/client/websocket'
import { createEmulator, type Emulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { FlowScaleError, FlowscaleAPI, NetworkError, TimeoutError, ValidationError } from 'flowscale'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { fakeClock, fakeFetch, ok, rejection, thrown } from '../support/fakes.ts'
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
// Of a test that failed, too: an open socket would keep the process.
test.after.each(() => flowscale?.disconnectWebSocket())
test.after(async () => {
  methods.forEach((method, index) => {
    console[method] = originals[index]!
  })
  await server.close()
  emulator.close()
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
  assert.is((await rejection(error.resume({ timeoutMs: 50 }))).runId, error.runId)
  assert.is((await flowscale.cancelRun(error.runId)).data, 'Run cancelled successfully')
})

test('defaults of executeWorkflowAsync: asks each second, for five minutes', async () => {
  const clock = fakeClock()
  try {
    const id = '11111111-1111-4111-8111-111111111111'
    const execution = { run_id: id, output_names: ['a'], node_errors: {}, number: 0 }
    const run = { _id: id, status: 'running', inputs: [], outputs: [] }
    const fetch = fakeFetch(ok(execution), ok(run))
    const own = new FlowscaleAPI({ apiKey: CANARY, baseUrl: 'http://pod.test', fetch })
    const failed = rejection(own.executeWorkflowAsync('w', {}))
    await clock.tickAsync(10_500)
    assert.is(fetch.calls.length, 1 + 11)
    await clock.tickAsync(289_400)
    assert.is(fetch.calls.length, 1 + 300)
    await clock.tickAsync(100)
    assert.is((await failed).message, 'Workflow execution timed out after 300000ms')
  } finally {
    clock.uninstall()
  }
})

test('defaults of connectWebSocket: five attempts more, the first after about 5 s', async () => {
  const clock = fakeClock()
  try {
    const start = Date.now()
    const attempts: number[] = []
    class Refusing {
      constructor() {
        attempts.push(Date.now() - start)
        throw new Error('none')
      }
    }
    const finals: boolean[] = []
    const WebSocket = Refusing as never
    // With the key in a header, a class that throws is taken for one that can't set any, which is final.
    flowscale.connectWebSocket({ WebSocket, auth: 'query', onClose: ({ final }) => finals.push(final) })
    await clock.tickAsync(600_000)
    assert.equal(finals, [false, false, false, false, false, true])
    assert.is(attempts.length, 6)
    const [, second = 0] = attempts
    assert.ok(second >= 3750 && second <= 6250, `${second}`)
  } finally {
    clock.uninstall()
  }
})

test('two at once on one object: each has its own result', async () => {
  const prompts = ['one', 'two', 'three']
  const results = await Promise.all(
    prompts.map((prompt) =>
      flowscale.executeWorkflowAsync('t3xtwr1ter00', { prompt }, undefined, 10, 60_000),
    ),
  )
  assert.is(new Set(results.map(({ runId }) => runId)).size, 3)
  for (const [index, { runId }] of results.entries()) {
    const { data } = await flowscale.getRun(runId)
    assert.is(data.inputs.find(({ path }) => path === 'prompt')?.value, prompts[index])
  }
})

test('a wait with push, over the client of the class', async () => {
  const push = connectWebSocket(flowscale.client)
  await push.opened
  const inputs = { prompt: 'pushed' }
  // The deadline is before the next poll.
  const result = await flowscale.executeWorkflowAsync('t3xtwr1ter00', inputs, undefined, 120_000, 60_000, {
    push,
  })
  assert.is(result.status, 'success')
  push.close()
})

test('positional arguments left out as null or undefined, and no options', async () => {
  const { data } = await flowscale.executeWorkflow('t3xtwr1ter00', { prompt: 'a' }, '')
  assert.match((await flowscale.getRun(data.run_id)).data.status, /queued|running|completed/)
  const result = await flowscale.executeWorkflowAsync(
    't3xtwr1ter00',
    { prompt: 'b', seed: undefined },
    null as never,
    undefined,
    undefined,
    null as never,
  )
  assert.is(result.status, 'success')
})

test('works through a proxy around it, as in the state of Vue', async () => {
  const { own } = flowscale as unknown as { own: unknown }
  assert.type(own, 'function')
  const proxied = new Proxy(flowscale, {})
  const result = await proxied.executeWorkflowAsync('t3xtwr1ter00', { prompt: 'a' }, undefined, 10)
  assert.is(result.status, 'success')
  proxied.updateCustomHeaders({ 'X-One': '1' })
  assert.equal(flowscale.getCustomHeaders(), { 'X-One': '1' })
  proxied.setLoggingConfig(false)
  proxied.connectWebSocket()
  flowscale.disconnectWebSocket()
  assert.is(proxied.isWebSocketConnected(), false)
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

test('custom headers: one of each name, and refused when they are given', async () => {
  flowscale.updateCustomHeaders({ Authorization: 'Bearer one', 'X-Team': 'a' })
  flowscale.updateCustomHeaders({ authorization: 'Bearer two' })
  assert.equal(flowscale.getCustomHeaders(), { 'X-Team': 'a', authorization: 'Bearer two' })
  flowscale.updateCustomHeaders({ Authorization: 'Bearer three' })
  assert.equal(flowscale.getCustomHeaders(), { 'X-Team': 'a', Authorization: 'Bearer three' })
  const { apiKey, baseUrl } = { apiKey: CANARY, baseUrl: server.url }
  const wrong: [unknown, RegExp][] = [
    [new Headers({ authorization: 'Bearer' }), /headers must be a plain object/],
    ['Authorization: Bearer', /headers must be a plain object/],
    [{ Authorization: undefined }, /Authorization is empty or illegal/],
    [{ 'X-API-KEY': 'another' }, /X-API-KEY is set by the client/],
  ]
  for (const [headers, message] of wrong) {
    const customHeaders = headers as Record<string, string>
    assert.match(thrown(() => new FlowscaleAPI({ apiKey, baseUrl, customHeaders })).message, message)
    assert.match(thrown(() => flowscale.updateCustomHeaders(customHeaders)).message, message)
  }
  assert.equal(flowscale.getCustomHeaders(), { 'X-Team': 'a', Authorization: 'Bearer three' })
  assert.is((await flowscale.checkHealth()).status, 'success')
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
    assert.is(own.client.retryDelayMs, 1)
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
      if (tries > 6000) throw new Error('waited in vain')
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
  // What is open hears of it, too.
  flowscale.setLoggingConfig(false)
  printed.length = 0
  flowscale.disconnectWebSocket()
  assert.is(flowscale.isWebSocketConnected(), false)
  await until(() => closed.length === 2)
  assert.equal(printed, [])
})

test('the errors that published code imports', async () => {
  const refused = await rejection(flowscale.executeWorkflow('bncu0a1kipv', { text_51536: new Blob(['x']) }))
  const { url: baseUrl, close } = await listen(() => {})
  await close()
  const gone = new FlowscaleAPI({
    apiKey: CANARY,
    baseUrl,
    retries: 0,
    enableLogging: false,
  })
  const unreached = await rejection(gone.checkHealth())
  const unknown = await rejection(flowscale.getRun('nobody'))
  const name = (error: unknown) =>
    error instanceof ValidationError
      ? `invalid: ${error.details.map(({ field, message }) => `${field} ${message}`)}`
      : error instanceof NetworkError
        ? `network: ${error.message}`
        : error instanceof FlowScaleError
          ? `api: ${error.message} ${error.code}`
          : 'unexpected'
  assert.match(name(refused), /^invalid: body\.text_51536 \S/)
  assert.match(name(unreached), /^network: .*ECONNREFUSED/)
  assert.match(name(unknown), /^api: .*404.* ERR_FLOWSCALE_HTTP$/)
  assert.equal([refused.name, unreached.name], ['ValidationError', 'NetworkError'])
})

test('an httpAgent is ignored, and one warning says so, without its contents', async () => {
  const httpAgent = new Agent({ keepAlive: true, passphrase: CANARY })
  Object.assign(httpAgent, { proxy: new URL(`http://me:${CANARY}@proxy.test`) })
  const options = { apiKey: CANARY, baseUrl: server.url, httpAgent }
  const own = new FlowscaleAPI(options)
  for (let count = 0; count < 2; count++) assert.is((await own.checkHealth()).status, 'success')
  own.updateCustomHeaders({ 'X-One': '1' })
  assert.is(printed.length, 1)
  assert.match(String(printed[0]![0]), /^\[Flowscale WARN\] \S+: httpAgent is ignored.*dispatcher/)
  assertNoCanary(printed)
  assertNoCanary(own)
  new FlowscaleAPI({ ...options, enableLogging: false })
  new FlowscaleAPI({ ...options, logLevel: 'error' })
  new FlowscaleAPI({ ...options, httpAgent: undefined })
  assert.is(printed.length, 1)
})

test('what is wrong is said at once; nothing shows the key', () => {
  const make = (options: object) =>
    thrown(() => new FlowscaleAPI({ baseUrl: server.url, ...options } as never))
  for (const options of [{}, { apiKey: '' }, { apiKey: undefined }])
    assert.match(make(options).message, /FLOWSCALE_API_KEY/)
  assert.match(thrown(() => new FlowscaleAPI(undefined as never)).message, /FLOWSCALE_API_KEY/)
  for (const baseUrl of [undefined, ''])
    assert.match(make({ apiKey: CANARY, baseUrl }).message, /FLOWSCALE_API_URL/)
  flowscale.updateCustomHeaders({ Authorization: `Bearer ${CANARY}` })
  console.info(flowscale)
  console.info(inspect(flowscale))
  assert.not.match(inspect(printed, { depth: 9 }), new RegExp(CANARY))
  assertNoCanary(flowscale)
  assert.not.match(inspect(flowscale, { showHidden: true, depth: 9 }), new RegExp(CANARY))
  assert.not.match(JSON.stringify(flowscale), new RegExp(CANARY))
})
