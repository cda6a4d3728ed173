// A store in Redis or Valkey.
import { type Cluster, Redis, type RedisOptions } from 'ioredis'
import { EngineError } from '../engine.ts'
import { ABOUT, checkLayout, type Found, LAYOUT, type Store, Unsure } from '../queue/store.ts'
import { sleep } from '../runtime.ts'
import { groupEnd, HEADS_PORTION, SCRIPTS, toArguments, VERSION_LENGTH } from './commit.ts'

export interface RedisStoreOptions {
  readonly url?: string | undefined
  /** Instead of `url`: makes a connection with these settings and others. It is called twice. */
  readonly redis?: ((settings: RedisOptions) => Redis | Cluster) | undefined
  readonly prefix: string
  /** The place of the files, the same for all gateways with this queue. */
  readonly place: () => Promise<string>
}

/** A Redis that needs longer for an answer counts as away. */
const TIMEOUT_MS = 5_000
/** How long the first opening waits for a Redis that is starting. */
const START_MS = 10_000
const BEAT_MS = 1_000
/** After such a time without a message, some may have been missed. */
const GAP_MS = 3_000
/** A connection is made anew after such a time without a message. */
const DEAF_MS = 10_000
/** How long the place of the files is kept for a gateway that went away. */
const PLACE_MS = 30_000
/** How many records are read by one command, since it stops Redis for all others. */
const PORTION = 1_000

const SETTINGS: RedisOptions = {
  lazyConnect: true,
  // A command that can't be done now must not be done later.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  // `listen` subscribes anew, and catches the error.
  autoResubscribe: false,
  commandTimeout: TIMEOUT_MS,
  socketTimeout: 2 * TIMEOUT_MS,
  connectTimeout: TIMEOUT_MS,
  retryStrategy: (times) => Math.min(100 * times, 1_000),
  // After a failover, this server is a replica.
  reconnectOnError: ({ message }) => message.startsWith('READONLY'),
}

/** A Redis or a Cluster, which have the same methods, and the scripts. */
type Connection = Redis & {
  grow(records: string, marks: string, rest: (string | number)[]): Promise<number>
  change(records: string, marks: string, rest: (string | number)[]): Promise<number>
  heads(marks: string, prefix: string, from: string): Promise<string[]>
  beat(key: string, place: string, ms: number, channel: string, me: string): Promise<string | null>
}

/**
 * A store in Redis or Valkey: a hash of records, and a sorted set of marks. The braces keep both on one node of a Cluster.
 * Messages have a channel for each database, since they reach all databases of a Redis.
 */
