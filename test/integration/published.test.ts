// Each call form and each answer of the published SDK's README, in its order, on the built packages. No casts: what
// compiles here compiles in an app.
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createEmulator, type Emulator, type WorkflowInputs } from '@flowscale/emulator'
import { type Served, serve } from '@flowscale/emulator/node'
import { encode } from 'fast-png'
import { FlowscaleAPI } from 'flowscale'
import { WebSocket } from 'ws'
import { assert, suite } from '#test'
import { assertNoCanary, CANARY } from '../support/canary.ts'
import { rejection, thrown } from '../support/fakes.ts'
import { until } from '../support/until.ts'
import { withGlobals } from '../unit/client/websocket/kit.ts'
import { UUID } from '../unit/emulator/kit.ts'

const test = suite('published README')
const folder = join(process.cwd(), '.tmp/published')
const methods = ['debug', 'info', 'warn', 'error'] as const
const originals = methods.map((method) => console[method])
const printed: string[] = []
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
  mkdirSync(folder, { recursive: true })
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
  flowscale = new FlowscaleAPI({ apiKey: CANARY, baseUrl: server.url })
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
  rmSync(folder, { recursive: true })
})

const keys = (value: object) => Object.keys(value)
const has = (value: object, ...names: string[]) => {
  for (const name of names) assert.ok(name in value, `${name} is missing`)
}
/** The output, as soon as it is there. */
const outputOf = (filename: string) =>
  until(
    () => flowscale.getOutput(filename),
    (output) => output !== null,
  )
/** Runs that end with their test. */
const endless: string[] = []
async function startEndless(): Promise<string> {
  const { data } = await flowscale.executeWorkflow('nev3rend5run', {})
  endless.push(data.run_id)
  return data.run_id
}
const browser = { window: globalThis, document: {} }

test('constructor: the key in a browser has to be allowed', async () => {
  const options = { apiKey: CANARY, baseUrl: server.url, allowDangerouslyExposeApiKey: false }
  assert.is((await new FlowscaleAPI(options).checkHealth()).status, 'success')
  await withGlobals(browser, async () => {
    const { apiKey, baseUrl } = options
    for (const refused of [options, { apiKey, baseUrl }]) {
      const error = thrown(() => new FlowscaleAPI(refused))
      assert.match(error.message, /allowDangerouslyExposeApiKey/)
    }
  })
})

test('constructor: key and URL from the environment', async () => {
  Object.assign(process.env, { FLOWSCALE_API_KEY: CANARY, FLOWSCALE_API_URL: server.url })
  const apiKey = process.env.FLOWSCALE_API_KEY
  const apiUrl = process.env.FLOWSCALE_API_URL
  assert.is((await new FlowscaleAPI({ apiKey, baseUrl: apiUrl }).checkHealth()).status, 'success')
  Reflect.deleteProperty(process.env, 'FLOWSCALE_API_URL')
  const { FLOWSCALE_API_URL: baseUrl } = process.env
  assert.match(thrown(() => new FlowscaleAPI({ apiKey, baseUrl })).message, /FLOWSCALE_API_URL/)
  Reflect.deleteProperty(process.env, 'FLOWSCALE_API_KEY')
  const { FLOWSCALE_API_KEY } = process.env
  const without = () => new FlowscaleAPI({ apiKey: FLOWSCALE_API_KEY, baseUrl: apiUrl })
  assert.match(thrown(without).message, /FLOWSCALE_API_KEY/)
})

test('constructor: a plain JavaScript app with a file .env', async () => {
  writeFileSync(join(folder, '.env'), `FLOWSCALE_API_KEY=${CANARY}\nFLOWSCALE_API_URL=${server.url}\n`)
  const app = `
    import { config } from 'dotenv'
    import { FlowscaleAPI } from 'flowscale'
    config({ quiet: true })
    const { FLOWSCALE_API_KEY: apiKey, FLOWSCALE_API_URL: baseUrl } = process.env
    const { status, data } = await new FlowscaleAPI({ apiKey, baseUrl }).checkHealth()
    console.log(status, data.length)`
  writeFileSync(join(folder, 'app.mjs'), app)
  const { stdout } = await promisify(execFile)(process.execPath, ['app.mjs'], { cwd: folder })
  assert.is(stdout, 'success 2\n')
})

