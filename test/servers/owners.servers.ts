// One key attacks the runs of another, in each store, before and after a restart of the gateway: nothing has an effect.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { comfyui, createGateway, type Gateway, type GatewayOptions, type Key } from '@flowscale/gateway'
import { folderQueue, type Served, serve } from '@flowscale/gateway/node'
import { redisQueue } from '@flowscale/gateway/redis'
import { WebSocket } from 'ws'
import { assert, suite } from '#test'
import { folderFiles } from '../../packages/gateway/src/files/folderFiles.ts'
import { type Comfy, startComfy } from '../comfyui/server/startComfy.ts'
import { CANARY } from '../support/canary.ts'
import { freePort } from '../support/listen.ts'
import { workflows } from '../support/openGateway.ts'
import { startRedis } from '../support/startRedis.ts'
import { until } from '../support/until.ts'
import { createStorage } from '../unit/gateway/records/kit.ts'
import { keys } from './attacks/keys.ts'
import {
  CLOSED,
  call,
  checkTold,
  early,
  finish,
  late,
  type Owned,
  type OwnerAttack,
  SECRET,
  start,
  startedBy,
} from './attacks/owners.ts'
import { send } from './attacks/send.ts'

const folder = mkdtempSync(join(tmpdir(), 'owners-'))
const redisPort = await freePort()
const redis = await startRedis(redisPort, folder)
const storage = createStorage()
const files = folderFiles(join(folder, 'files'))
const url = `redis://127.0.0.1:${redisPort}`

const stores: Readonly<Record<string, () => Partial<GatewayOptions>>> = {
  'a folder': () => ({ queue: folderQueue({ folder: join(folder, 'queue') }) }),
  Redis: () => ({ queue: redisQueue({ url, files, prefix: 'owners' }) }),
  'its own records': () => ({}),
  storage: () => ({ storage }),
}

const keyOf = (name: string): string => `${CANARY}-of-${name}`
const entry = (name: string, more: Partial<Key> = {}): Key => ({
  name,
  sha256: createHash('sha256').update(keyOf(name)).digest('hex'),
  ...more,
})
const isOpen = (name: string): boolean => name !== CLOSED
const thief = entry('thief', { workflows: workflows.map(({ name }) => name).filter(isOpen) })

/** The keys of a file that changes. */
function watched(): { keys: Key[]; listeners: Set<() => void>; set(keys: Key[]): void } {
  const one = {
    keys: [thief, entry('shop'), entry('boss', { admin: true })],
    listeners: new Set<() => void>(),
    set(keys: Key[]) {
      one.keys = keys
      for (const listener of one.listeners) listener()
    },
  }
  return one
}

