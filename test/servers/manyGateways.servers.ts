// Two gateways with a queue in Redis, or Valkey.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient, executeWorkflow, getRun } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { comfyui, createGateway, type Gateway, type GatewayOptions } from '@flowscale/gateway'
import { readWorkflows } from '@flowscale/gateway/node'
import { redisQueue } from '@flowscale/gateway/redis'
import { Redis } from 'ioredis'
import { assert, suite } from '#test'
import { folderFiles } from '../../packages/gateway/src/files/folderFiles.ts'
import { type Comfy, type ComfyOptions, startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { eventsOf } from '../support/eventsOf.ts'
import { rejection } from '../support/fakes.ts'
import { freePort } from '../support/listen.ts'
import { type Started, startGateway } from '../support/startProcess.ts'
import { type RunningRedis, startRedis } from '../support/startRedis.ts'
import { until } from '../support/until.ts'
import { graphOf } from '../unit/gateway/comfyui/kit.ts'
import { startBalancer } from './cluster.ts'

const workflows = await readWorkflows('test/servers/cluster')
const test = suite('two gateways with one queue')

interface Site {
  readonly folder: string
  readonly url: string
  readonly comfy: Comfy
  readonly redis: RunningRedis
  readonly lines: string[]
  /** Redis again, after its kill. */
  revive(): Promise<void>
  open(urls?: readonly string[], files?: string, more?: Partial<GatewayOptions>): Gateway
}

/** With a Redis and a small ComfyUI. */
const withSite = (title: string, use: (site: Site) => Promise<void>, options: Partial<ComfyOptions> = {}) =>
  test(title, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'many-'))
    const port = await freePort()
    const comfy = await startComfy({ version: '0.8.0', ...options })
    const gateways: Gateway[] = []
    const lines: string[] = []
    let redis = await startRedis(port, folder)
    const url = `redis://127.0.0.1:${port}`
    try {
      await use({
        folder,
        url,
        comfy,
        get redis() {
          return redis
        },
        lines,
        async revive() {
          redis = await startRedis(port, folder)
        },
        open(urls = [], files = 'files', more = {}) {
          const warn = (line: string): void => void lines.push(line)
          const gateway = createGateway({
            engine: comfyui({ urls, workers: true }),
            queue: redisQueue({ url, files: folderFiles(join(folder, files)) }),
            workflows,
            apiKey: CANARY,
            workerKey: 'a-key-of-workers',
            logger: { warn, error: warn },
            ...more,
          })
          gateways.push(gateway)
          return gateway
        },
      })
    } finally {
      for (const gateway of gateways) await gateway.close()
      await comfy.stop()
      await redis.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  })

const clientOf = ({ fetch, url }: Gateway) =>
  createClient({ baseUrl: url, apiKey: CANARY, fetch, maxRetries: 0 })
let colors = 0
const start = async (gateway: Gateway, workflow = 'tinted'): Promise<string> =>
  (await executeWorkflow(clientOf(gateway), workflow, { color: ++colors })).data.run_id
/** A new gateway knows after a moment what others have. */
const ready = (gateway: Gateway) =>
  until(
    () => gateway.report(),
    ({ workflows }) => workflows.every(({ problem }) => problem === null),
  )
const call = (gateway: Gateway, path: string, init: RequestInit = {}) =>
  gateway.fetch(`${gateway.url}/api/v1/${path}`, { ...init, headers: { 'x-api-key': CANARY } })

withSite(
  '500 readers of events see the end of their run, and progress, whichever gateway they ask',
  async (site) => {
    const [one, other] = [site.open([site.comfy.url]), site.open()]
    await Promise.all([one, other].map(ready))
    const ids = await Promise.all(Array.from({ length: 10 }, (_, at) => start([one, other][at % 2]!)))
    const texts = await Promise.all(
      Array.from({ length: 500 }, async (_, at) => {
        const id = ids[at % ids.length]!
        return await (await call([one, other][Math.floor(at / 10) % 2]!, `runs/${id}/events`)).text()
      }),
    )
    const ended = texts.filter(
      (text, at) => text.includes('"completed"') && text.includes(ids[at % ids.length]!),
    )
    assert.is(ended.length, 500)
    // The last run waited long enough to be seen at work.
    assert.ok(texts.filter((text) => text.includes('"running"')).length > 250)
  },
)