test('constructor: in a browser, allowed, with File and Blob', async () => {
  await withGlobals(browser, async () => {
    const page = new FlowscaleAPI({
      apiKey: CANARY,
      baseUrl: server.url,
      allowDangerouslyExposeApiKey: true,
    })
    assert.is((await page.checkHealth()).status, 'success')
    const inputs = { text_51536: 'Prompt test', image_1234: image(), video_1239: video() }
    const { data } = await page.executeWorkflow('f1lesinput00', inputs)
    assert.match(data.run_id, UUID)
  })
})

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
    await outputOf(name)
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
  assert.is((await rejection(flowscale.cancelRun(unknownRun))).status, 404)
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
    const own = new FlowscaleAPI({ apiKey: CANARY, baseUrl: server.url, enableLogging: true, logLevel })
    assert.equal(own.getLoggingConfig(), { enabled: true, level: logLevel })
    await own.checkHealth()
    await rejection(own.getRun(unknownRun))
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
  await rejection(flowscale.getRun(unknownRun))
  assert.equal(printed, [])
  const off = new FlowscaleAPI({ apiKey: CANARY, baseUrl: server.url, enableLogging: false })
  assert.equal(off.getLoggingConfig(), { enabled: false, level: 'info' })
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
  await until(
    () => heard.length,
    (count) => count === 1,
  )
  assert.equal(heard, ['open'])
  assert.match(
    printed.join('\n'),
    /^\[Flowscale INFO\] \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: WebSocket connection established$/,
  )
  await flowscale.executeWorkflow('t3xtwr1ter00', { prompt: 'hello' })
  await until(
    () => heard.at(-1),
    (last) => last === 'completed',
  )
  assert.equal([...new Set(heard)], ['open', 'queued', 'running', 'completed'])
  assert.is(disconnect(), undefined)
  await until(
    () => closed.length,
    (count) => count > 0,
  )
  disconnect()
  assert.equal(closed, [[1000, '']])
  assert.equal(errors, [])
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
  const steps = async (count: number) => {
    await until(
      () => opens,
      (seen) => seen === count,
    )
    server.dropSockets()
    await until(
      () => finals.length,
      (seen) => seen === count,
    )
  }
  const disconnect = flowscale.connectWebSocket(again)
  await steps(1)
  await until(flowscale.isWebSocketConnected.bind(flowscale), Boolean)
  disconnect()
  await until(
    () => finals.length,
    (seen) => seen === 2,
  )
  assert.equal(finals, [false, true])
  finals.length = opens = 0
  flowscale.connectWebSocket({ ...again, reconnect: false })
  await steps(1)
  assert.equal(finals, [true])
  assert.is(flowscale.isWebSocketConnected(), false)
})

test('connectWebSocket: no options; disconnectWebSocket', async () => {
  flowscale.disconnectWebSocket()
  flowscale.connectWebSocket()
  await until(() => flowscale.isWebSocketConnected(), Boolean)
  assert.is(flowscale.disconnectWebSocket(), undefined)
  assert.is(flowscale.isWebSocketConnected(), false)
  flowscale.disconnectWebSocket()
  await until(
    () => server.sockets,
    (count) => count === 0,
  )
})

test('sendWebSocketMessage and isWebSocketConnected', async () => {
  const runId = await startEndless()
  const message = { type: 'client_event', data: { action: 'subscribe', runId } }
  assert.is(flowscale.isWebSocketConnected(), false)
  assert.is(flowscale.sendWebSocketMessage(message), false)
  const heard: { run_id: string; status: string }[] = []
  flowscale.connectWebSocket({ onMessage: ({ data }) => heard.push(data) })
  assert.is(flowscale.sendWebSocketMessage(message), false, 'not open yet')
  await until(() => flowscale.isWebSocketConnected(), Boolean)
  assert.is(flowscale.sendWebSocketMessage(message), true)
  // The emulator answers a subscription with how the run stands.
  await until(() => heard.length > 0, Boolean)
  const { data: other } = await flowscale.executeWorkflow('t3xtwr1ter00', { prompt: 'another run' })
  await until(
    () => flowscale.getRun(other.run_id),
    (run) => run.data.status === 'completed',
  )
  await flowscale.cancelRun(runId)
  await until(() => heard.at(-1)?.status === 'cancelled', Boolean)
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
    await until(() => flowscale.isWebSocketConnected(), Boolean)
    disconnect()
    return made
  }
  assert.is(await withGlobals({ WebSocket: Counted }, () => connects({})), 1)
  assert.is(await connects({ WebSocket: Counted }), 2)
  assert.is(await withGlobals({ WebSocket: undefined }, () => connects({})), 2, 'isomorphic-ws')
})
