// A store in Redis or Valkey: what it refuses, a Redis that is full or goes away, and each way to reach one.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { assert, said, suite } from '#test'
import { EngineError } from '../../packages/gateway/src/engine.ts'
import { type Batch, type Store, Unsure } from '../../packages/gateway/src/queue/store.ts'
import { type RedisStoreOptions, redisStore } from '../../packages/gateway/src/redis/redisStore.ts'
import { redis as redisPath } from '../../scripts/lib/ensure.mjs'
import { rejection } from '../support/fakes.ts'
import { freePort } from '../support/listen.ts'
import { type RunningRedis, startRedis } from '../support/startRedis.ts'
import { until } from '../support/until.ts'
import { batchOf, suiteOfStore } from '../unit/gateway/queue/storeSuite.ts'

const folder = mkdtempSync(join(tmpdir(), 'redis-store-'))
const port = await freePort()
const url = `redis://127.0.0.1:${port}`
const running: RunningRedis[] = [await startRedis(port, folder)]
const redis = new Redis(url)
let places = 0

suiteOfStore('a store in Redis', () => {
  const prefix = `suite-${++places}`
  const make = () => redisStore({ url, prefix, place: async () => 'files' })
  return { make, isShared: true, remove: () => {} }
})

const test = suite('Redis for a store')

