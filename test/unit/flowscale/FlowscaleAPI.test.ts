// The class: the call forms and answers of the published SDK's README, in its order and with no casts, so that what
// compiles here compiles in an app; what each method is beside its function; and what the class alone has.
import { Agent as HttpsAgent } from 'node:https'
import { inspect } from 'node:util'
import * as functions from '@flowscale/client'
import { connectWebSocket } from '@flowscale/client/websocket'
import { createEmulator, type Emulator, type WorkflowInputs } from '@flowscale/emulator'
import { type Served, serve } from '@flowscale/emulator/node'
import { encode } from 'fast-png'
import {
  ArgumentError,
  FlowScaleError,
  FlowscaleAPI,
  type FlowscaleOptions,
  HttpError,
  NetworkError,
  TimeoutError,
  ValidationError,
} from 'flowscale'
import { Agent, FormData as UndiciFormData, fetch as undiciFetch } from 'undici'
import { WebSocket } from 'ws'
import { assert, rejects, suite, throws } from '#test'
import { assertNoCanary, CANARY } from '../../support/canary.ts'
import { fakeClock, fakeFetch, ok } from '../../support/fakes.ts'
import { listen } from '../../support/listen.ts'
import { withGlobals } from '../../support/setGlobals.ts'
import { until } from '../../support/until.ts'

const test = suite('FlowscaleAPI')
const methods = ['debug', 'info', 'warn', 'error'] as const
const originals = methods.map((method) => console[method])
/** The log lines. */
const printed: string[] = []
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
const unknownRun = '808f34d0-ef97-4b78-a00f-1268077ea6db'

const pixels = new Uint8Array(8 * 8 * 3).map((_, index) => (index * 37) % 256)
const png = encode({ width: 8, height: 8, channels: 3, data: pixels })
/** The head of an MP4: its `ftyp` box, and an empty `mdat`. */
const mp4 = Buffer.concat([
  Buffer.from('000000186674797069736f6d0000020069736f6d6d703432', 'hex'),
  Buffer.from('000000086d646174', 'hex'),
])
const image = () => new File([new Uint8Array(png)], 'photo.png', { type: 'image/png' })
const video = () => new Blob([mp4], { type: 'video/mp4' })

let emulator: Emulator
let server: Served
let flowscale: FlowscaleAPI
/** What the last run of `f1lesinput00` was given. */
let received: WorkflowInputs