withSite(
  'pictures come to the other gateway while somebody asks there, and lie in no record',
  async (site) => {
    const graph = graphOf({
      1: ['EmptyImage', { width: 64, height: 64, batch_size: 1, color: 255 }],
      2: ['TestSleep', { image: ['1', 0], seconds: 600, fail: false, cooperative: true, preview: true }],
      3: ['SaveImage', { images: ['2', 0], filename_prefix: 'made' }],
    })
    const more = { workflows: [{ name: 'shown', graph }] }
    const [one, other] = [site.open([site.comfy.url], 'files', more), site.open([], 'files', more)]
    await Promise.all([one, other].map(ready))
    const redis = new Redis(site.url)
    const keys = (): Promise<string[]> => redis.keys('*preview*')
    try {
      const answer = await call(other, 'runs?workflow_id=shown&previews=1', { method: 'POST' })
      const id: string = ((await answer.json()) as any).data.run_id
      const previewAt = async (gateway: Gateway): Promise<string | undefined> =>
        ((await (await call(gateway, `runs/${id}`)).json()) as any).data.preview
      // At the gateway of the worker alone.
      const links = [await until(() => previewAt(one))]
      assert.equal(await keys(), [])
      const pictureAt = async (gateway: Gateway, link: string) => {
        const shown = await gateway.fetch(gateway.url + link)
        const bytes = new Uint8Array(await shown.arrayBuffer())
        return [shown.status, shown.headers.get('content-type'), bytes[0], bytes[1]]
      }
      links.push(await until(() => previewAt(other)))
      assert.equal(await keys(), [`{flowscale}:preview/${id}`])
      const [left] = await keys()
      assert.ok((await redis.pttl(left!)) > 0)
      // Each link opens at both.
      for (const link of links as string[])
        for (const gateway of [one, other])
          assert.equal(await pictureAt(gateway, link), [200, 'image/jpeg', 0xff, 0xd8])
      // A reader of events at the other gateway hears of more than one.
      const seen = new Set<string>()
      const aborter = new AbortController()
      const events = await call(other, `runs/${id}/events`, { signal: aborter.signal })
      for await (const { data } of eventsOf(events)) {
        if (data?.preview) seen.add(data.preview)
        if (seen.size === 3) break
      }
      aborter.abort()
      for (const record of Object.values(await redis.hgetall('{flowscale}:records')))
        assert.not.match(record, /\/9j\/|signature/)
      await call(other, `runs/${id}/cancel`, { method: 'POST' })
      await until(async () => (await previewAt(other)) === undefined)
      for (const gateway of [one, other]) assert.is((await pictureAt(gateway, [...seen][2]!))[0], 404)
    } finally {
      redis.disconnect()
    }
  },
)

withSite(
  'what one gateway cancels stops on the server of another, whether it waits or runs',
  async (site) => {
    const [one, other] = [site.open([site.comfy.url]), site.open()]
    await Promise.all([one, other].map(ready))
    const [first, next, last] = [
      await start(other, 'long'),
      await start(other, 'long'),
      await start(one, 'long'),
    ]
    await until(
      () => getRun(clientOf(other), first),
      ({ data }) => data.status === 'running',
    )
    assert.equal((await getRun(clientOf(other), last)).data.position, 2)
    for (const id of [last, next, first]) {
      const { status } = await call(other, `runs/${id}/cancel`, { method: 'POST' })
      assert.is(status, 200)
      assert.is((await getRun(clientOf(one), id)).data.status, 'cancelled')
    }
    assert.equal(Object.keys(site.comfy.executed.runs), [first])
  },
)

withSite(
  'a server that one gateway pauses takes no run at any, also after a restart of all, until another resumes it',
  async (site) => {
    const [one, other] = [site.open([site.comfy.url]), site.open()]
    await Promise.all([one, other].map(ready))
    const reason = async (gateway: Gateway) => {
      const { data } = await (await call(gateway, 'comfy/health')).json()
      return data[0]?.reason
    }
    // A loaded machine may be late with an answer of Redis.
    const change = (gateway: Gateway, what: string) =>
      until(
        () => call(gateway, `servers/comfyui-1/${what}`, { method: 'POST' }),
        ({ status }) => status === 200,
      )
    const sent = await start(other, 'long')
    await until(
      () => getRun(clientOf(other), sent),
      ({ data }) => data.status === 'running',
    )
    await change(other, 'pause')
    assert.equal([await reason(one), await reason(other)], ['paused', 'paused'])
    const waits = await start(other)
    await call(one, `runs/${sent}/cancel`, { method: 'POST' })
    for (const gateway of [one, other]) await gateway.close()
    const [next, last] = [site.open([site.comfy.url]), site.open()]
    await Promise.all([next, last].map(ready))
    // For longer than a look at the queue takes.
    await wait(1_500)
    assert.equal([await reason(last), Object.keys(site.comfy.executed.runs)], ['paused', [sent]])
    await change(last, 'resume')
    assert.is((await waitForRun(clientOf(last), waits)).status, 'completed')
    const usage = await (await call(next, 'usage')).json()
    assert.equal(
      usage.data.map(({ workflow_id, completed, cancelled }: any) => [workflow_id, completed, cancelled]),
      [
        ['long', 0, 1],
        ['tinted', 1, 0],
      ],
    )
  },
)

withSite(
  'a gateway without servers says why a run waits for those of another',
  async (site) => {
    const [one, other] = [site.open([site.comfy.url]), site.open()]
    await until(
      () => other.report(),
      ({ servers }) => servers.some(({ answers }) => answers),
    )
    void one
    const error = await rejection(start(other, 'tinted'))
    assert.is(error.status, 422)
    assert.is(
      (await waitForRun(clientOf(other), await start(other, 'plain'), { pollIntervalMs: 50 })).status,
      'completed',
    )
  },
  { without: ['TestSleep'] },
)