export function redisStore({ url, redis: make, prefix, place }: RedisStoreOptions): Store {
  const key = (name: string): string => `{${prefix}}:${name}`
  const [records, marks, placeKey] = [key('records'), key('marks'), key('place')]
  const me = crypto.randomUUID()
  let trouble = 'it does not answer'

  function connect(): Connection {
    const one = make ? make(SETTINGS) : new Redis(url!, SETTINGS)
    const settings = isCluster(one) ? one.options.redisOptions : one.options
    if (settings?.maxRetriesPerRequest !== 0) {
      one.disconnect()
      throw new TypeError('redisQueue: option "redis" must pass its settings on to ioredis')
    }
    // A node that went away may have done the command, so it is not sent again.
    if (isCluster(one)) one.options.retryDelayOnFailover = 0
    for (const [name, script] of Object.entries(SCRIPTS)) one.defineCommand(name, script)
    // Each call fails while Redis is away, and says so.
    for (const event of ['error', 'node error'])
      one.on(event, ({ message }: Error) => {
        trouble = message
      })
    return one as Connection
  }
  const redis = connect()
  const hearing = connect()
  const channel = key(String(redis.options.db ?? 0))
  let myPlace = ''
  let heardAt: number | undefined
  let timer: ReturnType<typeof setInterval> | undefined
  /** Of the first opening. */
  let deadline: number | undefined

  /** Sends a command. `Lost`: the class of the error if the command may have been done */
  async function use<T>(command: () => Promise<T>, Lost = EngineError): Promise<T> {
    let error = EngineError
    try {
      if (redis.status !== 'ready') throw new Error(trouble)
      error = Lost
      return await command()
    } catch (cause) {
      const { name, message } = cause as Error
      if (name === 'ReplyError') error = EngineError
      const what = message.startsWith('OOM') ? 'is full' : "can't be used just now"
      // The person who starts a gateway sees the reason.
      const text = timer ? `The Redis of the queue ${what}` : `Redis can't be used: ${message}`
      throw new error(503, text, { retryAfterS: 5, cause })
    }
  }

  /** Refuses a Redis whose keys belong to something else. */
  async function checkKeys(): Promise<void> {
    const kinds = { [records]: 'hash', [marks]: 'zset', [placeKey]: 'string' }
    for (const [name, kind] of Object.entries(kinds)) {
      if (['none', kind].includes(await use(() => redis.type(name)))) continue
      throw new Error(
        `Redis has a key "${name}" of something else: remove it, or take another database of Redis, such as redis://HOST/1`,
      )
    }
    // A user who may not read this key has no queue of an earlier version.
    if ((await redis.type(`${prefix}:number`).catch(() => 'none')) !== 'none')
      throw new Error(
        `Redis has a queue of an earlier version of @flowscale/gateway, with keys "${prefix}:…": let its runs end with that version, and then remove these keys, or take another database of Redis, such as redis://HOST/1`,
      )
    const about = await use(() => redis.hget(records, ABOUT))
    if (about === null) await use(() => redis.hsetnx(records, ABOUT, '-'.repeat(VERSION_LENGTH) + LAYOUT))
    else checkLayout(about.slice(VERSION_LENGTH), `Redis, key "${records}",`)
  }

  /** Warns of settings of Redis that can lose runs. */
  async function checkSettings(warn: (message: string) => void): Promise<void> {
    // Some hosts refuse to say.
    const info = await redis.info().catch(() => '')
    const says = (line: RegExp): boolean => line.test(info)
    if (says(/^redis_version:[1-6]\./m)) throw new Error('The queue needs Redis 7 or newer, or Valkey')
    const [, sync = 'always'] = (await redis.config('GET', 'appendfsync').catch(() => [])) as string[]
    if (says(/^aof_enabled:0/m)) warn('Redis has "appendonly no": a crash loses runs. Set "appendonly yes".')
    else if (sync !== 'always')
      // While its disk is busy, Redis answers before it has written: a kill is enough to lose runs.
      warn(
        `Redis has "appendfsync ${sync}": a crash can lose its last seconds, and runs of these be made twice. Set "appendfsync always".`,
      )
    if (says(/^maxmemory:[1-9]/m) && !says(/^maxmemory_policy:noeviction/m))
      warn('Redis has a "maxmemory-policy" that drops keys, so runs: set "noeviction".')
  }

  /** Says that this gateway is there. Its own message proves that it hears the others. Gives the place of files of others. */
  async function beat(): Promise<string | null> {
    if (heardAt !== undefined && performance.now() - heardAt > DEAF_MS && hearing.status === 'ready') {
      heardAt = performance.now()
      hearing.disconnect(true)
    }
    return await redis.beat(placeKey, myPlace, PLACE_MS, channel, me)
  }

  return {
    async open(warn) {
      deadline ??= performance.now() + START_MS
      for (const one of [redis, hearing]) {
        // After an error, ioredis tries again by itself.
        if (one.status === 'wait') one.connect().catch(() => {})
        while ((one.status as string) !== 'ready') {
          if (performance.now() > deadline)
            throw new EngineError(503, `Redis can't be used: ${trouble}`, { retryAfterS: 5 })
          await sleep(50)
        }
      }
      // ioredis goes on in database 0 if it could not select another one.
      if (redis.options.db) await use(() => redis.select(redis.options.db!))
      myPlace = await place()
      await checkSettings(warn)
      await checkKeys()
      const other = await use(beat)
      if (other !== null && other !== myPlace)
        throw new Error(
          `Other gateways with this Redis keep their files in ${other}, this one in ${myPlace}: give all of them the same place`,
        )
      timer ??= setInterval(() => void beat().catch(() => {}), BEAT_MS)
      timer.unref?.()
    },
    async read(keys) {
      const portions: Promise<(string | null)[]>[] = []
      for (let from = 0; from < keys.length; from += PORTION)
        portions.push(use(() => redis.hmget(records, ...keys.slice(from, from + PORTION))))
      return (await Promise.all(portions)).flat().map(toFound)
    },
    range({ from, to }, { offset = 0, limit, isReverse = false }) {
      const [first, last] = [`[${from}`, `(${to}`]
      return use(() =>
        isReverse
          ? redis.zrange(marks, last, first, 'BYLEX', 'REV', 'LIMIT', offset, limit)
          : redis.zrange(marks, first, last, 'BYLEX', 'LIMIT', offset, limit),
      )
    },
    count: ({ from, to }) => use(() => redis.zlexcount(marks, `[${from}`, `(${to}`)),
    async heads(prefix) {
      const heads: string[] = []
      for (let from = prefix; ; ) {
        const portion = await use(() => redis.heads(marks, prefix, from))
        heads.push(...portion)
        if (portion.length < HEADS_PORTION) return heads
        from = groupEnd(prefix, portion.at(-1)!)
      }
    },
    next: () => use(() => redis.hincrby(records, '#', 1)),
    async commit(batch) {
      const all = toArguments({ ...batch, messages: batch.messages.map((text) => me + text) }, channel)
      const name = batch.isGrowth ? 'grow' : 'change'
      return (await use(() => redis[name](records, marks, all), Unsure)) === 1
    },
    listen(listener) {
      const subscribe = (): void => {
        heardAt = performance.now()
        hearing.subscribe(channel).then(
          () => listener(undefined),
          () => {},
        )
      }
      subscribe()
      hearing.on('ready', subscribe)
      hearing.on('message', (_channel: string, text: string) => {
        if (!text.startsWith(me)) {
          if (text.length > me.length) listener(text.slice(me.length))
          return
        }
        // A Cluster does not say when it has subscribed again.
        if (performance.now() - heardAt! > GAP_MS) listener(undefined)
        heardAt = performance.now()
      })
    },
    async show(id, text, ms) {
      await use(() => redis.set(key(`preview/${id}`), text, 'PX', ms))
    },
    shown: async (id) => (await use(() => redis.get(key(`preview/${id}`)))) ?? undefined,
    async close() {
      clearInterval(timer)
      redis.disconnect()
      hearing.disconnect()
    },
  }
}

/** Reads a record of the queue in Redis, without joining the gateways of the queue. */
export async function readRecord(url: string, name: string): Promise<string | undefined> {
  const redis = new Redis(url, { ...SETTINGS, retryStrategy: () => null })
  let trouble = 'it does not answer'
  redis.on('error', ({ message }: Error) => {
    trouble = message
  })
  try {
    await redis.connect()
    return toFound(await redis.hget('{flowscale}:records', name)).text
  } catch {
    throw new Error(`Redis can't be used: ${trouble}`)
  } finally {
    redis.disconnect()
  }
}

const isCluster = (one: Redis | Cluster): one is Cluster => one.isCluster

const toFound = (stored: string | null): Found =>
  stored === null
    ? { text: undefined, version: '' }
    : { text: stored.slice(VERSION_LENGTH), version: stored.slice(0, VERSION_LENGTH) }
