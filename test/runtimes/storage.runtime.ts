// Two gateways with one storage, as docs/gateway-hosting.md sets them up, before one small ComfyUI.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cancelRun, createClient, executeWorkflow, getRun, getRuns, HttpError } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { assert, suite } from '#test'
import { startComfy } from '../comfyui/server/startComfy.ts'
import { blockOf } from '../support/blockOf.ts'
import { freePort } from '../support/listen.ts'
import { startRedis } from '../support/startRedis.ts'

const test = suite('a storage of records')
const folder = resolve('.tmp/gateway-storage')
const node = (class_type: string, inputs: object) => ({ class_type, inputs })
const graph = {
  1: node('EmptyImage', { width: 8, height: 8, batch_size: 1, color: 0 }),
  2: node('TestSleep', { image: ['1', 0], seconds: 0, fail: false, cooperative: true, seed: 0 }),
  3: node('SaveImage', { images: ['2', 0], filename_prefix: 'made' }),
}
const sidecar = {
  inputs: { seconds: { node: '2', input: 'seconds' }, seed: { node: '2', input: 'seed' } },
  outputs: { picture: { node: '3' } },
}
const polls = { pollIntervalMs: 50, timeoutMs: 30_000 }

test.before.each(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(`${folder}/workflows`, { recursive: true })
  writeFileSync(`${folder}/workflows/sleep.json`, JSON.stringify(graph))
  writeFileSync(`${folder}/workflows/sleep.flowscale.json`, JSON.stringify(sidecar))
})
/** What a test has started. The runner would wait for a server left behind, and print no failure until then. */
const started: (() => unknown)[] = []
test.after.each(async () => {
  for (const stop of started.splice(0).reverse()) await stop()
})
test.after(() => rmSync(folder, { recursive: true, force: true }))

type Client = ReturnType<typeof createClient>

/** In the place of Redis. */
const inFolder = `import { openFolder } from '@flowscale/gateway/node'
const storage = await openFolder('${folder}/runs')
`

/** Gateways by the block of the page; each has a memory of its own. */
async function open(label: string, url: string, change: (code: string) => string) {
  const printed = blockOf('docs/gateway-hosting.md', 'redis')
  const code = change(printed)
    .replace('http://127.0.0.1:8188', url)
    .replace("'workflows'", JSON.stringify(`${folder}/workflows`))
  assert.ok(code.includes(url))
  const clients: Client[] = []
  for (const name of ['one', 'two']) {
    const file = resolve(folder, `${label}-${name}.mjs`)
    writeFileSync(file, code)
    const { gateway, storage } = await import(pathToFileURL(file).href)
    started.push(() => storage?.dispose(), gateway.close)
    const { url: baseUrl, fetch } = gateway
    clients.push(createClient({ baseUrl, apiKey: 'my-long-key', fetch, maxRetries: 0 }))
  }
  return clients as [Client, Client]
}

async function openRedis(port: string) {
  const redis = await startRedis(port, folder)
  started.push(redis.kill)
  return redis
}

async function start(client: Client, groupId: string, seconds: number): Promise<string> {
  const inputs = { seconds, seed: Math.floor(Math.random() * 1e9) }
  return (await executeWorkflow(client, 'sleep', inputs, { groupId })).data.run_id
}

/** What one does, the other knows: ends, lists, cancels. Gives runs by their ids. */
async function agree([one, two]: [Client, Client], groupId: string): Promise<Record<string, string>> {
  const done = await start(one, groupId, 0)
  const [first, second] = await Promise.all([one, two].map((client) => waitForRun(client, done, polls)))
  assert.equal(first!.completed_at, second!.completed_at)
  // One runs and the others wait, so that ComfyUI keeps no trace of its cancel.
  const long = [
    await start(two, groupId, 600),
    await start(one, groupId, 600),
    await start(two, groupId, 600),
  ]
  for (const id of long.reverse()) {
    await cancelRun(one, id)
    const states = await Promise.all([one, two].map(async (client) => (await getRun(client, id)).data.status))
    assert.equal(states, ['cancelled', 'cancelled'])
  }
  const many = await Promise.all(
    Array.from({ length: 10 }, (_, at) => start([one, two][at % 2]!, groupId, 0)),
  )
  await Promise.all(many.map((id, at) => waitForRun([two, one][at % 2]!, id, polls)))
  const lists = await Promise.all(
    [one, two].map(async (client) => {
      const { runs } = (await getRuns(client, { groupId })).data
      return runs.map(({ _id, status, completed_at }) => ({ _id, status, completed_at }))
    }),
  )
  assert.equal(lists[0], lists[1])
  assert.is(lists[0]!.length, 14)
  return Object.fromEntries(lists[0]!.map(({ _id, status }) => [_id, status]))
}

async function withComfy(use: (comfy: Awaited<ReturnType<typeof startComfy>>) => Promise<void>) {
  const comfy = await startComfy({ version: '0.8.0' })
  try {
    await use(comfy)
    const userdata = comfy.requests.filter(({ path }) => /userdata/.test(path))
    assert.equal(userdata, [], 'all records are in the storage')
  } finally {
    await comfy.stop()
  }
}

/** Without ComfyUI, by a gateway that did not see them end. */
async function known(client: Client, groupId: string, runs: Record<string, string>): Promise<void> {
  for (const [id, status] of Object.entries(runs)) {
    assert.is((await getRun(client, id)).data.status, status)
  }
  assert.is((await getRuns(client, { groupId })).data.count, Object.keys(runs).length)
}

test('a folder', () =>
  withComfy(async (comfy) => {
    const change = (code: string) => code.replace(/^export const storage = [\s\S]*?^}\)\n/m, inFolder)
    const clients = await open('folder', comfy.url, change)
    const groupId = crypto.randomUUID()
    const runs = await agree(clients, groupId)
    await comfy.kill()
    await known(clients[1], groupId, runs)
  }))

test('Redis, which dies and comes back', () =>
  withComfy(async (comfy) => {
    const port = await freePort()
    const redis = await openRedis(port)
    const clients = await open('redis', comfy.url, (code) => code.replace('6379', port))
    const groupId = crypto.randomUUID()
    const runs = await agree(clients, groupId)
    const performed = (): number => Object.keys(comfy.executed.runs).length
    const before = performed()
    await redis.kill()
    const error = await start(clients[0], groupId, 0).catch((error) => error)
    assert.instance(error, HttpError)
    assert.equal([error.status, error.retryAfterMs], [429, 5000])
    assert.is(performed(), before, 'a run without a record is not submitted')
    await openRedis(port)
    await comfy.kill()
    await known(clients[1], groupId, runs)
  }))
