// The class: what each method is beside its function, and what the class alone has. Its answers over HTTP are in
// test/conformance, their form in test/unit/emulator, and the types of published apps in test/types.
import { Agent as HttpsAgent } from 'node:https'
import { inspect } from 'node:util'
import * as api from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { defineWorkflow, run as runTyped } from '@flowscale/client/typed'
import { createEmulator, type Emulator } from '@flowscale/emulator'
import { type Served, serve } from '@flowscale/emulator/node'
import * as published from 'flowscale'
import { ArgumentError, FlowscaleAPI, type FlowscaleOptions, HttpError, TimeoutError } from 'flowscale'
import { WebSocket } from 'ws'
import { assert, rejects, suite, throws } from '#test'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { fakeClock, fakeFetch, ok } from '../../support/fakes.ts'
import { operationArguments } from '../../support/operations.ts'
import { withGlobals } from '../../support/setGlobals.ts'
import { until } from '../../support/until.ts'

const test = suite('FlowscaleAPI')
const methods = ['debug', 'info', 'warn', 'error'] as const
const originals = methods.map((method) => console[method])
/** The log lines. */
const printed: string[] = []
const unknownRun = '808f34d0-ef97-4b78-a00f-1268077ea6db'

let emulator: Emulator
let server: Served
let flowscale: FlowscaleAPI

