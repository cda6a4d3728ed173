// Events through the proxy on real servers: many readers, readers that are slow or leave, and connections that break.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Client, createClient, executeWorkflow } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { waitForResult, waitForRun } from '@flowscale/client/poller'
import type { ProxyOptions } from '@flowscale/client/proxy'
import { connectWebSocket } from '@flowscale/client/websocket'
import { createEmulator, type WorkflowDefinition } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { closeAll, closeLater } from '../../../support/closeLater.ts'
import { heldBytes } from '../../../support/memory.ts'
import { recordingPod, serveProxy } from '../../../support/proxied.ts'
import { createRandom } from '../../../support/random.ts'
import { until } from '../../../support/until.ts'
import { gates } from '../../emulator/kit.ts'
import { fakePush } from './kit.ts'

const test = suite('events through the proxy, on real servers')
test.after.each(closeAll)
const seed = Number(process.env.SEED ?? 20261126)
const workflow = 't3xtwr1ter00'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
/** In MiB, at its lowest: what has just gone through may still be on its way out. */
const used = async () => {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 10; round++) {
    await pause(20)
    least = Math.min(least, heldBytes() / 2 ** 20)
  }
  return least
}

/** Reads the events of a run by Node's own client. */
function open(url: string, runId: string, user = 'ada') {
  const reader = {
    status: 0,
    /** The last event. */
    last: '',
    events: 0,
    isEnded: false,
    response: undefined as IncomingMessage | undefined,
    leave: () => {},
  }
  const sent = httpRequest(
    `${url}/api/v1/runs/${runId}/events`,
    { agent: false, headers: { 'x-user': user } },
    (response) => {
      reader.status = response.statusCode!
      reader.response = response
      let rest = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        const parts = (rest + text).split('\n\n')
        rest = parts.pop()!
        // On a busy machine a ping comes between.
        const events = parts.filter((part) => !part.startsWith(':'))
        reader.events += events.length
        reader.last = events.at(-1) ?? reader.last
      })
      response.on('error', () => {})
      response.on('close', () => {
        reader.isEnded = true
      })
    },
  )
  sent.on('error', () => {
    reader.isEnded = true
  })
  sent.end()
  reader.leave = () => sent.destroy()
  return reader
}

const authorize = ({ headers }: Request) => ({ groupId: headers.get('x-user') ?? 'ada' })

/** A proxy, which rejects nothing. */
async function openProxy(client: Client, options: Partial<ProxyOptions>) {
  const proxy = await serveProxy(client, { authorize, ...options })
  const close = async () => {
    await proxy.close()
    assert.equal(proxy.rejections, [])
  }
  return closeLater({ ...proxy, close })
}

