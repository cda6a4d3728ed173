// What a gateway costs over ComfyUI itself, and what its queue costs: the built command, and small ComfyUIs, processes all.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { type Started, startProcess, startSmallComfy } from '../../test/support/startProcess.ts'
import { quantile, type Row } from './figure.ts'
import { type Case, key } from './kit.ts'
import { repeat, takeTurns } from './measure.mjs'

const workflows = 'test/servers/disasters'
const headers = { 'x-api-key': key }
const stored = ['--data', 'FOLDER']
const queued = [...stored, '--workers']
/** With this flag of the bench, a worker in another process speaks for each ComfyUI. */
const BY_WORKERS = 'by workers'

interface Gateway {
  pid: number
  url: string
  comfyUrls: string[]
}
/** Starts a gateway of a clone before so many ComfyUIs of its own, as gateways of one ComfyUI share their work. */
type Start = (clone: string, flags?: readonly string[], count?: number) => Promise<Gateway>

/** What `use` starts ends with it. */
async function withGateways<T>(use: (start: Start) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const all: Started[] = []
  const keep = (started: Started): Started => {
    all.push(started)
    return started
  }
  const start: Start = async (clone, flags = [], count = 1) => {
    const starting = Array.from({ length: count }, () => startSmallComfy().then(keep))
    const comfyUrls = (await Promise.all(starting)).map(({ told }) => told.url)
    const command = resolve(clone, 'packages/gateway/bin/flowscale-gateway.js')
    const isByWorkers = flags.includes(BY_WORKERS)
    const args = [
      ...(isByWorkers ? [] : comfyUrls.flatMap((url) => ['--comfyui', url])),
      ...['--workflows', workflows, '--json', '--port', '0', '--api-key', key],
      ...flags
        .filter((flag) => flag !== BY_WORKERS)
        .map((flag) => flag.replace('FOLDER', join(folder, `${all.length}`))),
    ]
    const { pid, told } = await startProcess([command, ...args]).then(keep)
    for (const [at, comfyUrl] of isByWorkers ? comfyUrls.entries() : []) {
      const own = [
        '--gateway',
        told.url,
        '--key',
        told.workerKey,
        '--comfyui',
        comfyUrl,
        '--name',
        `gpu-${at}`,
      ]
      // The command prints no JSON.
      const script = `console.log('{}'); import(${JSON.stringify(command)})`
      await startProcess(['-e', script, command, 'worker', ...own]).then(keep)
      const isThere = ({ data }: any) => data[at] && data[at].status !== 'stopped'
      await poll(`${told.url}/api/v1/comfy/health`, isThere)
    }
    return { pid, url: told.url, comfyUrls }
  }
  try {
    return await use(start)
  } finally {
    await Promise.all(all.map((one) => one.kill()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function submit(url: string, seconds: number, seed: number): Promise<string> {
  const body = new FormData()
  body.set('seconds', `${seconds}`)
  body.set('seed', `${seed}`)
  const answer = await fetch(`${url}/api/v1/runs?workflow_id=brief`, { method: 'POST', headers, body })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { data: { run_id: string } }).data.run_id
}

const memoryMb = (pid: number): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`])) / 1024

const graph = readFileSync(`${workflows}/brief.json`, 'utf8')
let seed = Math.floor(Math.random() * 1e9)

/** Asks every 5 ms until `read` gives something. */
async function poll<T>(url: string, read: (answer: any) => T | undefined): Promise<T> {
  for (;;) {
    const found = read(await (await fetch(url, { headers })).json())
    if (found) return found
    await wait(5)
  }
}

/** Plays a run, and gives the address of its file. */
type Play = (seconds: number) => Promise<string>

async function post(comfyUrl: string, seconds: number, client_id: string): Promise<string> {
  const prompt = JSON.parse(graph)
  Object.assign(prompt[2].inputs, { seconds, seed: seed++ })
  const id = crypto.randomUUID()
  const body = JSON.stringify({ prompt, prompt_id: id, client_id })
  await (await fetch(`${comfyUrl}/prompt`, { method: 'POST', body })).json()
  return id
}

async function fileOf(comfyUrl: string, id: string): Promise<string> {
  const { outputs } = await poll(`${comfyUrl}/history/${id}`, (history) => history[id])
  return `${comfyUrl}/view?${new URLSearchParams(outputs[3].images[0])}`
}

/** ComfyUI alone, by a script that polls. */
const alone =
  (comfyUrl: string): Play =>
  async (seconds) =>
    await fileOf(comfyUrl, await post(comfyUrl, seconds, crypto.randomUUID()))

/** Opens a socket of ComfyUI: `post` starts a run, and `heard` is called for the messages of any. */
async function openSocket(comfyUrl: string, heard: (type: string, data: any) => void) {
  const client = crypto.randomUUID()
  const socket = new WebSocket(`${comfyUrl.replace('http', 'ws')}/ws?clientId=${client}`)
  // It ends with its server.
  socket
    .on('error', () => {})
    .on('message', (text) => {
      const { type, data } = JSON.parse(`${text}`)
      heard(type, data)
    })
  await once(socket, 'open')
  return { post: (seconds: number) => post(comfyUrl, seconds, client) }
}

/** ComfyUI alone, by a script that listens on a socket. */
async function listening(comfyUrl: string): Promise<Play> {
  const ended = new Set<string>()
  let wake = (): void => {}
  const socket = await openSocket(comfyUrl, (type, { prompt_id, node }) => {
    // Then it is in the history.
    if (type !== 'executing' || node !== null) return
    ended.add(prompt_id)
    wake()
  })
  return async (seconds) => {
    const id = await socket.post(seconds)
    while (!ended.delete(id)) await new Promise<void>((resolve) => (wake = resolve))
    return await fileOf(comfyUrl, id)
  }
}

const polling =
  (url: string): Play =>
  async (seconds) => {
    const id = await submit(url, seconds, seed++)
    const run = await poll(`${url}/api/v1/runs/${id}`, ({ data }) =>
      /completed|failed/.test(data.status) ? data : undefined,
    )
    if (run.error) throw new Error(run.error)
    return run.outputs[0].url
  }

/** The client, with its defaults. */
async function waiting(url: string, clone: string): Promise<Play> {
  const load = (entry: string) => import(resolve(clone, `packages/client/dist/${entry}.js`))
  const [{ createClient }, { executeWorkflowAsync }] = await Promise.all(['index', 'poller'].map(load))
  const client = createClient({ baseUrl: url, apiKey: key })
  return async (seconds) => {
    const inputs = { seconds, seed: seed++ }
    return (await executeWorkflowAsync(client, 'brief', inputs)).outputs[0].download_url
  }
}

interface Ways {
  floor: (comfyUrl: string) => Play | Promise<Play>
  ours: (url: string, clone: string) => Play | Promise<Play>
  /** What the floor is. */
  called: string
}
const byPolls: Ways = { floor: alone, ours: polling, called: 'ComfyUI alone' }
const byDefault: Ways = { floor: listening, ours: waiting, called: 'ComfyUI alone, by its socket' }

function runsCase(
  name: string,
  [runMs, runs, atOnce, rounds]: readonly [number, number, number, number],
  flags: readonly string[] = [],
  { floor, ours, called }: Ways = byPolls,
): Case {
  return {
    part: 'gateway',
    rows: [name],
    isVariant: runMs > 4 || flags.length > 0,
    run: ({ clones, isShort }) =>
      withGateways(async (start) => {
        const contestants: Record<string, Play> = {}
        for (const [who, clone] of Object.entries(clones)) {
          const { url, comfyUrls } = await start(clone, flags)
          contestants.floor ??= await floor(comfyUrls[0]!)
          contestants[who] = await ours(url, clone)
        }
        const count = isShort ? atOnce : runs
        const measure = async (play: Play) => {
          const fetchOne = async () => (await fetch(await play(runMs / 1000))).arrayBuffer()
          return { ms: (await repeat(count, atOnce, fetchOne)) / count }
        }
        const turns = isShort ? { rounds: 1 } : { rounds, warmUps: 1 }
        const { samples, missing } = await takeTurns(contestants, measure, turns)
        return [{ name, unit: 'ms a run', samples: samples.ms, floor: called, missing }]
      }),
  }
}

/** A server that answers a POST with a run, and a GET with a stream of events that goes on. */
const bareServer = `
  const server = require('node:http').createServer((request, response) => {
    request.resume()
    if (request.method === 'POST') return response.end('{"data":{"run_id":"bench"}}')
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\\n\\n')
  })
  server.listen(0, '127.0.0.1', () =>
    console.log(JSON.stringify({ url: 'http://127.0.0.1:' + server.address().port })))`

/** The MB of a server above idle, while clients read the events of runs, a hundred clients each. */
async function gather(pid: number, url: string, clients: number): Promise<{ mb: number }> {
  const idle = memoryMb(pid)
  const open = (path: string) =>
    new Promise((resolve, reject) => {
      const request = get(url + path, { headers, agent: false }, (response) => {
        // They end when the server is killed.
        response.on('error', () => {}).once('data', resolve)
        if (response.statusCode !== 200) reject(new Error(`the events have status ${response.statusCode}`))
      })
      request.on('error', reject)
    })
  for (let come = 0; come < clients; come += 100) {
    const id = await submit(url, 600, come)
    await Promise.all(Array.from({ length: 100 }, () => open(`/api/v1/runs/${id}/events`)))
  }
  await wait(2000)
  return { mb: memoryMb(pid) - idle }
}

const crowdName = 'gateway: memory above idle, 10,000 clients reading events'
const crowd: Case = {
  part: 'gateway',
  rows: [crowdName],
  async run({ clones, isShort }) {
    const clients = isShort ? 100 : 10_000
    const measure = async (clone: string) => {
      if (clone)
        return withGateways(async (start) => {
          const { pid, url } = await start(clone)
          return gather(pid, url, clients)
        })
      const { pid, told, kill } = await startProcess(['-e', bareServer])
      return gather(pid, told.url, clients).finally(kill)
    }
    const { samples, missing } = await takeTurns({ floor: '', ...clones }, measure, { rounds: 1 })
    return [{ name: crowdName, unit: 'MB', samples: samples.mb, floor: 'a bare server of Node', missing }]
  },
}

async function ended(url: string, id: string): Promise<void> {
  const events = await fetch(`${url}/api/v1/runs/${id}/events`, { headers })
  const text = await events.text()
  if (!/^id: completed$/m.test(text)) throw new Error(`run ${id} ended otherwise: ${text.slice(-300)}`)
}

/** The ms of a GPU between two runs, by the history of each ComfyUI. The first run of each one loads what it needs. */
async function idleMs(comfyUrls: readonly string[]): Promise<number[]> {
  const idle: number[] = []
  for (const url of comfyUrls) {
    const history = (await (await fetch(`${url}/history?max_items=1000`)).json()) as Record<string, any>
    const times = Object.values(history).map(({ status }) => {
      const at = (name: string) => status.messages.find(([type]: [string]) => type === name)[1].timestamp
      return [at('execution_start'), at('execution_success')]
    })
    times.sort((a, b) => a[0] - b[0])
    for (let at = 2; at < times.length; at++) idle.push(times[at]![0] - times[at - 1]![1])
  }
  return idle
}

/** Plays runs on so many ComfyUIs: the ms of a run, and those of a GPU between two runs. */
async function playRuns(clone: string, servers: number, runs: number, seconds: number) {
  return withGateways(async (start) => {
    const { url, comfyUrls } = await start(clone, queued, servers)
    const play = async () => ended(url, await submit(url, seconds, seed++))
    await repeat(servers, servers, play)
    const ms = (await repeat(runs, runs, play)) / runs
    return { ms, idle: await idleMs(comfyUrls) }
  })
}

/** The same by a script that sends each ComfyUI its next run as soon as it is told of an end. */
async function playAlone(servers: number, runs: number, seconds: number): Promise<number[]> {
  const comfys = await Promise.all(Array.from({ length: servers }, () => startSmallComfy()))
  try {
    const playAll = async (comfyUrl: string): Promise<void> => {
      let wake = (): void => {}
      const socket = await openSocket(comfyUrl, (type) => type === 'execution_success' && wake())
      for (let left = runs / servers + 1; left > 0; left--) {
        const end = new Promise<void>((resolve) => (wake = resolve))
        await socket.post(seconds)
        await end
      }
    }
    const urls = comfys.map(({ told }) => told.url)
    await Promise.all(urls.map(playAll))
    await wait(100)
    return await idleMs(urls)
  } finally {
    await Promise.all(comfys.map(({ kill }) => kill()))
  }
}

const ofQueue = (name: string) => `gateway with a queue: ${name}`
const row = (name: string, unit: string, value: number): Row => ({ name, unit, samples: { client: [value] } })

const three = ofQueue('runs of 100 ms on three ComfyUIs')
const speed: Case = {
  part: 'gateway',
  rows: [three],
  async run({ clones, isShort }) {
    const runs = isShort ? 6 : 60
    const byOne = await playRuns(clones.client!, 1, runs, 0.1)
    const byThree = await playRuns(clones.client!, 3, runs * 3, 0.1)
    const samples = { client: [byThree.ms], floor: [byOne.ms] }
    return [{ name: three, unit: 'ms a run', samples, floor: 'one ComfyUI' }]
  },
}

function idleCase(servers: number, seconds: number, runs: number): Case {
  const between = ofQueue(`idle time of ${servers} GPUs between runs of ${seconds * 1000} ms`)
  const shares = { median: 0.5, p95: 0.95 }
  const names = Object.keys(shares).map((share) => `${between}, ${share}`)
  return {
    part: 'gateway',
    rows: names,
    isVariant: servers > 3,
    async run({ clones, isShort }) {
      const count = isShort ? servers * 2 : runs
      const measure = async (clone: string) => {
        const idle = clone
          ? (await playRuns(clone, servers, count, seconds)).idle
          : await playAlone(servers, count, seconds)
        return Object.fromEntries(
          Object.values(shares).map((share, at) => [names[at], quantile(idle, share)]),
        )
      }
      const turns = { rounds: isShort ? 1 : 3 }
      const { samples, missing } = await takeTurns({ floor: '', ...clones }, measure, turns)
      return names.map((name) => {
        return { name, unit: 'ms', samples: samples[name], floor: 'a script at each ComfyUI', missing }
      })
    },
  }
}

const cpuMs = (pid: number): number =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .split(' ')
    .slice(13, 15)
    .reduce((sum, ticks) => sum + Number(ticks) * 10, 0)

const whole = ofQueue('CPU of a run to its end')
const cpuCase: Case = {
  part: 'gateway',
  rows: [whole],
  run: ({ clones, isShort }) =>
    withGateways(async (start) => {
      const runs = isShort ? 10 : 200
      const contestants: Record<string, { play: Play; used: () => number }> = {}
      for (const [who, clone] of Object.entries(clones)) {
        const { pid, url, comfyUrls } = await start(clone, queued)
        contestants.floor ??= {
          play: await listening(comfyUrls[0]!),
          used: () => (process.cpuUsage().user + process.cpuUsage().system) / 1000,
        }
        const play: Play = async (seconds) => {
          await ended(url, await submit(url, seconds, seed++))
          return url
        }
        contestants[who] = { play, used: () => cpuMs(pid) }
      }
      const measure = async ({ play, used }: (typeof contestants)[string]) => {
        const before = used()
        await repeat(runs, 1, () => play(0.004))
        return { cpu: (used() - before) / runs }
      }
      const turns = { rounds: isShort ? 1 : 5, warmUps: 1 }
      const { samples, missing } = await takeTurns(contestants, measure, turns)
      return [{ name: whole, unit: 'ms', samples: samples.cpu, floor: 'a script at ComfyUI', missing }]
    }),
}

const submission = ofQueue('CPU of a submission')
const memory = ofQueue('memory of 10,000 runs that wait')
const page = ofQueue('a page of 100 of them')
const queuedRuns: Case = {
  part: 'gateway',
  rows: [submission, memory, page],
  run: ({ clones, isShort }) =>
    withGateways(async (start) => {
      const { pid, url } = await start(clones.client!, queued)
      const count = isShort ? 100 : 10_000
      await repeat(10, 1, (at: number) => submit(url, 600, at))
      // A process that has worked is larger, whatever waits.
      await repeat(count / 5, 1, async (at: number) => {
        const path = `/api/v1/runs/${await submit(url, 600, at)}/cancel`
        await (await fetch(url + path, { method: 'POST', headers })).text()
      })
      const [mbBefore, cpuBefore] = [memoryMb(pid), cpuMs(pid)]
      await repeat(count, 10, (at: number) => submit(url, 600, 100 + at))
      const cpu = (cpuMs(pid) - cpuBefore) / count
      await wait(2_000)
      const mb = memoryMb(pid) - mbBefore
      const pages: number[] = []
      for (let at = 1; at <= 20; at++) {
        const path = `/api/v1/runs?page=${at}&page_size=100`
        pages.push(await repeat(1, 1, async () => (await fetch(url + path, { headers })).text()))
      }
      return [row(submission, 'ms', cpu), row(memory, 'MB', mb), row(page, 'ms', quantile(pages, 0.5))]
    }),
}

export const gateway: Case[] = [
  runsCase('gateway: a run of 4 ms, one by one', [4, 1, 1, 200]),
  runsCase('gateway with --data: a run of 4 ms, one by one', [4, 1, 1, 200], stored),
  runsCase(ofQueue('a run of 4 ms, one by one'), [4, 1, 1, 200], queued),
  runsCase(ofQueue('a run of 4 ms, default wait'), [4, 1, 1, 200], queued, byDefault),
  runsCase(ofQueue('a run of 4 ms, by a worker'), [4, 1, 1, 200], [...queued, BY_WORKERS]),
  runsCase('gateway: runs of 4 ms, 20 at once', [4, 100, 20, 9]),
  runsCase('gateway: runs of 100 ms, 20 at once', [100, 30, 20, 6]),
  crowd,
  speed,
  idleCase(3, 0.1, 180),
  idleCase(20, 1, 120),
  cpuCase,
  queuedRuns,
]