for (const [store, optionsOf] of Object.entries(stores)) {
  const test = suite(`one key attacks another, ${store}`)
  const file = watched()
  let comfy: Comfy
  let gateway: Gateway
  let served: Served
  let target: Owned

  async function open(): Promise<number> {
    const options = optionsOf()
    const workers = options.queue !== undefined
    gateway = createGateway({
      engine: comfyui({ url: comfy.url, workers }),
      workflows,
      apiKey: CANARY,
      keys: {
        current: () => file.keys,
        watch(listener) {
          file.listeners.add(listener)
          return () => void file.listeners.delete(listener)
        },
      },
      ...(workers && { workerKey: keyOf('workers') }),
      ...options,
    })
    served = await serve(gateway)
    return Number(new URL(served.url).port)
  }

  async function close(): Promise<void> {
    await served.close()
    await gateway.close()
  }

  const play = (attacks: readonly OwnerAttack[]): void => {
    for (const { what, needsQueue, run } of attacks)
      if (!needsQueue || optionsOf().queue) test(what, async () => checkTold(target, await run(target)))
  }

  test.before(async () => {
    comfy = await startComfy({ version: '0.8.0' })
    const port = await open()
    const none = { id: 'no id', file: 'no file', link: 'no link' }
    const made: Owned = {
      port,
      key: keyOf('thief'),
      shop: keyOf('shop'),
      admin: CANARY,
      prey: { over: none, running: 'no run', waiting: 'no run' },
      over: none,
      all: new Map(),
    }
    const over = await finish(made, { key: made.shop }, SECRET)
    target = { ...made, prey: { ...made.prey, over }, over: await finish(made) }
  })
  test.after(async () => {
    await close()
    await comfy.stop()
  })

  play(early)

  test('the gateway is started again, and the shop has a run that goes on and one that waits', async () => {
    await close()
    target = { ...target, port: await open() }
    const running = (await start(target, 'nev3rend5run', { key: target.shop })).id
    await until(() => comfy.executed.runs[running])
    const waiting = (await start(target, 'quick', { key: target.shop }, SECRET)).id
    target = { ...target, prey: { ...target.prey, running, waiting } }
    await start(target, 'quick')
    await start(target, 'quick', { key: target.admin })
  })

  play(late)
  // A store has no part in these.
  if (store === 'storage') play(keys)

  test('the shop still has its runs, and an admin has all', async () => {
    const { shop, prey, all } = target
    const states = async (key: string): Promise<unknown[]> =>
      Promise.all(
        [prey.over.id, prey.running, prey.waiting].map(
          async (id) => JSON.parse((await call(target, `/api/v1/runs/${id}`, { key })).body).data.status,
        ),
      )
    for (const key of [shop, CANARY, keyOf('boss')])
      assert.equal(await states(key), ['completed', 'running', 'queued'])
    const listed = async (key: string, query = ''): Promise<string[]> => {
      const { body } = await call(target, `/api/v1/runs${query}`, { key })
      return JSON.parse(body).data.runs.map((run: { _id: string }) => run._id)
    }
    const group = '?group_id=one%20group'
    const every = new Set(all.keys())
    assert.equal(new Set(await listed(CANARY)), every)
    assert.equal(new Set(await listed(keyOf('boss'))), every)
    for (const key of [CANARY, shop, keyOf('boss')])
      assert.equal((await listed(key, group)).sort(), startedBy(target, key).sort(), 'its own group')
    const { pathname, search } = new URL(prey.over.link)
    assert.match(await (await fetch(served.url + pathname + search)).text(), SECRET)
  })

  if (optionsOf().queue)
    test('a key has no more runs that have not ended than it may', async () => {
      file.set([...file.keys, entry('poor', { maxUnfinished: 2 })])
      const key = keyOf('poor')
      const begin = (number: number) =>
        start(target, 'quick', { key, headers: { 'idempotency-key': `poor-${number}` } })
      const all = await Promise.all(Array.from({ length: 8 }, (_, number) => begin(number)))
      const taken = all.filter(({ answer }) => answer.status === 200)
      assert.is(taken.length, 2)
      for (const { answer } of all)
        if (!taken.some((one) => one.answer === answer)) {
          assert.is(answer.status, 429)
          assert.match(answer.headers, 'retry-after')
        }
      const ids = async (): Promise<string[]> =>
        (await Promise.all(all.map((_, number) => begin(number)))).flatMap(({ id }) => id ?? [])
      assert.equal(new Set(await ids()), new Set(taken.map(({ id }) => id)), 'what is known has its run')
      // The body never comes.
      const headers = [`X-API-KEY: ${key}`, 'Content-Type: application/json', 'Content-Length: 99']
      const path = '/api/v1/workflows/quick/runs'
      assert.is((await send(target.port, { method: 'POST', path, headers })).status, 429)
      await call(target, `/api/v1/runs/${taken[0]!.id}/cancel`, { key, method: 'POST' })
      assert.is((await start(target, 'quick', { key })).answer.status, 200)
    })

  test('a key that is removed ends its streams and sockets, and opens nothing', async () => {
    const { id } = await start(target, 'quick')
    const headers = { 'x-api-key': target.key }
    const ask = (path: string, more = {}) => fetch(served.url + path, { headers: { ...headers, ...more } })
    const events = await ask(`/api/v1/runs/${id}/events`)
    const waited = await ask(`/api/v1/runs/${id}`, { prefer: 'wait=300' })
    const address = `${served.url.replace('http', 'ws')}/api/v1/ws?api_key=`
    const sockets = [target.key, target.shop].map((key) => new WebSocket(address + key))
    await until(() => sockets.every(({ readyState }) => readyState === WebSocket.OPEN))
    file.set(file.keys.filter((key) => key !== thief))
    assert.match(await events.text(), '"queued"')
    assert.is(JSON.parse(await waited.text()).data.status, 'queued')
    await until(() => sockets[0]!.readyState === WebSocket.CLOSED)
    assert.is(sockets[1]!.readyState, WebSocket.OPEN)
    sockets[1]!.close()
    for (const path of ['/api/v1/runs', `/api/v1/runs/${id}`, '/api/v1/openapi.json'])
      assert.is((await ask(path)).status, 403, path)
    // Another key of the same name has the runs.
    file.set([...file.keys, { ...entry('next'), name: 'thief' }])
    assert.is((await call(target, `/api/v1/runs/${id}`, { key: keyOf('next') })).status, 200)
  })

  test('the shop and an admin cancel', async () => {
    const { prey, shop } = target
    for (const [id, key] of [
      [prey.waiting, keyOf('boss')],
      [prey.running, shop],
    ] as const) {
      const { body } = await call(target, `/api/v1/runs/${id}/cancel`, { key, method: 'POST' })
      assert.match(body, 'cancelled successfully')
    }
  })
}

const test = suite('one key attacks another')
test.after(async () => {
  await redis.kill()
  rmSync(folder, { recursive: true, force: true })
})
test('all that was started is over', () => {})
