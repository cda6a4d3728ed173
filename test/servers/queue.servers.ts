// The queue in a folder, before small ComfyUIs that keep a ledger: no run twice, and GPUs that keep their models. `LONG=1`
// kills the gateway at each step, also with Redis, and lets it stand still for 11 minutes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Client, checkHealth, createClient, executeWorkflow, getRun } from '@flowscale/client'
import { assert, suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { freePort } from '../support/listen.ts'
import { type Started, startGateway, startSmallComfy } from '../support/startProcess.ts'
import { startRedis } from '../support/startRedis.ts'
import { until } from '../support/until.ts'
import { addUp, type Figures, judge, lineOf, settleAll, submitAll } from './runs.ts'

const test = suite('a queue in a folder')
const isLong = process.env.LONG !== undefined
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** How long a run of each workflow takes, and how long its model loads, unless the last run had it. In seconds. */
const WORKFLOWS: Readonly<Record<string, readonly [run: number, load?: number]>> = {
  ...{ brief: [0.1], short: [0.3], second: [1], three: [3], long: [20] },
  ...{ 'model-a': [0.3, 1.5], 'model-b': [0.3, 1.5], 'model-c': [0.3, 1.5] },
}

interface Site {
  readonly urls: readonly string[]
  readonly workflows: string
  readonly folder: string
  /** Of all ComfyUIs, or of one, the nodes that were performed, in order; `undefined`: a run was begun. */
  ledger(at?: number): readonly { promptId: string; node?: string }[]
  begun(at?: number): string[]
  /** The commands that are killed at the end. */
  readonly started: { kill(): unknown }[]
  gateway(flags?: readonly string[], ...nodeFlags: string[]): Promise<Started>
}

async function withSite(count: number, use: (site: Site) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'queue-'))
  const workflows = join(folder, 'workflows')
  mkdirSync(workflows)
  for (const [at, [name, [seconds, load]]] of Object.entries(WORKFLOWS).entries()) {
    const node = (class_type: string, inputs: object) => ({
      class_type,
      inputs,
      _meta: { title: class_type },
    })
    const sleep = (image: string, seconds: number, seed: number) =>
      node('TestSleep', { image: [image, 0], seconds, fail: false, cooperative: true, seed })
    const graph = {
      1: node('EmptyImage', { width: 8, height: 8, batch_size: 1, color: 255 }),
      ...(load && { 4: sleep('1', load, at) }),
      2: sleep(load ? '4' : '1', seconds, 0),
      3: node('SaveImage', { images: ['2', 0], filename_prefix: name }),
    }
    const sidecar = { inputs: { seed: { node: '2', input: 'seed' } }, outputs: { picture: { node: '3' } } }
    writeFileSync(join(workflows, `${name}.json`), JSON.stringify(graph))
    writeFileSync(join(workflows, `${name}.flowscale.json`), JSON.stringify(sidecar))
  }
  const places = Array.from({ length: count }, (_, at) => join(folder, `comfyui-${at}`))
  const servers = await Promise.all(
    places.map((place) => startSmallComfy('--folder', place, '--ledger', `${place}.ledger`)),
  )
  const started: Site['started'] = [...servers]
  const urls = servers.map(({ told }) => told.url)
  const ledger: Site['ledger'] = (at) =>
    places.slice(at, at === undefined ? count : at + 1).flatMap((place) => {
      const lines = readFileSync(`${place}.ledger`, { encoding: 'utf8', flag: 'a+' }).split('\n')
      return lines.filter(Boolean).map((line) => JSON.parse(line))
    })
  try {
    await use({
      ...{ urls, workflows, folder, ledger, started },
      begun: (at) => ledger(at).flatMap(({ promptId, node }) => (node === undefined ? [promptId] : [])),
      async gateway(flags = [], ...nodeFlags) {
        const own = flags.includes('--comfyui') ? [] : urls
        const all = ['--port', '0', '--api-key', CANARY, '--data', join(folder, 'data'), ...flags]
        const gateway = await startGateway(own, workflows, all, ...nodeFlags)
        started.push(gateway)
        return gateway
      },
    })
  } finally {
    await Promise.all(started.map((one) => one.kill()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A client of a gateway whose servers all answer. */
async function clientOf({ told: { url } }: Started, servers: number): Promise<Client> {
  const client = createClient({ baseUrl: url, apiKey: CANARY })
  await until(
    async () => (await checkHealth(client)).data.filter(({ status }) => status === 'idle').length,
    (count) => count === servers,
  )
  return client
}

let seed = 0
const submit = async (client: Client, workflow: string, groupId = 'group'): Promise<string> =>
  (await executeWorkflow(client, workflow, { seed: ++seed }, { groupId })).data.run_id

/** One after another, so that this is their order. */
async function submitMany(client: Client, workflows: readonly string[], groupId?: (at: number) => string) {
  const ids: string[] = []
  for (const [at, workflow] of workflows.entries())
    ids.push(await submit(client, workflow, groupId?.(at) ?? 'group'))
  return ids
}

const times = (count: number, workflow: string): string[] => Array(count).fill(workflow)

/** Waits for runs, and gives those that did not complete. */
async function failures(client: Client, ids: readonly string[]): Promise<string[]> {
  const runs = await Promise.all(
    ids.map((id) =>
      until(
        async () => (await getRun(client, id)).data,
        ({ completed_at }) => completed_at !== null,
      ),
    ),
  )
  return runs.flatMap(({ status, _id, error }) => (status === 'completed' ? [] : `${_id}: ${error}`))
}

const refusal = (gateway: Promise<Started>): Promise<string> =>
  gateway.then(
    () => 'it has started',
    (error) => error.message,
  )

test('a gateway that stands still, and then is killed, leaves its folder to one other, and sends no run twice', async () => {
  await withSite(2, async (site) => {
    const first = await site.gateway()
    const ids = await submitMany(await clientOf(first, 2), times(36, 'second'))
    process.kill(first.pid, 'SIGSTOP')
    // Locks by the time of a file end within such a time, and runs that a server has, within 10 minutes.
    await wait(isLong ? 660_000 : 17_000)
    assert.match(await refusal(site.gateway()), /queue is used by another process: stop it/)
    process.kill(first.pid, 'SIGCONT')
    const before = site.begun().length
    await until(
      () => site.begun().length,
      (count) => count > before,
    )
    await first.kill()
    const starts = Array.from({ length: 3 }, () => site.gateway())
    const [said, up] = [await Promise.all(starts.map(refusal)), await Promise.allSettled(starts)]
    assert.is(said.filter((text) => text.includes('used by another process')).length, 2)
    const second = up.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))[0]!
    // Whether a run that was about to be sent was sent, nobody knows.
    const failed = await failures(await clientOf(second, 2), ids)
    assert.ok(failed.length <= 2, failed.join('\n'))
    const begun = site.begun()
    assert.equal([begun.length, new Set(begun).size], [36 - failed.length, begun.length])
  })
})

async function usageOf({ told: { url } }: Started): Promise<{ data: Record<string, number>[] }> {
  return await (await fetch(`${url}/api/v1/usage`, { headers: { 'x-api-key': CANARY } })).json()
}

/** `steps`: about how many a gateway makes. */
async function killAtSteps(store: string, steps: number): Promise<void> {
  const points = Array.from({ length: isLong ? 1.2 * steps : 20 }, (_, at) =>
    isLong ? at + 1 : Math.ceil(((at + 0.5) * steps) / 20),
  )
  const all: Figures[] = []
  let reached = 0
  const place = mkdtempSync(join(tmpdir(), 'redis-'))
  const redisPort = await freePort()
  const redis = store === 'Redis' ? await startRedis(redisPort, place, '--databases', '1000') : undefined
  async function play(site: Site, n: number): Promise<void> {
    const port = await freePort()
    const before = new Set(site.begun())
    const preload = pathToFileURL(resolve('test/servers/killAt.mjs'))
    preload.search = `n=${n}`
    const flags = ['--port', port, '--data', join(site.folder, `${n}`)]
    if (redis) flags.push('--redis', `redis://127.0.0.1:${redisPort}/${n}`)
    const start = (...nodeFlags: string[]) => site.gateway(flags, ...nodeFlags)
    let isOver = false
    // It may be killed before it has said anything.
    const first = await start('--import', preload.href).catch(() => undefined)
    const again = (async () => {
      if (first) await until(() => isOver || !isAlive(first.pid), Boolean)
      return isOver ? first : await start()
    })()
    const client = createClient({
      ...{ baseUrl: `http://127.0.0.1:${port}`, apiKey: CANARY },
      ...{ maxRetries: 12, retryDelayMs: 300 },
    })
    const inputs = Array.from({ length: 6 }, (_, at) => ({ seed: at }))
    const submitted = await submitAll(client, 'brief', inputs, 'group')
    const ends = await settleAll(client, 'group', submitted.ids, 100)
    isOver = true
    const last = await again
    if (last !== first) reached++
    const { data: rows } = await usageOf(last!)
    await last!.kill()
    const begun = site.begun().filter((id) => !before.has(id))
    const { figures, problems } = judge(submitted, ends, begun)
    // Whatever was killed, each end is counted once.
    for (const end of ['completed', 'failed', 'cancelled'] as const) {
      const counted = rows.reduce((sum, row) => sum + row[end]!, 0)
      if (counted !== ends[end].length) problems.push(`usage has ${counted} runs as ${end}`)
    }
    all.push(figures)
    // Whether a run that was about to be sent was sent, nobody knows: one for each server.
    if (figures.failed > 2) problems.push(...ends.failed)
    assert.equal([n, ...problems, ...submitted.refused], [n])
  }
  const lane = () =>
    withSite(2, async (site) => {
      for (let n = points.shift(); n !== undefined; n = points.shift()) await play(site, n)
    })
  try {
    await Promise.all([lane(), lane(), lane()])
  } finally {
    await redis?.kill()
    rmSync(place, { recursive: true })
  }
  console.log(`[show] ${reached} kills: ${lineOf(addUp(all))}`)
  assert.ok(reached >= (isLong ? 0.7 * steps : 15), `${reached} kills`)
}

for (const [store, steps] of Object.entries({ 'its folder': 70, Redis: 160 }))
  test(`killed at steps of ${store} and its POSTs, it loses no run, and sends none twice`, () =>
    killAtSteps(store, steps))

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('three GPUs keep the models of three workflows', async () => {
  await withSite(3, async (site) => {
    const client = await clientOf(await site.gateway(), 3)
    const names = ['model-a', 'model-b', 'model-c']
    const ids = await submitMany(
      client,
      Array.from({ length: 90 }, (_, at) => names[(at * 7 + Math.floor(at / 5)) % 3]!),
    )
    assert.equal(await failures(client, ids), [])
    const loads = site.ledger().filter(({ node }) => node === '4').length
    console.log(`[show] ${loads} loads`)
    assert.ok(loads <= 12, `${loads} loads`)
  })
})

test('no run waits long behind one of 20 s while another GPU is there for it', async () => {
  await withSite(2, async (site) => {
    const client = await clientOf(await site.gateway(), 2)
    await submit(client, 'long')
    const ids = await submitMany(client, times(60, 'short'))
    assert.equal(await failures(client, ids), [])
    const runs = await Promise.all(ids.map(async (id) => (await getRun(client, id)).data.started_at!))
    const passed = runs.map((time, at) => runs.slice(at + 1).filter((other) => other < time).length)
    console.log(`[show] at most ${Math.max(...passed)} runs passed another one`)
    assert.ok(Math.max(...passed) <= 25)
  })
})

const shares: [what: string, other: string, turns: number][] = [
  ['the rows of a batch, each with a group of its own,', 'brief', 60],
]
if (isLong) shares.push(['runs of 100 ms, beside runs of 3 s,', 'three', 400])

for (const [what, other, turns] of shares) {
  test(`${what} get half of the GPU time`, async () => {
    await withSite(1, async (site) => {
      const client = await clientOf(await site.gateway(['--workers']), 1)
      await submit(client, 'three')
      const others = await submitMany(client, times(60, other))
      const batch = await submitMany(client, times(1.5 * turns, 'brief'), (at) => `batch/${at}`)
      // Until now, one of the two may have been alone.
      const from = site.begun().length
      await until(
        () => site.begun().length,
        (count) => count >= from + turns,
      )
      const begun = site.begun().slice(from, from + turns)
      const [mine, theirs] = [batch, others].map((ids, at) => {
        const [seconds] = WORKFLOWS[at === 0 ? 'brief' : other]!
        return seconds * begun.filter((id) => ids.includes(id)).length
      })
      const share = mine! / (mine! + theirs!)
      console.log(`[show] ${Math.round(100 * share)} % of the GPU time`)
      assert.ok(share >= 0.4 && share <= 0.6)
    })
  })
}

/** At each SIGUSR2, the clock goes an hour forward, or back to before. */
const STEPS = `data:text/javascript,const{now}=Date;let at=0;Date.now=()=>now()+[0,36e5,0,-36e5][at&3];process.on('SIGUSR2',()=>at++)`

test('a clock that is set an hour forward and back fails no run, and keeps no name', async () => {
  await withSite(2, async (site) => {
    const [key, [own, other]] = ['a-key-of-workers', site.urls]
    const flags = ['--workers', '--worker-key', key, '--comfyui', own!]
    const gateway = await site.gateway(flags, '--import', STEPS)
    const dialIn = () => {
      const told = ['--gateway', gateway.told.url, '--key', key, '--comfyui', other!, '--name', 'gpu']
      const args = ['--import', STEPS, 'packages/gateway/bin/flowscale-gateway.js', 'worker', ...told]
      const worker = spawn(process.execPath, args, { stdio: 'ignore' })
      const ended = once(worker, 'exit')
      const kill = async () => void (worker.kill('SIGKILL') && (await ended))
      site.started.push({ kill })
      return { pid: worker.pid!, kill }
    }
    let worker = dialIn()
    const client = await clientOf(gateway, 2)
    // First forward at work and back between two workers, then back at work and forward between them.
    for (let round = 0; round < 3; round++) {
      const before = site.begun(1).length
      const ids = await submitMany(client, times(8, 'second'))
      await until(
        () => site.begun(1).length,
        (count) => count > before,
      )
      for (const { pid } of [gateway, worker]) process.kill(pid, 'SIGUSR2')
      assert.equal(await failures(client, ids), [])
      await worker.kill()
      process.kill(gateway.pid, 'SIGUSR2')
      worker = dialIn()
    }
  })
})