const open = async (more: Partial<RedisStoreOptions>, warnings: string[] = []): Promise<Store> => {
  const store = redisStore({ prefix: `place-${++places}`, place: async () => 'files', ...more })
  try {
    await store.open((warning) => void warnings.push(warning))
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

const put = (key: string, text: string | undefined, more: Parameters<typeof batchOf>[0] = {}): Batch =>
  batchOf({ records: { [key]: text }, ...more })

async function start(name: string, ...settings: string[]): Promise<string> {
  const port = await freePort()
  running.push(await startRedis(port, mkdtempSync(join(folder, `${name}-`)), ...settings))
  return port
}

/** Uses each method of two stores at one place. */
async function play(options: Partial<RedisStoreOptions>): Promise<void> {
  const prefix = options.prefix ?? `played-${++places}`
  const stores = [await open({ ...options, prefix }), await open({ ...options, prefix })] as const
  const [one, other] = stores
  try {
    const heard: (string | undefined)[] = []
    const own: (string | undefined)[] = []
    other.listen!((message) => void heard.push(message))
    one.listen!((message) => void own.push(message))
    await until(() => heard.length + own.length === 2)
    const added = put('a', 'ü', {
      checks: { a: '' },
      marks: ['w/x/2', 'w/x/1', 'w/y/3'],
      messages: ['hello'],
    })
    assert.is(await one.commit(added), true)
    assert.is(await other.commit(added), false)
    await until(() => heard.includes('hello'))
    const [found] = await other.read(['a'])
    assert.is(found!.text, 'ü')
    assert.is(await other.commit(put('a', 'b', { checks: { a: found!.version }, unmarks: ['w/y/3'] })), true)
    assert.equal(await one.heads('w/'), ['w/x/1'])
    assert.equal(await one.range({ from: 'w/', to: 'w0' }, { limit: 9, isReverse: true }), ['w/x/2', 'w/x/1'])
    assert.is(await one.count({ from: 'w/', to: 'w0' }), 2)
    assert.is((await other.next()) - (await one.next()), -1)
    // On one connection, the beats of both come after what was said.
    assert.equal([heard, own], [[undefined, 'hello'], [undefined]])
    await one.commit(put('a', undefined, { unmarks: ['w/x/1', 'w/x/2'] }))
    assert.equal([(await one.read(['a']))[0], await one.heads('w/')], [{ text: undefined, version: '' }, []])
  } finally {
    for (const store of stores) await store.close()
  }
}

test('a batch of more marks than a call in Lua takes, and more groups than a script looks at', async () => {
  const store = await open({ url })
  try {
    const groups = Array.from({ length: 1_100 }, (_, index) => `w/g${1_000 + index}`)
    const first = groups.map((group) => `${group}/0`)
    const marks = [
      ...first,
      ...groups.flatMap((group) => Array.from({ length: 8 }, (_, one) => `${group}/1${one}`)),
    ]
    assert.is(await store.commit(batchOf({ marks })), true)
    assert.equal(await store.heads('w/'), first)
    const keys = Array.from({ length: 4_100 }, (_, index) => `k/${index}`)
    const records = Object.fromEntries(keys.map((key) => [key, key]))
    assert.is(await store.commit(batchOf({ records, unmarks: marks })), true)
    assert.equal(
      (await store.read(keys)).map(({ text }) => text),
      keys,
    )
    assert.is(await store.count({ from: '', to: '~' }), 0)
  } finally {
    await store.close()
  }
})

for (const name of ['records', 'marks', 'place'])
  test(`a key of something else at ${name} is refused at the start`, async () => {
    const key = `{strange}:${name}`
    await redis.lpush(key, 'x')
    const error = await rejection(open({ url, prefix: 'strange' })).finally(() => redis.del(key))
    assert.match(error.message, `"${key}"`)
    assert.not.instance(error, EngineError)
    if (name === 'place') said(error.message)
  })

test('a database that Redis does not have is refused, and no other is used', async () => {
  const prefix = `place-${++places}`
  const opened = open({ url: `${url}/99`, prefix }).then((store) => store.close())
  said((await rejection(opened)).message)
  assert.equal(await redis.keys(`{${prefix}}:*`), [])
})

test('a queue of the layout before, or of a newer one, is refused at the start', async () => {
  await redis.set('before:number', 5)
  const before = await rejection(open({ url, prefix: 'before' }))
  assert.match(before.message, '"before:…"')
  await redis.hset('{newer}:records', 'about', '123456789012{"layout":2}')
  const newer = await rejection(open({ url, prefix: 'newer' }))
  assert.match(newer.message, '"{newer}:records"')
  for (const error of [before, newer]) {
    assert.not.instance(error, EngineError)
    said(error.message)
  }
})

test('files at another place are refused while a gateway has the place, and its own are no other', async () => {
  const prefix = 'shared'
  const stores = [await open({ url, prefix }), await open({ url, prefix })]
  const error = await rejection(open({ url, prefix, place: async () => 'others' }))
  for (const store of stores) await store.close()
  assert.match(error.message, 'others')
  said(error.message)
  const left = await redis.pttl('{shared}:place')
  assert.ok(left > 0 && left <= 30_000)
})

test('a function that drops the settings is refused, and leaves no connection', async () => {
  const nodes = [{ host: '127.0.0.1', port: Number(port) }]
  for (const redis of [() => new Redis(url), () => new Cluster(nodes)]) {
    const error = await rejection(open({ redis }))
    assert.instance(error, TypeError)
    said(error.message)
  }
})

test('settings that can lose runs are told', async () => {
  const [settings, want] = [
    [
      ['--appendonly', 'no', '--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'],
      ['--appendfsync', 'everysec'],
    ],
    ['appendonly no, drops keys', 'appendfsync everysec'],
  ]
  const told: string[] = []
  for (const some of settings) {
    const warnings: string[] = []
    const store = await open({ url: `redis://127.0.0.1:${await start('told', ...some)}` }, warnings)
    await store.close()
    const words = ['appendonly no', 'appendfsync everysec', 'drops keys']
    told.push(words.filter((word) => warnings.some((text) => text.includes(word))).join(', '))
    for (const text of warnings) said(text)
  }
  assert.equal(told, want)
})

test('a full Redis refuses what grows, and lets the rest be written, also by a gateway that starts', async () => {
  const port = await start('full', '--maxmemory-policy', 'noeviction')
  const options = { url: `redis://127.0.0.1:${port}`, prefix: 'full' }
  const before = await open(options)
  assert.is(await before.commit(put('a', 'b', { isGrowth: true })), true)
  const admin = new Redis(options.url)
  await admin.config('SET', 'maxmemory', '1mb')
  admin.disconnect()
  const store = await open(options)
  try {
    const growing = [store.commit(put('c', 'd', { isGrowth: true })), before.next()]
    for (const error of await Promise.all(growing.map((one) => rejection(one)))) {
      assert.instance(error, EngineError)
      assert.not.instance(error, Unsure)
      said(error.message)
    }
    const [found] = await store.read(['a'])
    const checks = { a: found!.version }
    assert.is(await store.commit(put('a', 'e', { checks, marks: ['m'], messages: ['hello'] })), true)
    assert.equal(
      (await before.read(['a', 'c'])).map(({ text }) => text),
      ['e', undefined],
    )
    assert.equal(await before.range({ from: '', to: 'z' }, { limit: 9 }), ['m'])
  } finally {
    await before.close()
    await store.close()
  }
})

test('a commit is unsure if its answer was lost, and not if it was never sent', async () => {
  const port = await start('lost')
  const store = await open({ url: `redis://127.0.0.1:${port}` })
  const { child, kill } = running.at(-1)!
  try {
    child.kill('SIGSTOP')
    const lost = [rejection(store.commit(put('a', 'b'))), rejection(store.read(['a']))]
    await new Promise(setImmediate)
    await kill()
    const isUnsure = (error: Error): boolean => error instanceof Unsure
    assert.equal((await Promise.all(lost)).map(isUnsure), [true, false])
    assert.is(isUnsure(await rejection(store.commit(put('a', 'b')))), false)
  } finally {
    await store.close()
  }
})

test('a password, TLS, and a user who may use the prefix only', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const kind = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...kind.split(' '), ...names], { stdio: 'ignore' })
  const tlsPort = await freePort()
  const tls = `--tls-port ${tlsPort} --tls-cert-file ${cert} --tls-key-file ${key} --tls-ca-cert-file ${cert} --tls-auth-clients no`
  const user = 'on >secret ~{mine}:* &{mine}:* +@all -@dangerous +info +config|get'
  const port = await start('tls', ...tls.split(' '), '--user', 'gateway', ...user.split(' '))
  const url = `redis://gateway:secret@127.0.0.1:${port}`
  await play({ url, prefix: 'mine' })
  assert.match((await rejection(open({ url, prefix: 'yours' }))).message, "Redis can't be used: NOPERM")
  const ca = readFileSync(cert)
  const login = { host: '127.0.0.1', port: Number(tlsPort), username: 'gateway', password: 'secret' }
  await play({ redis: (settings) => new Redis({ ...settings, ...login, tls: { ca } }), prefix: 'mine' })
})

