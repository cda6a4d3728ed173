import { Redis } from 'ioredis'
import { EngineError, type RunsQuery } from '../engine.ts'
import { createLruCache } from '../lruCache.ts'
import { checkOptions, fields, must, optional, type Rules } from '../options.ts'
import type { Entry, FileStore, PeerMessage, PeerServer, QueuedRun, RunQueue } from '../queue/runQueue.ts'
import { type EndedRun, KEEP_DAYS } from '../records/recordStore.ts'
import * as rules from '../rules.ts'
import { SCRIPT } from './script.ts'

/** Options of {@link redisQueue}. */
export interface RedisQueueOptions {
  /** Where Redis or Valkey is, such as `redis://:password@10.0.0.5:6379/0`, or `rediss://…` for TLS. */
  url: string
  /** Where the files of runs are, the same for all gateways: `s3Files({ … })`, or `folderFiles(folder)` on one machine */
  files: FileStore
  /** What all keys in Redis begin with. Default: `flowscale` */
  prefix?: string | undefined
  /** Records and files are removed so many days after the creation of their run. Default: 30 */
  keepDays?: number | undefined
}

const OPTIONS: Rules<RedisQueueOptions> = {
  url: must('an address such as "redis://127.0.0.1:6379"', (value) => {
    return typeof value === 'string' && /^rediss?:\/\//.test(value) && URL.canParse(value)
  }),
  files: fields(['place', 'put', 'open'], 'function'),
  prefix: optional(rules.filledText),
  keepDays: optional(rules.wholeNumber(1, 36_500)),
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** A Redis that answers later is away. */
const TIMEOUT_MS = 5_000
/** How long a submission waits for a Redis that went away while the run was added. */
const UNSURE_MS = 10_000

/** What the script gives of a run: see `found` there. */
type Found = readonly (string | number | null)[]
interface Placed extends Entry {
  readonly ahead: number
}
type Redis_ = Redis & { step(prefix: string, ...args: (string | number)[]): Promise<unknown> }

/**
 * The queue of several gateways: the runs that wait and the records of runs lie in Redis or Valkey. Needs the package
 * `ioredis`.
 *
 * @throws `TypeError` for an unknown or wrong option.
 *
 * @example
 * ```ts
 * const gateway = createGateway({
 *   engine: comfyui({ urls: [] }),
 *   queue: redisQueue({ url: 'redis://127.0.0.1:6379', files: folderFiles('flowscale-files') }),
 *   workflows: watchWorkflows('workflows'),
 *   apiKey: 'a-key-of-your-own',
 *   workerKey: 'another-key',
 * })
 * ```
 */
export function redisQueue(options: RedisQueueOptions): RunQueue {
  checkOptions('redisQueue', options, OPTIONS)
  const { url, files, prefix = 'flowscale', keepDays = KEEP_DAYS } = options
  const me = crypto.randomUUID()
  const connect = (): Redis_ => {
    const redis = new Redis(url, {
      lazyConnect: true,
      // What can't be done now is refused, and never done later.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: TIMEOUT_MS,
      socketTimeout: 2 * TIMEOUT_MS,
      connectTimeout: TIMEOUT_MS,
      retryStrategy: (times) => Math.min(100 * times, 1_000),
      // After a failover, this is a replica.
      reconnectOnError: ({ message }) => message.startsWith('READONLY'),
      scripts: { step: { lua: SCRIPT, numberOfKeys: 1 } },
    })
    // Each call fails while it is away.
    redis.on('error', (error) => {
      trouble = error.message
    })
    return redis as Redis_
  }
  let trouble = ''
  const redis = connect()
  const hearing = connect()
  // Messages reach all databases of a Redis.
  const channel = `${prefix}:${redis.options.db ?? 0}`
  let heardAt = 0
  const texts = createLruCache<object>(1_000)
  let place = ''
  let timer: ReturnType<typeof setInterval> | undefined
  /** Of the first opening. */
  let deadline: number | undefined

  async function guard<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (cause) {
      throw new EngineError(503, "The Redis of the queue can't be used just now", { retryAfterS: 5, cause })
    }
  }

  const step = <T>(name: string, ...args: (string | number)[]): Promise<T> =>
    guard(() => redis.step(prefix, me, channel, name, ...args)) as Promise<T>

  const find = async (name: string, ...args: (string | number)[]): Promise<Entry | EndedRun | undefined> =>
    toFound(await step<Found | null>(name, ...args))
  const findAll = async (name: string): Promise<Entry[]> =>
    (await step<Found[]>(name)).flatMap((one) => (toFound(one) as Entry | undefined) ?? [])

  /** A plan, or needs. By its id, it is always the same. */
  const read = async (kind: string, id: string): Promise<object> =>
    (await texts.load(kind + id, async () => {
      const text = await guard(() => redis.get(`${prefix}:${kind}:${id}`))
      return text === null ? undefined : JSON.parse(text)
    })) ?? {}

  /** Removes what is old. One of the gateways does it, once an hour. */
  async function clean(): Promise<void> {
    const isMine = await redis
      .set(`${prefix}:cleaned`, me, 'PX', HOUR_MS - 60_000, 'NX')
      // A full one needs it most.
      .catch(({ message }: Error) => message.startsWith('OOM'))
    if (!isMine) return
    while ((await step<number>('clean', Date.now() - keepDays * DAY_MS)) > 0);
    if ((await redis.get(`${prefix}:files`)) !== place) return
    await files.sweep(async (kind, id) => {
      const [job, ended] = await redis.hmget(`${prefix}:run:${id}`, 'job', 'end')
      return Boolean(job || (kind === 'out' && ended))
    })
  }

  /** What of the settings of Redis can lose runs, a sentence each. */
  async function warnings(): Promise<string[]> {
    const info = await redis.info()
    const says = (line: RegExp): boolean => line.test(info)
    const hasLog = says(/^aof_enabled:1/m)
    // Some hosts of Redis refuse this command.
    const [, sync = 'always'] = (await redis.config('GET', 'appendfsync').catch(() => [])) as string[]
    const problems: [boolean, string][] = [
      [!hasLog, `Redis has "appendonly no": a crash loses runs. Set "appendonly yes".`],
      [
        hasLog && sync !== 'always',
        // While its disk is busy, Redis answers before it has written: a kill is enough.
        `Redis has "appendfsync ${sync}": a crash can lose its last seconds, and runs of these be made twice. Set "appendfsync always".`,
      ],
      [
        says(/^maxmemory:[1-9]/m) && !says(/^maxmemory_policy:noeviction/m),
        'Redis has a "maxmemory-policy" that drops keys, so runs: set "noeviction".',
      ],
    ]
    return problems.flatMap(([isSo, text]) => (isSo ? text : []))
  }

  return {
    async open(warn) {
      deadline ??= Date.now() + UNSURE_MS
      for (const one of [redis, hearing]) {
        // It tries again by itself.
        if (one.status === 'wait') one.connect().catch(() => {})
        while ((one.status as string) !== 'ready') {
          if (Date.now() > deadline)
            throw new EngineError(503, `Redis can't be used: ${trouble || 'it does not answer'}`, {
              retryAfterS: 5,
            })
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
      place = await files.place()
      const strange = await step<string | null>('strange')
      if (strange !== null)
        throw new Error(
          `Redis has a key "${strange}" of something else: remove it, or take another database of Redis, such as redis://HOST/1`,
        )
      const other = await step<string | null>('open', place)
      if (other !== null)
        throw new Error(
          `Other gateways with this Redis keep their files in ${other}, this one in ${place}: give all of them the same place`,
        )
      // Some hosts refuse to say.
      for (const warning of await warnings().catch(() => [])) warn(warning)
      timer = setInterval(() => void clean().catch(() => {}), HOUR_MS / 4)
      timer.unref?.()
      // Each is given to a server, or ended, by whoever meets it.
      return []
    },
    nameOf: (address) => step('name', address),
    async add(job, plan, needs) {
      const { id, groupId, createdAt } = job
      const add = () =>
        step<number>(
          'add',
          ...[id, JSON.stringify(job), groupId ?? '', createdAt],
          ...[job.needs, JSON.stringify(needs), job.plan, JSON.stringify(plan)],
        )
      if (redis.status !== 'ready') return await add()
      let isUnsure = false
      for (const deadline = Date.now() + UNSURE_MS; ; ) {
        try {
          return await add()
        } catch (cause) {
          const isRefused = ((cause as EngineError).cause as Error).name === 'ReplyError'
          if (isRefused && !isUnsure) throw cause
          // The answer may have been lost. A run is added once, however often this is called.
          isUnsure = true
          if (Date.now() > deadline)
            throw new EngineError(502, 'Redis went away while the run was added', { runId: id, cause })
        }
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    },
    planOf: ({ plan }) => read('plan', plan),
    needsOf: ({ needs }) => read('needs', needs),
    async waitingNeeds() {
      const ids = await guard(() => redis.hkeys(`${prefix}:waiting`))
      return new Map(await Promise.all(ids.map(async (id) => [id, await read('needs', id)] as const)))
    },
    next: (needs) => find('next', ...needs) as Promise<Entry | undefined>,
    take: (needs, server) => find('take', server, ...needs) as Promise<Entry | undefined>,
    move: async (id, from, to) => (await step('move', id, from, to)) === 1,
    async send(id, server, session) {
      const at = await step<string | null>('send', id, server, session, Date.now())
      return at === null ? undefined : Number(at)
    },
    async giveBack(id, server, sentAt) {
      await step('back', id, server, sentAt ?? '')
    },
    cancel: (id) => find('cancel', id) as Promise<Entry | undefined>,
    async end(ended) {
      const { id } = ended.run
      const { startedAt, completedAt } = ended
      const counts = await find('end', id, JSON.stringify(ended), startedAt ?? '+inf', completedAt ?? '+inf')
      void files.removeInputs(id).catch(() => {})
      return counts as EndedRun
    },
    get: (id) => find('get', id),
    ahead: async (entry) => (entry as Placed).ahead,
    held: () => findAll('held'),
    entries: () => findAll('entries'),
    async list({ groupId, sortBy, sortOrder, offset, limit }: RunsQuery) {
      const by = sortBy.replace('_at', '')
      const [total, runs] = await step<[number, Found[]]>('list', by, groupId ?? '', sortOrder, offset, limit)
      return { total, runs: runs.flatMap((run) => toFound(run) ?? []) }
    },
    files,
    peers: {
      claim: async (name, session, polls) => (await step('claim', name, session, polls ? 1 : 0)) === 1,
      async meet(own, forgottenMs) {
        // By a message of each second it is known that this connection hears.
        if (Date.now() - heardAt > 2 * TIMEOUT_MS && hearing.status === 'ready') hearing.disconnect(true)
        const told = await step<string[]>('meet', place, forgottenMs, JSON.stringify(own))
        return told.map((text): PeerServer => JSON.parse(text))
      },
      async tell(message) {
        await redis.publish(channel, JSON.stringify({ from: me, ...message }))
      },
      listen(listener) {
        heardAt = Date.now()
        hearing.on('message', (_channel: string, text: string) => {
          heardAt = Date.now()
          try {
            const { from, ...message } = JSON.parse(text)
            if (from !== me && Object.keys(message).length > 0) listener(message as PeerMessage)
          } catch {
            // Not from a gateway.
          }
        })
        const subscribe = (): void => void hearing.subscribe(channel).catch(() => {})
        subscribe()
        hearing.on('ready', () => {
          heardAt = Date.now()
          subscribe()
          listener({ missed: true })
        })
      },
    },
    async close() {
      clearInterval(timer)
      redis.disconnect()
      hearing.disconnect()
    },
  }
}

function toFound(found: Found | null): Placed | EndedRun | undefined {
  const [job, number, server, sent, cancelled, ended, ahead] = found ?? []
  if (ended) return JSON.parse(String(ended))
  if (!job) return undefined
  return {
    job: JSON.parse(String(job)) as QueuedRun,
    number: Number(number),
    server: server ? String(server) : undefined,
    sentAt: sent ? Number(sent) : undefined,
    isCancelled: cancelled ? true : undefined,
    ahead: Number(ahead),
  }
}