/** A pod of runs whose states the test sets, and a proxy in front of it. */
async function openStates(options: Partial<ProxyOptions>) {
  const pod = closeLater(await recordingPod())
  const states = new Map<string, object>()
  const asked: string[] = []
  pod.respond = ({ url = '' }, response) => {
    pod.seen.length = 0
    asked.push(url)
    const _id = url.split('/').at(-1)!
    const state = states.get(_id)
    const body = state ? { status: 'success', data: { _id, group_id: 'ada', ...state } } : { detail: 'no' }
    response.writeHead(state ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const { url } = await openProxy(createClient({ baseUrl: pod.url, apiKey: CANARY }), options)
  return { url, states, asked }
}

const runIds = Array.from({ length: 50 }, (_, index) => `run-${index}`)

test('500 readers of 50 runs by push: one request for each state of a run, and flat memory', async () => {
  const push = fakePush(() => 3_600_000)
  const { url, states, asked } = await openStates({ push })
  for (const runId of runIds) states.set(runId, { status: 'running', progress: 0 })
  const before = await used()
  const readers = Array.from({ length: 500 }, (_, index) => open(url, runIds[index % 50]!))
  await until(() => readers.every(({ last }) => last))
  assert.ok(readers.every(({ status }) => status === 200))
  assert.is(asked.length, 50, 'whose a run is and how it is: one request for all of its readers')
  assert.is(push.watched, 50)
  // It takes nothing until the end.
  const slow = readers[7]!
  slow.response!.pause()
  const steps = 400
  let opened = 0
  for (let step = 1; step <= steps; step++) {
    push.tell({ status: 'running', progress: step / (steps + 1) })
    await pause(0)
    if (step === 20) opened = await used()
  }
  const last = `${steps / (steps + 1)}`
  await until(() => readers.every((reader) => reader === slow || reader.last.includes(last)))
  const grown = (await used()) - opened
  assert.is(asked.length, 50, 'progress is no reason to ask')
  for (const runId of runIds) states.set(runId, { status: 'completed' })
  push.tell({ status: 'completed' }, true)
  slow.response!.resume()
  await until(() => readers.every(({ isEnded }) => isEnded))
  assert.is(asked.length, 100)
  for (const [index, { last }] of readers.entries()) {
    assert.is(last, `id: completed\ndata: {"run_id":"${runIds[index % 50]}","status":"completed"}`)
  }
  assert.is(push.listeners.size, 0)
  await until(() => timers() <= 1)
  const left = (await used()) - before
  const events = readers.reduce((sum, reader) => sum + reader.events, 0)
  console.log(
    `[show] 500 readers of 50 runs by push: ${asked.length} requests to the pod (50 at the start, 50 at the end), ${events} events, memory ${grown.toFixed(1)} MiB more after ${steps} changes of each run, ${left.toFixed(1)} MiB at the end`,
  )
  assert.ok(grown < 8, `${grown.toFixed(1)} MiB are held`)
  assert.ok(left < 16, `${left.toFixed(1)} MiB are left`)
})

test('500 readers of 50 runs by polls: each poll and each lookup is one for all readers of a run', async () => {
  const gate = gates()
  const emulator = closeLater(createEmulator({ apiKey: CANARY, containers: 50, workflows: [gate.workflow] }))
  const server = closeLater(await serve(emulator))
  const polls = new Map<string, number>()
  let lists = 0
  let answer = () => {}
  const isAnswered = new Promise<void>((resolve) => (answer = resolve))
  const client = createClient({
    baseUrl: server.url,
    apiKey: CANARY,
    fetch: async (url, init) => {
      if (/\/runs\/[^/?]+$/.test(url)) {
        polls.set(url, (polls.get(url) ?? 0) + 1)
        // Until all readers are there, however long that takes.
        if (polls.get(url) === 2) await isAnswered
      } else lists++
      return fetch(url, init)
    },
  })
  const pod = createClient({ baseUrl: server.url, apiKey: CANARY })
  const proxy = await openProxy(client, {})
  const ids = await Promise.all(
    runIds.map(
      async (label) => (await executeWorkflow(pod, 'gate', { label }, { groupId: 'ada' })).data.run_id,
    ),
  )
  const readers = Array.from({ length: 500 }, (_, index) => open(proxy.url, ids[index % 50]!))
  const foreign = ids.map((id) => open(proxy.url, id, 'bob'))
  await until(() => readers.every(({ last }) => last) && foreign.every(({ isEnded }) => isEnded))
  assert.ok(foreign.every(({ status, last }) => status === 404 && !last))
  // The runs of this pod don't tell their group.
  assert.is(lists, 100, 'a list for each run and group')
  for (const label of runIds) gate.release(label)
  await Promise.all(ids.map((id) => waitForRun(pod, id)))
  answer()
  await until(() => readers.every(({ isEnded }) => isEnded))
  assert.ok(readers.every(({ status, last }) => status === 200 && last.startsWith('id: completed\n')))
  assert.equal([...polls.values()], Array(50).fill(2))
  assert.is(lists, 100)
  await until(() => timers() <= 1)
})

for (const [name, open_] of [
  ['connectWebSocket', connectWebSocket],
  ['connectEvents', connectEvents],
] as const) {
  test(`by ${name} to the pod: all progress, and few requests`, async () => {
    let go = () => {}
    const steps = 40
    const workflow: WorkflowDefinition = {
      id: 'steps',
      name: 'Steps',
      description: 'Forty of them',
      inputs: {},
      outputs: { out_1: 'file' },
      async run(_inputs, { sleep, progress }) {
        await new Promise<void>((resolve) => {
          go = resolve
        })
        for (let step = 1; step < steps; step++) {
          progress(step / steps)
          await sleep(500)
        }
        return { out_1: { data: new Uint8Array(1), type: 'application/octet-stream' } }
      },
    }
    const emulator = closeLater(createEmulator({ apiKey: CANARY, speed: 10, workflows: [workflow] }))
    const server = closeLater(await serve(emulator))
    let asked = 0
    const counting: typeof fetch = (url, init) => {
      if (/\/runs\/[^/?]+$/.test(`${url}`)) asked++
      return fetch(url, init)
    }
    const client = createClient({ baseUrl: server.url, apiKey: CANARY, fetch: counting as never })
    const push = closeLater(open_(createClient({ baseUrl: server.url, apiKey: CANARY })))
    const proxy = await openProxy(client, { authorize: 'public', push })
    const { data } = await executeWorkflow(client, 'steps', {})
    const readers = Array.from({ length: 10 }, () => open(proxy.url, data.run_id))
    await until(() => readers.every(({ last }) => last) && push.connected)
    go()
    await until(() => readers.every(({ isEnded }) => isEnded))
    for (const { last, events } of readers) {
      assert.match(last, /^id: (completed|success)\n/)
      assert.ok(events > steps / 4, `${events} events`)
    }
    console.log(
      `[show] ${name}: ${readers[0]!.events} events to each of 10 readers, ${asked} requests for the run`,
    )
    assert.ok(asked < 8, `${asked} requests`)
  })
}

test('readers that leave at any time leave nothing, and the pod is left alone', async () => {
  const push = fakePush(() => 3_600_000)
  const { url, states, asked } = await openStates({ push })
  for (const runId of runIds) states.set(runId, { status: 'running' })
  const readers = Array.from({ length: 200 }, (_, index) => open(url, runIds[index % 50]!))
  // Some before the answer.
  for (const reader of readers.slice(0, 70)) reader.leave()
  await until(() => readers.slice(70).every(({ last }) => last))
  for (const reader of readers.slice(70)) reader.leave()
  await until(() => push.listeners.size === 0 && timers() <= 1)
  const before = asked.length
  await pause(100)
  assert.is(asked.length, before)
})

/** Passes bytes on to `port`. `cut` destroys one connection that carries events, if there is one. */
async function startRelay(port: number, random: () => number) {
  const streams = new Set<Socket>()
  const server = createServer((socket) => {
    const other = connect(port, '127.0.0.1')
    socket.on('data', (bytes) => {
      if (/^GET \S+\/events /.test(bytes.toString('latin1'))) streams.add(socket)
      else streams.delete(socket)
      other.write(bytes)
    })
    other.on('data', (bytes) => socket.write(bytes))
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => {
        streams.delete(socket)
        two.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      const all = [...streams]
      const socket = all[Math.floor(random() * all.length)]
      socket?.destroy()
      return !!socket
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

test('200 forced disconnects lose none', async () => {
  const random = createRandom(seed)
  const emulator = closeLater(createEmulator({ apiKey: CANARY, speed: 5, containers: 24 }))
  const server = closeLater(await serve(emulator))
  const pod = createClient({ baseUrl: server.url, apiKey: CANARY })
  const push = closeLater(connectWebSocket(pod))
  const proxy = await openProxy(pod, { push })
  const relay = closeLater(await startRelay(proxy.port, random))
  // An execute whose connection breaks may have started a run: it is not what is cut here.
  const submitter = createClient({ baseUrl: proxy.url })
  const client = createClient({ baseUrl: relay.url, retryDelayMs: 20 })
  const events = closeLater(connectEvents(client, { maxStreams: 24 }))
  let cuts = 0
  let started = 0
  let ended = 0
  const work = async () => {
    while (cuts < 200) {
      const { data } = await executeWorkflow(submitter, workflow, { prompt: `${started++}` })
      const wait = waitForResult(client, data.run_id, { push: events, timeoutMs: 60_000 })
      // A run takes 200 ms: this is before, at or after its end.
      for (let i = 0; i < 4; i++) {
        await pause(random() * 80)
        if (relay.cut()) cuts++
      }
      const { outputs } = await wait
      if (outputs.length === 1 && outputs[0]!.download_url) ended++
    }
  }
  await Promise.all(Array.from({ length: 24 }, work))
  console.log(
    `[show] forced disconnects of events: seed ${seed}, ${cuts} of them, ${started} runs, ${ended} results`,
  )
  assert.ok(cuts >= 200)
  assert.is(ended, started)
  assert.is(emulator.stats.runsStarted, started)
  await closeAll()
  await until(() => timers() <= 1)
})