withSite('while Redis is away nothing is accepted, and a run at work ends when it is back', async (site) => {
  const gateway = site.open([site.comfy.url])
  await ready(gateway)
  const id = await start(gateway)
  await until(
    () => getRun(clientOf(gateway), id),
    ({ data }) => data.status === 'running',
  )
  await site.redis.kill()
  const statusOf = async (path: string, init?: RequestInit): Promise<unknown[]> => {
    const { status, headers } = await call(gateway, path, init)
    return [status, headers.get('retry-after')]
  }
  const form = new FormData()
  form.set('color', '1')
  for (const path of [`runs/${id}`, 'runs', 'comfy/queue', `runs/${id}/events`])
    assert.equal(await statusOf(path), [503, '5'], path)
  assert.equal(await statusOf('runs?workflow_id=tinted', { method: 'POST', body: form }), [429, '5'])
  assert.equal(await statusOf(`runs/${id}/cancel`, { method: 'POST' }), [503, '5'])
  await site.revive()
  const run = await until(
    () => getRun(clientOf(gateway), id).catch(() => undefined),
    (found) => found?.data.status === 'completed',
  )
  assert.is(run!.data.outputs!.length, 1)
  assert.equal(Object.keys(site.comfy.executed.runs), [id])
})

withSite('a Redis that hangs before a run is added: a 429, and nothing has started', async (site) => {
  const gateway = site.open([site.comfy.url])
  await ready(gateway)
  const { child } = site.redis
  child.kill('SIGSTOP')
  assert.is((await rejection(start(gateway))).status, 429)
  child.kill('SIGCONT')
  const id = await until(() => start(gateway).catch(() => undefined), Boolean)
  await waitForRun(clientOf(gateway), id!, { pollIntervalMs: 50 })
  assert.equal(Object.keys(site.comfy.executed.runs), [id])
})

withSite('files elsewhere are refused at the start, and settings that lose runs are named', async (site) => {
  const gateway = site.open([site.comfy.url])
  await ready(gateway)
  assert.equal(site.lines, [])
  assert.is((await rejection(start(site.open([], 'elsewhere')))).status, 500)
  const raw = new Redis(site.url)
  await raw.config('SET', 'appendfsync', 'everysec')
  await ready(site.open())
  await raw.config('SET', 'appendonly', 'no')
  await raw.config('SET', 'maxmemory', '1gb', 'maxmemory-policy', 'allkeys-lru')
  raw.disconnect()
  await ready(site.open())
  const named = ['"appendonly', '"appendfsync', '"maxmemory-policy"'].map((name) =>
    site.lines.filter((line) => line.includes(name)),
  )
  assert.equal(
    named.map(({ length }) => length),
    [1, 1, 1],
  )
})

test('a gateway is replaced by another under load, and callers see a 429 or 503, or at most two resets', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'many-'))
  const [redisPort, ...ports] = await Promise.all([freePort(), freePort(), freePort()])
  const redis = await startRedis(redisPort!, folder)
  const comfy = await startComfy({ version: '0.8.0' })
  const balancer = await startBalancer(ports)
  const flags = [
    '--api-key',
    CANARY,
    '--redis',
    `redis://127.0.0.1:${redisPort}`,
    '--data',
    join(folder, 'data'),
  ]
  const begin = (port: string): Promise<Started> =>
    startGateway(comfy.url, 'test/servers/cluster', ['--port', port, ...flags, '--public-url', balancer.url])
  const gateways = await Promise.all(ports.map(begin))
  const client = createClient({ baseUrl: balancer.url, apiKey: CANARY, maxRetries: 0 })
  const seen = new Map<string, number>()
  const ids: string[] = []
  let isOver = false
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
  const submit = async (): Promise<void> => {
    ids.push((await executeWorkflow(client, 'plain', { color: ++colors })).data.run_id)
  }
  const load = async (work: () => Promise<unknown>): Promise<void> => {
    while (!isOver) {
      await work().then(
        () => count('answered'),
        (error) => count(error.retryAfterMs ? `${error.status}` : `${error.cause?.cause?.code ?? error}`),
      )
      await wait(20)
    }
  }
  try {
    await submit()
    const loads = [
      ...Array.from({ length: 4 }, () => submit),
      ...Array.from({ length: 8 }, () => async () => await getRun(client, ids.at(-1)!)),
    ].map(load)
    for (const [at, port] of ports.entries()) {
      await gateways[at]!.stop()
      gateways[at] = await begin(port)
      await wait(1_000)
    }
    isOver = true
    await Promise.all(loads)
    console.log(`[show] ${JSON.stringify(Object.fromEntries(seen))}`)
    // Between the last look of Node at the connections that wait and its close, the kernel resets the odd new one.
    const worse = [...seen].filter(([what, count]) => !['answered', '429', '503'].includes(what) && count > 2)
    assert.equal(worse, [])
    await Promise.all(ids.map((id) => waitForRun(client, id, { pollIntervalMs: 200 })))
  } finally {
    isOver = true
    await Promise.all(gateways.map((gateway) => gateway.kill()))
    balancer.close()
    await comfy.stop()
    await redis.kill()
    rmSync(folder, { recursive: true, force: true })
  }
})
