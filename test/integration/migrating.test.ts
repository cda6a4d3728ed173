// MIGRATING.md is true: each of its rows and points is tried, on the class and on the functions, in its order.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent as HttpsAgent } from 'node:https'
import * as functions from '@flowscale/client'
import { createLogger } from '@flowscale/client/logger'
import * as poller from '@flowscale/client/poller'
import { connectWebSocket } from '@flowscale/client/websocket'
import { createEmulator, type Emulator } from '@flowscale/emulator'
import { type Served, serve } from '@flowscale/emulator/node'
import { FlowScaleError, FlowscaleAPI, type FlowscaleOptions, NetworkError, ValidationError } from 'flowscale'
import { Agent, FormData as UndiciFormData, fetch as undiciFetch } from 'undici'
import { assert, suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { fakeClock, fakeFetch, ok, recorder, rejection, thrown } from '../support/fakes.ts'
import { listen } from '../support/listen.ts'
import { until } from '../support/until.ts'
import { withGlobals } from '../unit/client/websocket/kit.ts'

const test = suite('MIGRATING')
let emulator: Emulator
let server: Served
let client: functions.Client
let flowscale: FlowscaleAPI

test.before(async () => {
  emulator = createEmulator({ apiKey: CANARY, speed: 100 })
  server = await serve(emulator)
  client = functions.createClient({ apiKey: CANARY, baseUrl: server.url })
  flowscale = make({})
})
// Of a test that failed, too: an open socket would keep the process.
test.after.each(() => flowscale?.disconnectWebSocket())
test.after(async () => {
  await server.close()
  emulator.close()
})

const make = (options: Partial<FlowscaleOptions>) =>
  new FlowscaleAPI({ apiKey: CANARY, baseUrl: server.url, enableLogging: false, ...options })
const submit = async (workflowId: string, inputs = {}) =>
  (await flowscale.executeWorkflow(workflowId, inputs)).data.run_id
const quick = { pollIntervalMs: 10 }
const prompt = { prompt: 'hello' }

const tries: Record<string, () => Promise<void>> = {
  'new FlowscaleAPI({ apiKey, baseUrl })': async () => {
    for (const health of [await flowscale.checkHealth(), await functions.checkHealth(client)])
      assert.is(health.data.length, 2)
  },
  allowDangerouslyExposeApiKey: async () => {
    for (const globals of [{ window: globalThis, document: {} }, { WorkerGlobalScope: class {} }]) {
      await withGlobals(globals, async () => {
        assert.match(thrown(() => make({})).message, /allowDangerouslyExposeApiKey/)
        make({ allowDangerouslyExposeApiKey: true })
        const options = { apiKey: CANARY, baseUrl: server.url }
        assert.match(thrown(() => functions.createClient(options)).message, /allowDangerouslyExposeApiKey/)
        functions.createClient({ ...options, allowDangerouslyExposeApiKey: true })
      })
    }
  },
  enableLogging: async () => {
    const shown = new FlowscaleAPI({ apiKey: CANARY, baseUrl: server.url })
    assert.equal(shown.getLoggingConfig(), { enabled: true, level: 'info' })
    const sink = recorder()
    const logger = createLogger({ enabled: true, level: 'debug', sink })
    await functions.checkHealth(functions.createClient({ apiKey: CANARY, baseUrl: server.url, logger }))
    assert.match(sink.lines[0]!.message, /^\[Flowscale DEBUG\] .* GET /)
    logger.info(`X-API-KEY: ${'secret'}`)
    assert.match(sink.lines[1]!.message, /X-API-KEY: \[redacted\]$/)
  },
  timeout: async () => {
    const silent = await listen(() => {})
    const own = make({ baseUrl: silent.url, timeout: 30, retries: 0 })
    const other = functions.createClient({ baseUrl: silent.url, timeoutMs: 30, maxRetries: 0 })
    for (const failed of [own.checkHealth(), functions.checkHealth(other)])
      assert.match((await rejection(failed)).message, /timed out after 30ms/)
    await silent.close()
  },
  retries: async () => {
    const count = async (options: Partial<FlowscaleOptions>, isPost = false) => {
      const fetch = fakeFetch(new Response('', { status: 503 }))
      const own = make({ ...options, retryDelay: 1, fetch })
      await rejection(isPost ? own.executeWorkflow('w', {}) : own.checkHealth())
      return fetch.calls.length
    }
    assert.equal(
      [await count({}), await count({ retries: 1 }), await count({ maxRetries: 1 }), await count({}, true)],
      [4, 2, 2, 1],
    )
    const own = functions.createClient({ baseUrl: server.url, maxRetries: 1, retryDelayMs: 1 })
    assert.equal([own.maxRetries, own.retryDelayMs], [1, 1])
  },
  'proxyMode: true': async () => {
    const headers = { Authorization: 'Bearer jwt' }
    const [one, two] = [fakeFetch(ok([])), fakeFetch(ok([]))]
    const proxied = { baseUrl: 'http://proxy.test', proxyMode: true, enableLogging: false }
    await new FlowscaleAPI({ ...proxied, apiKey: CANARY, customHeaders: headers, fetch: one }).checkHealth()
    await functions.checkHealth(functions.createClient({ baseUrl: proxied.baseUrl, headers, fetch: two }))
    for (const { calls } of [one, two])
      assert.equal([...calls[0]!.headers], [['authorization', 'Bearer jwt']])
  },
  httpAgent: async () => {
    assert.is((await make({ httpAgent: new HttpsAgent() }).checkHealth()).data.length, 2)
    const dispatcher = new Agent()
    const fetch = (url: string, init: RequestInit) => undiciFetch(url, { ...init, dispatcher } as any) as any
    assert.is((await make({ fetch }).checkHealth()).data.length, 2)
    // As its `install()` has it.
    const { runId } = await withGlobals({ FormData: UndiciFormData }, () =>
      make({ fetch }).executeWorkflowAsync('t3xtwr1ter00', prompt, undefined, 10),
    )
    assert.equal((await flowscale.getRun(runId)).data.inputs[0]?.value, prompt.prompt)
    await dispatcher.close()
  },
  'checkHealth()': async () => {
    const options = { timeoutMs: 60_000 }
    assert.equal(await flowscale.checkHealth(options), await functions.checkHealth(client, options))
  },
  'getQueue()': async () => {
    assert.equal(await flowscale.getQueue({}), await functions.getQueue(client, {}))
  },
  'getWorkflows()': async () => {
    const { data } = await flowscale.getWorkflows({})
    assert.equal(data, (await functions.getWorkflows(client, {})).data)
    assert.is(functions.parseWorkflow(data[0]!).inputs.text_51536, 'string')
  },
  'executeWorkflow(id, data, groupId?)': async () => {
    await flowscale.executeWorkflow('t3xtwr1ter00', prompt, 'both', { arrays: 'repeat' })
    await functions.executeWorkflow(client, 't3xtwr1ter00', prompt, { groupId: 'both' })
    assert.is((await flowscale.getRuns('both')).data.count, 2)
  },
  'executeWorkflowAsync(id, data, groupId?, pollIntervalMs = 1000, timeoutMs = 300000)': async () => {
    const one = await flowscale.executeWorkflowAsync('t3xtwr1ter00', prompt, 'async', 10, 60_000, {})
    const options = { groupId: 'async', pollIntervalMs: 10, timeoutMs: 60_000 }
    const two = await poller.executeWorkflowAsync(client, 't3xtwr1ter00', prompt, options)
    for (const { runId, outputs } of [one, two]) assert.equal([typeof runId, outputs.length], ['string', 1])
    assert.is((await flowscale.getRuns('async')).data.count, 2)
  },
  'getOutput(filename)': async () => {
    const { data } = await flowscale.executeWorkflow('nev3rend5run', {})
    const [name] = data.output_names
    assert.is(await flowscale.getOutput(name!), null)
    assert.is(await functions.getOutput(client, name!), null)
    await flowscale.cancelRun(data.run_id)
    const written = await functions.executeWorkflow(client, 't3xtwr1ter00', prompt)
    const output = await poller.waitForOutput(client, written.data.output_names[0]!, quick)
    assert.is(output.data.generation_status, 'success')
  },
  'cancelRun(runId)': async () => {
    const answers = [
      await flowscale.cancelRun(await submit('nev3rend5run')),
      await functions.cancelRun(client, await submit('nev3rend5run')),
    ]
    for (const { data } of answers) assert.is(data, 'Run cancelled successfully')
  },
  'getRun(runId)': async () => {
    const id = await submit('t3xtwr1ter00', prompt)
    assert.is((await poller.waitForRun(client, id, quick)).status, 'completed')
    for await (const { status } of poller.watchRun(client, id, quick)) assert.is(status, 'completed')
    assert.equal((await flowscale.getRun(id)).data.inputs, (await functions.getRun(client, id)).data.inputs)
  },
  'getRuns(groupId?)': async () => {
    const paging = { page: 1, pageSize: 1, sortBy: 'created_at', sortOrder: 'asc' } as const
    const [one, two] = [fakeFetch(ok({ runs: [] })), fakeFetch(ok({ runs: [] }))]
    await make({ fetch: one }).getRuns('g', paging)
    const other = functions.createClient({ baseUrl: server.url, fetch: two })
    await functions.getRuns(other, { groupId: 'g', ...paging })
    const expected = '?group_id=g&page=1&page_size=1&sort_by=created_at&sort_order=asc'
    for (const { calls } of [one, two])
      assert.equal([...calls[0]!.url.searchParams].sort(), [...new URLSearchParams(expected)].sort())
    let count = 0
    for await (const _ of functions.iterateRuns(client, { groupId: 'both' })) count++
    assert.is(count, 2)
  },
  'setLoggingConfig(enabled, level?)': async () => {
    const own = make({})
    const logger = createLogger()
    own.setLoggingConfig(false, 'warn')
    logger.setEnabled(false)
    logger.setLevel('warn')
    for (const config of [own.getLoggingConfig(), logger.config()])
      assert.equal(config, { enabled: false, level: 'warn' })
  },
  updateCustomHeaders: async () => {
    const fetch = fakeFetch(ok([]))
    const own = make({ fetch, customHeaders: { 'X-One': '1' } })
    own.updateCustomHeaders({ 'X-Two': '2' })
    assert.equal(own.getCustomHeaders(), { 'X-One': '1', 'X-Two': '2' })
    own.getCustomHeaders()['X-One'] = 'changed'
    await own.checkHealth()
    own.clearCustomHeaders()
    await own.checkHealth()
    let current: Record<string, string> = { 'X-One': '1' }
    const other = functions.createClient({ baseUrl: server.url, fetch, headers: () => current })
    await functions.checkHealth(other)
    current = {}
    await functions.checkHealth(other)
    assert.equal(
      fetch.calls.map(({ headers }) => headers.get('x-one')),
      ['1', null, '1', null],
    )
  },
  'connectWebSocket(options) -> disconnect': async () => {
    const finals: boolean[] = []
    flowscale.connectWebSocket({ onClose: ({ final }) => finals.push(final) })
    const disconnect = flowscale.connectWebSocket()
    await until(() => flowscale.isWebSocketConnected() && finals.length === 1, Boolean)
    assert.equal(finals, [true])
    disconnect()
    const connection = connectWebSocket(client, {})
    await connection.opened
    connection.close()
  },
  'disconnectWebSocket()': async () => {
    flowscale.connectWebSocket()
    await until(() => flowscale.isWebSocketConnected(), Boolean)
    const connection = connectWebSocket(client)
    await connection.opened
    assert.equal(
      [flowscale.sendWebSocketMessage('m'), connection.send('m'), connection.connected],
      [true, true, true],
    )
    flowscale.disconnectWebSocket()
    connection.close()
    assert.equal([flowscale.isWebSocketConnected(), connection.connected], [false, false])
  },
  ws: async () => {
    // What has a WebSocket of its own needs neither: it is taken before they are looked for.
    const manifest = JSON.parse(readFileSync('packages/flowscale/package.json', 'utf8'))
    assert.equal(Object.keys(manifest.peerDependencies), ['isomorphic-ws', 'ws'])
    const made: string[] = []
    class Own extends EventTarget {
      constructor(url: string) {
        super()
        made.push(url)
      }
      close() {}
    }
    await withGlobals({ WebSocket: Own }, async () => {
      flowscale.connectWebSocket()
      await until(() => made.length > 0, Boolean)
      flowscale.disconnectWebSocket()
    })
  },
  'errors FlowScaleError': async () => {
    const { FlowScaleError: base, NetworkError: network, ValidationError: validation } = functions
    assert.equal([FlowScaleError, NetworkError, ValidationError], [base, network, validation])
    const names = [base, network, validation].map((Type) => new Type('m').name)
    assert.equal(names, ['FlowScaleError', 'NetworkError', 'ValidationError'])
  },

  'A time-out still says': async () => {
    const error = await rejection(flowscale.executeWorkflowAsync('nev3rend5run', {}, '', 10, 50))
    assert.ok(error.message.includes('timed out'))
    await flowscale.cancelRun(error.runId)
    assert.instance(await rejection(error.resume({ timeoutMs: 60_000 })), functions.RunError)
  },
  'A failed or cancelled run': async () => {
    const failed = flowscale.executeWorkflowAsync('fa1lsa1ways0', {}, '', 10)
    assert.is((await rejection(failed)).status, 'failed')
    const onSubmitted = ({ runId }: { runId: string }) => flowscale.cancelRun(runId)
    const cancelled = flowscale.executeWorkflowAsync('nev3rend5run', {}, '', 10, 60_000, { onSubmitted })
    const error = await rejection(cancelled)
    assert.equal([error.name, error.status], ['RunError', 'cancelled'])
  },
  'Polls each second': async () => {
    const wait = async (...limits: number[]) => {
      const fetch = fakeFetch(ok({ run_id: 'r' }), ok({ _id: 'r', status: 'running' }))
      const { message } = await rejection(make({ fetch }).executeWorkflowAsync('w', {}, undefined, ...limits))
      return [message, fetch.calls.length - 1]
    }
    const clock = fakeClock()
    try {
      const waits = [wait(), wait(2000, 600_000)]
      await clock.tickAsync(600_000)
      assert.equal(
        await Promise.all(waits),
        [300_000, 600_000].map((ms) => [`Workflow execution timed out after ${ms}ms`, 300]),
      )
    } finally {
      clock.uninstall()
    }
  },
  'All outputs of a run': async () => {
    const { data, outputs } = await flowscale.executeWorkflowAsync('d1ptych7two2', prompt, '', 10)
    assert.equal([Array.isArray(data), outputs.length], [true, 2])
  },
  'The key is not sent across redirects': async () => {
    let hits = 0
    const target = await listen((_, response) => {
      hits++
      response.end()
    })
    const moved = await listen((_, response) => response.writeHead(307, { location: target.url }).end())
    assert.is((await rejection(make({ baseUrl: moved.url }).checkHealth())).name, 'RedirectError')
    assert.is(hits, 0)
    await Promise.all([target.close(), moved.close()])
    const { outputs } = await flowscale.executeWorkflowAsync('t3xtwr1ter00', prompt, '', 10)
    assert.is((await functions.downloadOutput(flowscale.client, outputs[0]!)).status, 200)
    assert.is(emulator.stats.keysRefusedAtFiles, 0)
  },
  "Inputs that can't be sent": async () => {
    const fetch = fakeFetch(ok({}))
    const values: any[] = [null, Number.NaN, () => {}, new ReadableStream()]
    for (const value of values) {
      const error = await rejection(make({ fetch }).executeWorkflow('w', { value }))
      assert.is(error.name, 'ArgumentError')
    }
    assert.is(fetch.calls.length, 0)
  },
  '`onError` gets an error': async () => {
    const refusing = await listen((_, response) => response.end())
    const heard: unknown[] = []
    const own = make({ baseUrl: refusing.url })
    await new Promise<void>((resolve) => {
      own.connectWebSocket({
        reconnectInterval: 1,
        maxReconnectAttempts: 1,
        onError: (error) => heard.push(error instanceof Error),
        onClose: (event) => {
          heard.push(Object.keys(event).sort().join())
          if (event.final) resolve()
        },
      })
    })
    const close = 'code,final,reason,wasClean'
    assert.equal(heard, [true, close, true, close])
    await refusing.close()
    const [given] = await new Promise<unknown[][]>((resolve) => {
      const disconnect = flowscale.connectWebSocket({
        onOpen: (...args: unknown[]) => {
          disconnect()
          resolve([args])
        },
      })
    })
    assert.equal(given, [undefined])
  },
  'connectWebSocket called in onClose': async () => {
    const counts = async (reconnect: boolean, expected: number) => {
      let count = 0
      let isOver = false
      const connect = () => {
        if (isOver || ++count > 5) return
        flowscale.connectWebSocket({
          reconnect,
          reconnectInterval: 1,
          onClose: () => void setTimeout(connect),
        })
      }
      connect()
      await until(() => flowscale.isWebSocketConnected(), Boolean)
      server.dropSockets()
      await until(() => count === expected && flowscale.isWebSocketConnected(), Boolean)
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.is(count, expected)
      isOver = true
      flowscale.disconnectWebSocket()
      await until(() => server.sockets === 0, Boolean)
    }
    await counts(false, 2)
    await counts(true, 6)
  },
  'A missing key or URL': async () => {
    for (const options of [
      { apiKey: '' },
      { baseUrl: '' },
      { timeout: -1 },
      { customHeaders: { 'a b': 'c' } },
    ])
      assert.is(thrown(() => make(options)).name, 'ArgumentError')
  },
  'ESM only': async () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const run = (code: string) =>
      execFileSync(process.execPath, ['--input-type=commonjs', '-e', code], { encoding: 'utf8' })
    assert.is(run("import('flowscale').then((m) => console.log(typeof m.FlowscaleAPI))"), 'function\n')
    if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19))
      assert.is(run("console.log(typeof require('flowscale').FlowscaleAPI)"), 'function\n')
  },
}

for (const [name, run] of Object.entries(tries)) test(name, run)