test.before(async () => {
  emulator = createEmulator({ apiKey: CANARY, speed: 100 })
  server = await serve(emulator)
  for (const [index, method] of methods.entries()) {
    console[method] = (...args: unknown[]) => {
      assertNoCanary(args, 'a log line')
      printed.push(String(args[0]))
      if (!String(args[0]).startsWith('[Flowscale ')) originals[index]!(...args)
    }
  }
})
test.before.each(() => {
  printed.length = 0
  flowscale = make({ enableLogging: undefined })
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

const make = (options: Partial<FlowscaleOptions>) =>
  new FlowscaleAPI({ apiKey: CANARY, baseUrl: server.url, enableLogging: false, ...options })
const prompt = { prompt: 'hello' }

test('constructor: the key in a browser or a worker has to be allowed', async () => {
  const options = { apiKey: CANARY, baseUrl: server.url, allowDangerouslyExposeApiKey: false }
  assert.is((await new FlowscaleAPI(options).checkHealth()).status, 'success')
  for (const globals of [{ window: globalThis, document: {} }, { WorkerGlobalScope: class {} }]) {
    await withGlobals(globals, async () => {
      for (const refused of [options, { apiKey: CANARY, baseUrl: server.url }])
        throws(() => new FlowscaleAPI(refused), ArgumentError)
      make({ allowDangerouslyExposeApiKey: true })
    })
  }
})

test('constructor: a key or URL that is missing, by the name in the environment that an error says', () => {
  const baseUrl = server.url
  for (const options of [
    { apiKey: undefined, baseUrl },
    { apiKey: '', baseUrl },
    undefined,
    { apiKey: CANARY, baseUrl: undefined },
    { apiKey: CANARY, baseUrl: '' },
    { apiKey: CANARY, baseUrl, timeout: -1 },
  ])
    throws(() => new FlowscaleAPI(options as FlowscaleOptions), ArgumentError)
})

test('timeout, retries, maxRetries and retryDelay are the options of the client', () => {
  const limits = (options: Partial<FlowscaleOptions>) => {
    const { timeoutMs, maxRetries, retryDelayMs } = make(options).client
    return [timeoutMs, maxRetries, retryDelayMs]
  }
  assert.equal(limits({}), [60_000, 3, 1000])
  assert.equal(limits({ timeout: 30, retries: 1, retryDelay: 5 }), [30, 1, 5])
  assert.equal(limits({ retries: 7, maxRetries: 1 }), [60_000, 1, 1000])
})

test('each method sends what its function sends, and gives what it gives', async () => {
  const headers = { 'x-one': '1' }
  const page = { page: 1, pageSize: 1, sortBy: 'created_at', sortOrder: 'asc', headers }
  const form = { arrays: 'indexed', previews: true, headers }
  const seen: unknown[] = []
  const hooks = {
    headers,
    previews: true,
    onSubmitted: ({ runId }: { runId: string }) => seen.push(runId),
    onUpdate: ({ status }: { status: string }) => seen.push(status),
  }
  const wait = { ...hooks, groupId: 'g', pollIntervalMs: 10, timeoutMs: 60_000 }
  const inputs = { a: ['b', 'c'] }
  const typed = defineWorkflow('t', ['o'])
  const execution = [inputs, { groupId: 'g', ...form }]
  /** What each method takes, its function, and what that takes after the client. */
  const calls: [name: string, method: unknown[], ask: any, run: unknown[]][] = [
    ['executeWorkflow', ['w', inputs, 'g', form], api.executeWorkflow, ['w', ...execution]],
    ['executeWorkflow', [typed, inputs, 'g', form], api.executeWorkflow, ['t', ...execution]],
    ['getRuns', ['g', page], api.getRuns, [{ groupId: 'g', ...page }]],
    [
      'executeWorkflowAsync',
      ['w', inputs, 'g', 10, 60_000, hooks],
      executeWorkflowAsync,
      ['w', inputs, wait],
    ],
    ['executeWorkflowAsync', [typed, inputs, 'g', 10, 60_000, hooks], runTyped, [typed, inputs, wait]],
  ]
  for (const [name, before] of Object.entries(operationArguments)) {
    if (name === 'executeWorkflow' || name === 'getRuns') continue
    calls.unshift([name, [...before, { headers }], (api as any)[name], [...before, { headers }]])
  }
  const outputs = [{ filename: 'o_00001_.png', url: 'http://files.test/o' }]
  const data = { run_id: 'r', _id: 'r', status: 'completed', runs: [], outputs }
  const sentBy = async (ask: (fetch: api.Fetch) => unknown) => {
    seen.length = 0
    const fetch = fakeFetch(({ pathname }) => ok(/comfy/.test(pathname) ? [] : data))
    const answer = await ask(fetch)
    const sent = fetch.calls.map(({ url, init, headers }) => [
      init.method,
      url.href,
      [...headers],
      [...((init.body as FormData) ?? [])],
    ])
    return [sent, answer, [...seen]]
  }
  for (const [name, method, ask, run] of calls) {
    const sent = await sentBy((fetch) =>
      ask(
        api.createClient({
          apiKey: 'k',
          baseUrl: server.url,
          fetch,
          idempotency: api.idempotencyWhereKept(),
        }),
        ...run,
      ),
    )
    assert.equal(await sentBy((fetch) => (make({ apiKey: 'k', fetch }) as any)[name](...method)), sent, name)
  }
  assert.equal(seen, ['r', 'completed'], 'of the last')
})

test('executeWorkflowAsync polls each second, for five minutes', async () => {
  const clock = fakeClock()
  try {
    const wait = async (timeoutMs: number, ...limits: number[]) => {
      const fetch = fakeFetch(ok([]), ok({ run_id: 'r' }), ok({ _id: 'r', status: 'running' }))
      const ended = make({ fetch }).executeWorkflowAsync('w', {}, undefined, ...limits)
      await rejects(ended, TimeoutError, { timeoutMs })
      return fetch.calls.length - 2
    }
    const waits = Promise.all([wait(300_000), wait(600_000, 2000, 600_000)])
    await clock.tickAsync(600_000)
    assert.equal(await waits, [300, 300])
  } finally {
    clock.uninstall()
  }
})

test('an empty group is none; arguments left out as null or undefined', async () => {
  const run = { run_id: 'r', _id: 'r', status: 'completed', outputs: [{ filename: 'a', url: 'x' }], runs: [] }
  const fetch = fakeFetch(ok(run))
  const own = make({ fetch })
  for (const group of ['', null as never, undefined]) {
    await own.executeWorkflow('w', { seed: undefined }, group)
    await own.executeWorkflowAsync('w', {}, group, undefined, undefined, null as never)
    await own.getRuns(group)
  }
  // Health is asked once.
  assert.is(fetch.calls.length, 1 + 3 * 4)
  for (const { url } of fetch.calls) assert.not.ok(url.searchParams.has('group_id'), url.href)
})

test('logging: options, changes afterwards, and the form of a line', async () => {
  assert.equal(flowscale.getLoggingConfig(), { enabled: true, level: 'info' }, 'the default')
  assert.equal(make({}).getLoggingConfig(), { enabled: false, level: 'info' })
  assert.equal(make({ logLevel: 'debug' }).getLoggingConfig(), { enabled: false, level: 'debug' })
  const own = make({ enableLogging: true, logLevel: 'error' })
  await own.checkHealth()
  await rejects(own.getRun(unknownRun), HttpError)
  assert.is(printed.length, 1)
  assert.match(printed[0]!, /^\[Flowscale ERROR\] \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: \S/)

  flowscale.setLoggingConfig(true, 'debug')
  assert.equal(flowscale.getLoggingConfig(), { enabled: true, level: 'debug' })
  printed.length = 0
  await flowscale.executeWorkflowAsync('t3xtwr1ter00', { prompt: 'hello' }, undefined, 10)
  const polling = /^\[Flowscale DEBUG\] \S+Z: Polling workflow output: (\{.*\})$/
  const polls = printed.flatMap((line) => polling.exec(line)?.[1] ?? [])
  assert.is(JSON.parse(polls.at(-1)!).status, 'completed')

  flowscale.setLoggingConfig(false)
  assert.equal(flowscale.getLoggingConfig(), { enabled: false, level: 'debug' })
  printed.length = 0
  await flowscale.checkHealth()
  await rejects(flowscale.getRun(unknownRun), HttpError)
  assert.equal(printed, [])
  throws(() => flowscale.setLoggingConfig(true, 'loud' as never), ArgumentError)
})

test('connectWebSocket: its options, the function it gives, and the log line', async () => {
  const heard: string[] = []
  const disconnect = flowscale.connectWebSocket({
    WebSocket,
    reconnect: false,
    onOpen: () => heard.push('open'),
    onMessage: (message) => {
      if (message.type === 'run_status_update') heard.push(message.data.status)
    },
    onClose: ({ code, final }) => heard.push(`${code} ${final}`),
    onError: () => heard.push('error'),
  })
  await until(() => heard.length)
  assert.match(
    printed.join('\n'),
    /^\[Flowscale INFO\] \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: WebSocket connection established$/,
  )
  await flowscale.executeWorkflow('t3xtwr1ter00', prompt)
  await until(() => heard.at(-1) === 'completed')
  server.dropSockets()
  await until(() => !flowscale.isWebSocketConnected())
  assert.is(disconnect(), undefined)
  assert.equal([...new Set(heard)], ['open', 'queued', 'running', 'completed', '1006 true'])
})

test('connectWebSocket again closes the first; the function of the first closes the first only', async () => {
  const closed: boolean[] = []
  const options = { onClose: ({ final }: { final: boolean }) => closed.push(final) }
  const disconnect = flowscale.connectWebSocket(options)
  await until(() => flowscale.isWebSocketConnected())
  flowscale.connectWebSocket(options)
  await until(() => flowscale.isWebSocketConnected() && closed.length)
  disconnect()
  assert.equal([flowscale.isWebSocketConnected(), closed], [true, [true]])
  // What is open hears of it, too.
  flowscale.setLoggingConfig(false)
  printed.length = 0
  flowscale.disconnectWebSocket()
  await until(() => closed.length === 2)
  assert.equal(printed, [])
})

test('sendWebSocketMessage, isWebSocketConnected and disconnectWebSocket', async () => {
  const { data } = await flowscale.executeWorkflow('nev3rend5run', {})
  const message = { type: 'client_event', data: { action: 'subscribe', runId: data.run_id } }
  flowscale.disconnectWebSocket()
  assert.is(flowscale.isWebSocketConnected(), false)
  assert.is(flowscale.sendWebSocketMessage(message), false)
  flowscale.connectWebSocket()
  assert.is(flowscale.sendWebSocketMessage(message), false, 'not open yet')
  await until(() => flowscale.isWebSocketConnected())
  const heard: unknown[] = []
  flowscale.connectWebSocket({ onMessage: ({ data }) => heard.push(data.run_id) })
  await until(() => flowscale.isWebSocketConnected())
  assert.is(flowscale.sendWebSocketMessage(message), true)
  // The emulator answers a subscription with how the run stands.
  await until(() => heard.length)
  assert.is(heard[0], data.run_id)
  assert.is(flowscale.sendWebSocketMessage('text'), true)
  assert.is(flowscale.disconnectWebSocket(), undefined)
  assert.is(flowscale.isWebSocketConnected(), false)
  assert.is(flowscale.sendWebSocketMessage(message), false)
  await flowscale.cancelRun(data.run_id)
})

test('proxyMode: no key, and no other header than the custom ones', async () => {
  const fetch = fakeFetch(ok([]))
  const customHeaders = { Authorization: 'Bearer jwt' }
  await make({ baseUrl: 'http://proxy.test', proxyMode: true, customHeaders, fetch }).checkHealth()
  assert.equal([...fetch.calls[0]!.headers], [['authorization', 'Bearer jwt']])
})

test('custom headers: merged, copied and cleared from the next request on', async () => {
  const fetch = fakeFetch(ok([]))
  const own = make({ fetch, customHeaders: { 'X-One': '1' } })
  own.updateCustomHeaders({ 'X-Two': '2' })
  assert.equal(own.getCustomHeaders(), { 'X-One': '1', 'X-Two': '2' })
  own.getCustomHeaders()['X-One'] = 'changed'
  await own.checkHealth()
  own.clearCustomHeaders()
  await own.checkHealth()
  assert.equal(
    fetch.calls.map(({ headers }) => [headers.get('x-one'), headers.get('x-two')]),
    [
      ['1', '2'],
      [null, null],
    ],
  )
})

test('custom headers: one of each name, and refused when they are given', async () => {
  flowscale.updateCustomHeaders({ Authorization: 'Bearer one', 'X-Team': 'a' })
  flowscale.updateCustomHeaders({ authorization: 'Bearer two' })
  assert.equal(flowscale.getCustomHeaders(), { 'X-Team': 'a', authorization: 'Bearer two' })
  flowscale.updateCustomHeaders({ Authorization: 'Bearer three' })
  for (const headers of [
    new Headers({ authorization: 'Bearer' }),
    'Authorization: Bearer',
    { Authorization: undefined },
    { 'X-API-KEY': 'another' },
  ]) {
    const customHeaders = headers as Record<string, string>
    throws(() => make({ customHeaders }), ArgumentError)
    throws(() => flowscale.updateCustomHeaders(customHeaders), ArgumentError)
  }
  assert.equal(flowscale.getCustomHeaders(), { 'X-Team': 'a', Authorization: 'Bearer three' })
  assert.is((await flowscale.checkHealth()).status, 'success')
})

test('an httpAgent is ignored, and one warning says so, without its contents', async () => {
  const httpAgent = new HttpsAgent({ keepAlive: true, passphrase: CANARY })
  Object.assign(httpAgent, { proxy: new URL(`http://me:${CANARY}@proxy.test`) })
  const own = make({ httpAgent, enableLogging: true })
  for (let count = 0; count < 2; count++) assert.is((await own.checkHealth()).status, 'success')
  own.updateCustomHeaders({ 'X-One': '1' })
  assert.is(printed.length, 1)
  assert.match(printed[0]!, /^\[Flowscale WARN\] \S+: httpAgent is ignored.*dispatcher/)
  assertNoCanary(own)
  make({ httpAgent })
  make({ httpAgent, enableLogging: true, logLevel: 'error' })
  make({ httpAgent: undefined, enableLogging: true })
  assert.is(printed.length, 1)
})

test('the errors are those of the client', () => {
  for (const name of ['FlowScaleError', 'HttpError', 'NetworkError', 'TimeoutError', 'ValidationError'])
    assert.is((published as any)[name], (api as any)[name])
})

test('works through a proxy around it, as in the state of Vue', async () => {
  const { own } = flowscale as unknown as { own: unknown }
  assert.type(own, 'function')
  const proxied = new Proxy(flowscale, {})
  const result = await proxied.executeWorkflowAsync('t3xtwr1ter00', prompt, undefined, 10)
  assert.is(result.status, 'success')
  proxied.updateCustomHeaders({ 'X-One': '1' })
  assert.equal(flowscale.getCustomHeaders(), { 'X-One': '1' })
  proxied.setLoggingConfig(false)
  proxied.connectWebSocket()
  flowscale.disconnectWebSocket()
  assert.is(proxied.isWebSocketConnected(), false)
})

test('nothing shows the key', () => {
  flowscale.updateCustomHeaders({ Authorization: `Bearer ${CANARY}` })
  assertNoCanary(flowscale)
  assertNoCanary(inspect(flowscale, { showHidden: true, depth: 9 }))
  assertNoCanary(JSON.stringify(flowscale))
})