test('a Cluster of two nodes', async () => {
  const busPorts = [await freePort(), await freePort()] as const
  const ports: string[] = []
  for (const busPort of busPorts)
    ports.push(await start('node', '--cluster-enabled', 'yes', '--cluster-port', busPort))
  const nodes = ports.map((port) => new Redis(`redis://127.0.0.1:${port}`))
  try {
    for (const [at, range] of [
      [0, 8191],
      [8192, 16383],
    ].entries())
      await nodes[at]!.call('CLUSTER', 'ADDSLOTSRANGE', ...range)
    await nodes[0]!.call('CLUSTER', 'SET-CONFIG-EPOCH', 1)
    await nodes[1]!.call('CLUSTER', 'SET-CONFIG-EPOCH', 2)
    await nodes[0]!.call('CLUSTER', 'MEET', '127.0.0.1', ports[1]!, busPorts[1])
    for (const node of nodes)
      await until(async () => `${await node.call('CLUSTER', 'INFO')}`.includes('cluster_state:ok'))
    // Either node has some of them.
    for (const prefix of ['a', 'b', 'c', 'd'])
      await play({
        redis: (redisOptions) =>
          new Cluster([{ host: '127.0.0.1', port: Number(ports[0]) }], { redisOptions }),
        prefix,
      })
    const counts = await Promise.all(nodes.map((node) => node.dbsize()))
    assert.ok(counts[0]! > 0 && counts[1]! > 0, counts.join())
  } finally {
    for (const node of nodes) node.disconnect()
  }
})

test('Sentinel leads to the new master once the first one is killed', async () => {
  const port = await start('master')
  const master = running.at(-1)!
  const replica = await start('replica', '--replicaof', '127.0.0.1', port)
  const sentinelPort = await freePort()
  const file = join(folder, 'sentinel.conf')
  writeFileSync(
    file,
    `port ${sentinelPort}\nbind 127.0.0.1\nsentinel monitor queue 127.0.0.1 ${port} 1\nsentinel down-after-milliseconds queue 300\nsentinel failover-timeout queue 3000\n`,
  )
  const sentinel = spawn(redisPath, [file, '--sentinel'], { stdio: 'ignore' })
  const sentinels = [{ host: '127.0.0.1', port: Number(sentinelPort) }]
  const store = await open({ redis: (settings) => new Redis({ ...settings, sentinels, name: 'queue' }) })
  const watch = new Redis(`redis://127.0.0.1:${sentinelPort}`)
  const copy = new Redis(`redis://127.0.0.1:${replica}`)
  try {
    assert.is(await store.commit(put('a', 'b')), true)
    const heard: (string | undefined)[] = []
    store.listen!((message) => void heard.push(message))
    await until(() => heard.length === 1)
    await until(async () => (await copy.info()).includes('master_link_status:up'))
    await until(async () => ((await watch.call('SENTINEL', 'REPLICAS', 'queue')) as unknown[]).length === 1)
    await master.kill()
    assert.is(await until(() => store.commit(put('c', 'd')).catch(() => undefined)), true)
    assert.equal(
      (await store.read(['a', 'c'])).map(({ text }) => text),
      ['b', 'd'],
    )
    // Messages may have been missed.
    await until(() => heard.length > 1)
  } finally {
    for (const one of [watch, copy]) one.disconnect()
    await store.close()
    sentinel.kill('SIGKILL')
    await once(sentinel, 'exit')
  }
})

test.after(async () => {
  redis.disconnect()
  for (const one of running) await one.kill()
  rmSync(folder, { recursive: true, force: true })
})