test.before(async () => {
  emulator = createEmulator({
    apiKey: CANARY,
    speed: 100,
    workflows: [
      {
        id: 'f1lesinput00',
        name: 'Files',
        description: 'Keeps what it is given',
        inputs: { text_51536: 'string', image_1234: 'image', video_1239: 'video' },
        outputs: { note: 'file' },
        run(inputs) {
          received = inputs
          return { note: { data: png, type: 'image/png' } }
        },
      },
    ],
  })
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
// Of a test that failed, too: an open socket would keep the process, and these runs the containers.
test.after.each(async () => {
  flowscale?.disconnectWebSocket()
  for (const id of endless.splice(0)) await flowscale.cancelRun(id)
})
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
const keys = (value: object) => Object.keys(value)
const has = (value: object, ...names: string[]) => {
  for (const name of names) assert.ok(name in value, `${name} is missing`)
}
/** Runs that end with their test. */
const endless: string[] = []
async function startEndless(): Promise<string> {
  const { data } = await flowscale.executeWorkflow('nev3rend5run', {})
  endless.push(data.run_id)
  return data.run_id
}
const browser = { window: globalThis, document: {} }

test('constructor: the key in a browser or a worker has to be allowed', async () => {
  const options = { apiKey: CANARY, baseUrl: server.url, allowDangerouslyExposeApiKey: false }
  assert.is((await new FlowscaleAPI(options).checkHealth()).status, 'success')
  for (const globals of [browser, { WorkerGlobalScope: class {} }]) {
    await withGlobals(globals, async () => {
      for (const refused of [options, { apiKey: CANARY, baseUrl: server.url }])
        throws(() => new FlowscaleAPI(refused), ArgumentError)
      make({ allowDangerouslyExposeApiKey: true })
    })
  }
})

test('constructor: key and URL from the environment, by the names that an error says', async () => {
  Object.assign(process.env, { FLOWSCALE_API_KEY: CANARY, FLOWSCALE_API_URL: server.url })
  const { FLOWSCALE_API_KEY: apiKey, FLOWSCALE_API_URL: baseUrl } = process.env
  assert.is((await new FlowscaleAPI({ apiKey, baseUrl }).checkHealth()).status, 'success')
  for (const name of ['FLOWSCALE_API_KEY', 'FLOWSCALE_API_URL']) Reflect.deleteProperty(process.env, name)
  for (const options of [
    { apiKey: process.env.FLOWSCALE_API_KEY, baseUrl },
    { apiKey: '', baseUrl },
    undefined,
    { apiKey, baseUrl: process.env.FLOWSCALE_API_URL },
    { apiKey, baseUrl: '' },
    { apiKey, baseUrl, timeout: -1 },
  ])
    throws(() => new FlowscaleAPI(options as FlowscaleOptions), ArgumentError)
})

test('constructor: in a browser, allowed, with File and Blob', () =>
  withGlobals(browser, async () => {
    const page = make({ allowDangerouslyExposeApiKey: true })
    assert.is((await page.checkHealth()).status, 'success')
    const inputs = { text_51536: 'Prompt test', image_1234: image(), video_1239: video() }
    const { data } = await page.executeWorkflow('f1lesinput00', inputs)
    assert.match(data.run_id, UUID)
  }))

test('checkHealth', async () => {
  await startEndless()
  const health = await flowscale.checkHealth()
  assert.equal(health, {
    status: 'success',
    data: [
      { container: 'container #1', status: health.data[0]!.status },
      { container: 'container #2', status: health.data[1]!.status },
    ],
  })
  assert.equal(health.data.map(({ status }) => status).sort(), ['idle', 'running'])
})

test('getQueue', async () => {
  for (let run = 0; run < 4; run++) await startEndless()
  const queue = await flowscale.getQueue()
  assert.equal(keys(queue), ['status', 'data'])
  assert.is(queue.status, 'success')
  const seen: string[] = []
  for (const [index, { container, queue: own, ...rest }] of queue.data.entries()) {
    assert.is(container, `container #${index + 1}`)
    assert.equal(rest, {})
    assert.equal(keys(own), ['queue_running', 'queue_pending'])
    for (const entries of [own.queue_running, own.queue_pending]) {
      const [[number, runId, ...more] = []] = entries
      assert.equal([entries.length, typeof number, more], [1, 'number', []])
      seen.push(String(runId))
    }
  }
  assert.equal(seen.sort(), [...endless].sort())
})

test('getWorkflows', async () => {
  const workflows = await flowscale.getWorkflows()
  assert.is(workflows.status, 'success')
  assert.equal(
    // Details of inputs are ours: readers of the published form pass over them.
    workflows.data.slice(0, 2).map(({ inputs, input_details, ...rest }) => rest),
    [
      {
        id: 'bncu0a1kipv',
        name: 'Text to Image',
        description: 'Generate an image from text input',
        outputs: '{ "image_output": "image" }',
      },
      {
        id: 'a9bc45rt2kpm',
        name: 'Image to Image',
        description: 'Transform an existing image',
        outputs: '{ "transformed_image": "image" }',
      },
    ],
  )
  // The emulator's has an optional input more.
  assert.match(String(workflows.data[0]?.inputs), /^\{ "text_51536": "string"[,}\s]/)
  assert.is(workflows.data[1]?.inputs, '{ "image_input": "image", "prompt": "string" }')
})

let name = ''
const groupRuns: string[] = []

test('executeWorkflow: text, an image, a video and a group', async () => {
  const workflowId = 'f1lesinput00'
  const groupId = 'test_group'
  const forms = [
    { image_1234: image(), video_1239: video() },
    {
      image_1234: new Blob([new Uint8Array(png)], { type: 'image/png' }),
      video_1239: new File([mp4], 'clip.mp4'),
    },
  ]
  const names = [
    ['photo.png', 'video_1239.mp4'],
    ['image_1234.png', 'clip.mp4'],
  ]
  for (const [index, files] of forms.entries()) {
    const result = await flowscale.executeWorkflow(
      workflowId,
      { text_51536: 'Prompt test', ...files },
      groupId,
    )
    assert.is(result.status, 'success')
    assert.equal(keys(result.data).sort(), ['node_errors', 'number', 'output_names', 'run_id'])
    const { number, node_errors, output_names, run_id } = result.data
    assert.type(number, 'number')
    assert.equal(node_errors, {})
    assert.is(output_names.length, 1)
    assert.match(output_names[0]!, /^filename_prefix_\d{5}_[A-Z0-9]{10}$/)
    assert.match(run_id, UUID)
    groupRuns.push(run_id)
    name = output_names[0]!
    await until(() => flowscale.getOutput(name))
    const { text_51536, image_1234, video_1239 } = received
    assert.is(text_51536, 'Prompt test')
    for (const [place, [got, bytes]] of [[image_1234, png] as const, [video_1239, mp4] as const].entries()) {
      assert.ok(got && typeof got === 'object' && !Array.isArray(got))
      assert.is(got.name, names[index]?.[place])
      assert.equal([...got.data], [...bytes])
    }
  }
  assert.is((await flowscale.executeWorkflow('t3xtwr1ter00', { prompt: 'no group' })).status, 'success')
})

test('executeWorkflowAsync: two arguments, its answer', async () => {
  const workflowId = 'bncu0a1kipv'
  const inputs = { text_51536: 'Prompt test', image_1234: image() }
  const result = await flowscale.executeWorkflowAsync(workflowId, inputs)
  assert.is(result.status, 'success')
  const { data } = result
  assert.ok(!Array.isArray(data))
  assert.equal(keys(data).sort(), ['download_url', 'generation_status'])
  assert.is(data.generation_status, 'success')
  const picture = await fetch(String(data.download_url))
  assert.is(picture.headers.get('content-type'), 'image/png')
  assert.equal([...new Uint8Array(await picture.arrayBuffer()).slice(1, 4)], [...Buffer.from('PNG')])
})

test('executeWorkflowAsync: all five arguments; a time-out can be told from other errors', async () => {
  const tried = async (workflowId: string, timeoutMs: number) => {
    try {
      await flowscale.executeWorkflowAsync(workflowId, {}, 'other_group', 20, timeoutMs)
      return 'done'
    } catch (error: any) {
      assertNoCanary(error, 'an error')
      return error.message.includes('timed out') ? 'too long' : `error: ${error.message}`
    }
  }
  assert.is(await tried('nev3rend5run', 100), 'too long')
  assert.match(await tried('fa1lsa1ways0', 60_000), /^error: .*This workflow always fails/)
  assert.match(await tried('no-such-workflow', 60_000), /^error: .*Unknown workflow/)
  const { data } = await flowscale.getRuns('other_group')
  for (const { _id } of data.runs) await flowscale.cancelRun(_id)
  assert.is(data.count, 2)
})

test('executeWorkflowAsync: options after its arguments, all outputs, and a wait that goes on', async () => {
  const seen: string[] = []
  const hooks = {
    onSubmitted: ({ runId }: { runId: string }) => seen.push(runId),
    onUpdate: ({ status }: { status: string }) => seen.push(status),
  }
  const result = await flowscale.executeWorkflowAsync('d1ptych7two2', prompt, undefined, 10, 60_000, hooks)
  assert.equal([Array.isArray(result.data), result.outputs.length], [true, 2])
  assert.equal([seen[0], seen.at(-1)], [result.runId, 'completed'])
  const waited = flowscale.executeWorkflowAsync('nev3rend5run', {}, 'g', 10, 50)
  const { resume, runId } = await rejects(waited, TimeoutError)
  await rejects(resume!({ timeoutMs: 50 }), TimeoutError, { runId })
  await flowscale.cancelRun(runId!)
  assert.is(await resume!({ timeoutMs: 60_000 }).catch(({ status }) => status), 'cancelled')
})

test('executeWorkflowAsync polls each second, for five minutes', async () => {
  const clock = fakeClock()
  try {
    const wait = async (timeoutMs: number, ...limits: number[]) => {
      const fetch = fakeFetch(ok({ run_id: 'r' }), ok({ _id: 'r', status: 'running' }))
      const ended = make({ fetch }).executeWorkflowAsync('w', {}, undefined, ...limits)
      await rejects(ended, TimeoutError, { timeoutMs })
      return fetch.calls.length - 1
    }
    const waits = Promise.all([wait(300_000), wait(600_000, 2000, 600_000)])
    await clock.tickAsync(600_000)
    assert.equal(await waits, [300, 300])
  } finally {
    clock.uninstall()
  }
})

test('two at once on one object: each has its own result', async () => {
  const prompts = ['one', 'two', 'three']
  const results = await Promise.all(
    prompts.map((prompt) => flowscale.executeWorkflowAsync('t3xtwr1ter00', { prompt }, undefined, 10)),
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
  // The deadline is before the next poll.
  const waited = flowscale.executeWorkflowAsync('t3xtwr1ter00', prompt, undefined, 120_000, 60_000, { push })
  assert.is((await waited).status, 'success')
  push.close()
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
  assert.is(fetch.calls.length, 3 * 4)
  for (const { url } of fetch.calls) assert.not.ok(url.searchParams.has('group_id'), url.href)
})

test('getOutput', async () => {
  const output = await flowscale.getOutput(`${name}.png`)
  assert.equal(keys(output!), ['status', 'data'])
  assert.is(output?.status, 'success')
  assert.equal(keys(output!.data).sort(), ['download_url', 'generation_status'])
  assert.is(output?.data.generation_status, 'success')
  const file = await fetch(String(output?.data.download_url))
  assert.equal([...new Uint8Array(await file.arrayBuffer())], [...png])
})

test('cancelRun', async () => {
  const id = await startEndless()
  const result = await flowscale.cancelRun(id)
  assert.equal(result, { status: 'success', data: 'Run cancelled successfully' })
  assert.is((await flowscale.getRun(id)).data.status, 'cancelled')
  await rejects(flowscale.cancelRun(unknownRun), HttpError, { status: 404 })
})

test('getRun', async () => {
  const [id] = groupRuns
  const runDetails = await flowscale.getRun(id!)
  assert.is(runDetails.status, 'success')
  has(runDetails.data, '_id', 'status', 'inputs', 'outputs')
  assert.is(runDetails.data._id, id)
  assert.is(runDetails.data.status, 'completed')
  assert.equal(runDetails.data.inputs, [
    { path: 'text_51536', value: 'Prompt test' },
    { path: 'image_1234', value: 'photo.png' },
    { path: 'video_1239', value: 'video_1239.mp4' },
  ])
  const [output, ...more] = runDetails.data.outputs
  assert.equal(more, [])
  assert.equal(keys(output!).sort(), ['filename', 'url'])
  assert.match(output!.filename!, /^filename_prefix_\d{5}_[A-Z0-9]{10}\.png$/)
  assert.is((await fetch(output!.url!)).status, 200)
})

test('getRuns: of a group, and all', async () => {
  const runs = await flowscale.getRuns('test_group')
  assert.is(runs.status, 'success')
  assert.equal(keys(runs.data).sort(), ['count', 'group_id', 'runs'])
  assert.is(runs.data.group_id, 'test_group')
  assert.is(runs.data.count, 2)
  assert.equal(runs.data.runs.map(({ _id }) => _id).sort(), [...groupRuns].sort())
  for (const { status, outputs } of runs.data.runs) {
    assert.is(status, 'completed')
    assert.match(outputs[0]!.filename!, /\.png$/)
    assert.match(outputs[0]!.url!, /^http/)
  }
  const allRuns = await flowscale.getRuns()
  assert.ok(allRuns.data.count > 8)
  assert.is(allRuns.data.runs.length, allRuns.data.count)
})

test('logging: options, changes afterwards, and the form of a line', async () => {
  for (const logLevel of ['debug', 'info', 'warn', 'error'] as const) {
    const own = make({ enableLogging: true, logLevel })
    assert.equal(own.getLoggingConfig(), { enabled: true, level: logLevel })
    await own.checkHealth()
    await rejects(own.getRun(unknownRun), HttpError)
  }
  // At each level the error; at the first, the request that went well, too.
  assert.equal(
    printed.map(
      (line) => /^\[Flowscale ([A-Z]+)\] \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: \S/.exec(line)?.[1],
    ),
    ['DEBUG', 'ERROR', 'ERROR', 'ERROR', 'ERROR'],
  )
  assert.equal(flowscale.getLoggingConfig(), { enabled: true, level: 'info' }, 'the default')

  flowscale.setLoggingConfig(true, 'debug')
  const loggingConfig = flowscale.getLoggingConfig()
  assert.equal(loggingConfig, { enabled: true, level: 'debug' })
  printed.length = 0
  await flowscale.executeWorkflowAsync('t3xtwr1ter00', { prompt: 'hello' }, undefined, 10)
  const polling = /^\[Flowscale DEBUG\] \S+Z: Polling workflow output: (\{.*\})$/
  const polls = printed.flatMap((line) => polling.exec(line)?.[1] ?? [])
  assert.is(JSON.parse(polls.at(-1)!).status, 'completed')

  flowscale.setLoggingConfig(false)
  const { enabled, level } = flowscale.getLoggingConfig()
  assert.equal([enabled, level], [false, 'debug'])
  printed.length = 0
  await flowscale.checkHealth()
  await rejects(flowscale.getRun(unknownRun), HttpError)
  assert.equal(printed, [])
  throws(() => flowscale.setLoggingConfig(true, 'loud' as never), ArgumentError)
  assert.equal(make({}).getLoggingConfig(), { enabled: false, level: 'info' })
  assert.equal(make({ logLevel: 'debug' }).getLoggingConfig(), { enabled: false, level: 'debug' })
})

test('connectWebSocket: four callbacks, the function it gives, and the log line', async () => {
  const heard: string[] = []
  const closed: unknown[] = []
  const errors: unknown[] = []
  const disconnect = flowscale.connectWebSocket({
    onOpen: () => {
      heard.push('open')
    },
    onMessage: (message) => {
      if (message.type === 'run_status_update') heard.push(message.data.status)
    },
    onClose: (event) => {
      closed.push([event.code, event.reason])
    },
    onError: (error) => {
      errors.push(error)
    },
  })
  assert.type(disconnect, 'function')
  await until(() => heard.length)
  assert.equal(heard, ['open'])
  assert.match(
    printed.join('\n'),
    /^\[Flowscale INFO\] \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: WebSocket connection established$/,
  )
  await flowscale.executeWorkflow('t3xtwr1ter00', prompt)
  await until(() => heard.at(-1) === 'completed')
  assert.equal([...new Set(heard)], ['open', 'queued', 'running', 'completed'])
  assert.is(disconnect(), undefined)
  await until(() => closed.length)
  disconnect()
  assert.equal([closed, errors], [[[1000, '']], []])
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

test('connectWebSocket: reconnect, reconnectInterval, maxReconnectAttempts', async () => {
  let opens = 0
  const finals: boolean[] = []
  const onOpen = () => {
    opens++
  }
  const onClose = ({ final }: { final: boolean }) => {
    finals.push(final)
  }
  const again = { onOpen, onClose, reconnect: true, reconnectInterval: 10, maxReconnectAttempts: 2 }
  const drop = async () => {
    await until(() => opens === 1)
    server.dropSockets()
    await until(() => finals.length === 1)
  }
  const disconnect = flowscale.connectWebSocket(again)
  await drop()
  await until(() => flowscale.isWebSocketConnected())
  disconnect()
  await until(() => finals.length === 2)
  assert.equal(finals, [false, true])
  finals.length = opens = 0
  flowscale.connectWebSocket({ ...again, reconnect: false })
  await drop()
  assert.equal([finals, flowscale.isWebSocketConnected()], [[true], false])
})

test('connectWebSocket by default: five attempts more, the first after about 5 s', async () => {
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
    assert.ok(attempts[1]! >= 3750 && attempts[1]! <= 6250, `${attempts}`)
  } finally {
    clock.uninstall()
  }
})

test('connectWebSocket: no options; disconnectWebSocket', async () => {
  flowscale.disconnectWebSocket()
  flowscale.connectWebSocket()
  await until(() => flowscale.isWebSocketConnected())
  assert.is(flowscale.disconnectWebSocket(), undefined)
  assert.is(flowscale.isWebSocketConnected(), false)
  flowscale.disconnectWebSocket()
  await until(() => server.sockets === 0)
})

test('sendWebSocketMessage and isWebSocketConnected', async () => {
  const runId = await startEndless()
  const message = { type: 'client_event', data: { action: 'subscribe', runId } }
  assert.is(flowscale.isWebSocketConnected(), false)
  assert.is(flowscale.sendWebSocketMessage(message), false)
  const heard: { run_id: string; status: string }[] = []
  flowscale.connectWebSocket({ onMessage: ({ data }) => heard.push(data) })
  assert.is(flowscale.sendWebSocketMessage(message), false, 'not open yet')
  await until(() => flowscale.isWebSocketConnected())
  assert.is(flowscale.sendWebSocketMessage(message), true)
  // The emulator answers a subscription with how the run stands.
  await until(() => heard.length)
  await flowscale.executeWorkflowAsync('t3xtwr1ter00', prompt, undefined, 10)
  await flowscale.cancelRun(runId)
  await until(() => heard.at(-1)?.status === 'cancelled')
  assert.equal([...new Set(heard.map(({ run_id }) => run_id))], [runId], 'only what was subscribed to')
  for (const text of ['text', JSON.stringify(message)]) assert.is(flowscale.sendWebSocketMessage(text), true)
  flowscale.disconnectWebSocket()
  assert.is(flowscale.sendWebSocketMessage(message), false)
})

test('connectWebSocket on Node: `ws` as the global, and as an option', async () => {
  let made = 0
  class Counted extends WebSocket {
    constructor(url: string, ...rest: any[]) {
      made++
      super(url, ...rest)
    }
  }
  const connects = async (options: Parameters<FlowscaleAPI['connectWebSocket']>[0]) => {
    const disconnect = flowscale.connectWebSocket(options)
    await until(() => flowscale.isWebSocketConnected())
    disconnect()
    return made
  }
  assert.is(await withGlobals({ WebSocket: Counted }, () => connects({})), 1)
  assert.is(await connects({ WebSocket: Counted }), 2)
  assert.is(await withGlobals({ WebSocket: undefined }, () => connects({})), 2, 'isomorphic-ws')
})

test('each method sends what its function sends, and gives what it gives', async () => {
  const headers = { 'x-one': '1' }
  const page = { page: 1, pageSize: 1, sortBy: 'created_at', sortOrder: 'asc', headers }
  const form = { arrays: 'indexed', headers }
  /** What each takes: the method, and the function after the client. */
  const calls: [name: string, method: unknown[], run: unknown[]][] = [
    ...['checkHealth', 'getQueue', 'getWorkflows'].map((name) => [name, [{ headers }], [{ headers }]]),
    ...['getOutput', 'cancelRun', 'getRun'].map((name) => [name, ['r', { headers }], ['r', { headers }]]),
    [
      'executeWorkflow',
      ['w', { a: ['b', 'c'] }, 'g', form],
      ['w', { a: ['b', 'c'] }, { groupId: 'g', ...form }],
    ],
    ['getRuns', ['g', page], [{ groupId: 'g', ...page }]],
  ] as never
  const data = { run_id: 'r', _id: 'r', status: 'queued', runs: [], outputs: [] }
  const sentBy = async (ask: (fetch: functions.Fetch) => unknown) => {
    const fetch = fakeFetch(({ pathname }) => ok(/comfy/.test(pathname) ? [] : data))
    const answer = await ask(fetch)
    const { url, init, headers } = fetch.calls[0]!
    return [init.method, url.href, [...headers], [...((init.body as FormData) ?? [])], answer]
  }
  const { url: baseUrl } = server
  for (const [name, method, run] of calls) {
    const { [name]: ask } = functions as Record<string, any>
    const sent = await sentBy((fetch) => ask(functions.createClient({ apiKey: 'k', baseUrl, fetch }), ...run))
    assert.equal(await sentBy((fetch) => (make({ apiKey: 'k', fetch }) as any)[name](...method)), sent, name)
  }
})

test('timeout', async () => {
  const silent = await listen(() => {})
  const own = make({ baseUrl: silent.url, timeout: 30, retries: 0 })
  await rejects(own.checkHealth(), TimeoutError, { timeoutMs: 30 })
  await silent.close()
})

test('retries, maxRetries and retryDelay; a POST is sent once', async () => {
  const count = async (options: Partial<FlowscaleOptions>, isPost = false) => {
    const fetch = fakeFetch(new Response('', { status: 503 }))
    const own = make({ ...options, retryDelay: 1, fetch })
    const sent = isPost ? own.executeWorkflow('w', {}) : own.checkHealth()
    await rejects<HttpError>(sent, HttpError, { status: 503 })
    assert.is(own.client.retryDelayMs, 1)
    return fetch.calls.length
  }
  const given = [{}, { retries: 1 }, { maxRetries: 1 }, { retries: 7, maxRetries: 1 }]
  for (const [index, options] of given.entries()) assert.is(await count(options), index ? 2 : 4)
  assert.is(await count({}, true), 1)
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

test('a dispatcher of undici instead of an agent', async () => {
  const dispatcher = new Agent()
  const fetch = (url: string, init: RequestInit) => undiciFetch(url, { ...init, dispatcher } as any) as any
  assert.is((await make({ fetch }).checkHealth()).data.length, 2)
  // As its `install()` has it.
  const { runId } = await withGlobals({ FormData: UndiciFormData }, () =>
    make({ fetch }).executeWorkflowAsync('t3xtwr1ter00', prompt, undefined, 10),
  )
  assert.is((await flowscale.getRun(runId)).data.inputs[0]?.value, prompt.prompt)
  await dispatcher.close()
})

test('the errors that published code imports', async () => {
  const noFile = flowscale.executeWorkflow('bncu0a1kipv', { text_51536: new Blob(['x']) })
  const { details } = await rejects(noFile, ValidationError, { name: 'ValidationError' })
  assert.is(details[0]?.field, 'body.text_51536')
  const { url: baseUrl, close } = await listen(() => {})
  await close()
  await rejects(make({ baseUrl, retries: 0 }).checkHealth(), NetworkError, { name: 'NetworkError' })
  const unknown = flowscale.getRun('nobody')
  await rejects(unknown, FlowScaleError, { name: 'HttpError', code: 'ERR_FLOWSCALE_HTTP', status: 404 })
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
