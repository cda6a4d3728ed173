// The queue in Redis, or Valkey: what any queue does, and what happens while Redis is away.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, executeWorkflow, getRuns, HttpError } from '@flowscale/client'
import { comfyui, createGateway } from '@flowscale/gateway'
import { Redis } from 'ioredis'
import { assert, rejects, said, throws } from '#test'
import { EngineError } from '../../packages/gateway/src/engine.ts'
import { folderFiles } from '../../packages/gateway/src/node/folderFiles.ts'
import { folderQueue } from '../../packages/gateway/src/node/folderQueue.ts'
import type { QueuedRun, RunQueue } from '../../packages/gateway/src/queue/runQueue.ts'
import { redisQueue } from '../../packages/gateway/src/redis/redisQueue.ts'
import { CANARY } from '../support/canary.ts'
import { rejection } from '../support/fakes.ts'
import { freePort } from '../support/listen.ts'
import { createRandom } from '../support/random.ts'
import { type RunningRedis, startRedis } from '../support/startRedis.ts'
import { until } from '../support/until.ts'
import { endOf, makeJob, suiteOfQueue } from '../unit/gateway/queue/suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'redis-'))
const port = await freePort()
const url = `redis://127.0.0.1:${port}`
const redis: RunningRedis = await startRedis(port, folder)
let places = 0

const test = suiteOfQueue('a queue in Redis', () => {
  const prefix = `place-${++places}`
  const files = folderFiles(join(folder, prefix))
  return { make: () => redisQueue({ url, files, prefix }), keepsTaken: true, remove: () => {} }
})

/** Without what only one of them tells, and what is undefined. */
const textOf = (found: unknown): string =>
  JSON.stringify(found, (name, value) => (name === 'ahead' ? undefined : value))

for (const seed of [1, 2, 3]) {
  test(`callers take turns as in the queue of a folder, seed ${seed}`, async () => {
    const random = createRandom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
    const files = folderFiles(folder)
    const [one, other] = [
      redisQueue({ url, files, prefix: `turns-${seed}` }),
      folderQueue(join(folder, `${seed}`)),
    ]
    const both = async <T>(what: string, step: (queue: RunQueue) => Promise<T>): Promise<T> => {
      const found = await step(one)
      const wanted = await step(other)
      assert.is(textOf(found), textOf(wanted), what)
      return found
    }
    try {
      await Promise.all([one, other].map((queue) => queue.open(() => {})))
      const waiting = new Map<string, QueuedRun>()
      const taken = new Map<string, QueuedRun>()
      for (let count = 0; count < 600; count++) {
        // At first no server can take what one of the callers sends: it saves turns.
        const able = count < 300 ? ['x', 'y'] : ['x', 'y', 'z']
        const needs = new Set(able.filter(() => random() < 0.6))
        const what = pick(['add', 'add', 'take', 'take', 'back', 'end'])
        if (what === 'add') {
          const groupId = pick([null, 'a', 'b', 'c', `${count}`])
          const job = makeJob({ groupId, needs: groupId === 'c' ? 'z' : pick(['x', 'y']) })
          await both('add', (queue) => queue.add(job, {}, {}))
          waiting.set(job.id, job)
        } else if (what === 'take') {
          const { job } = (await both('take', (queue) => queue.take(needs, 's'))) ?? {}
          if (!job) continue
          waiting.delete(job.id)
          taken.set(job.id, job)
        } else {
          const from = what === 'back' ? taken : pick([taken, waiting])
          const job = pick([...from.values()])
          if (!job) continue
          from.delete(job.id)
          if (what === 'end') await both('end', (queue) => queue.end(endOf(job, { completedAt: 1 })))
          else {
            await both('back', (queue) => queue.giveBack(job.id, 's', undefined))
            waiting.set(job.id, job)
          }
        }
        await both('next', (queue) => queue.next(needs))
        await both('needs', async (queue) => [...(await queue.waitingNeeds()).keys()].sort())
      }
      assert.ok(waiting.size > 20)
    } finally {
      await one.close()
      await other.close()
    }
  })
}

test('a gateway reads the plan of a run that another one has just ended', async () => {
  const open = () => redisQueue({ url, files: folderFiles(folder), prefix: 'plans' })
  const [one, other] = [open(), open()]
  try {
    await Promise.all([one, other].map((queue) => queue.open(() => {})))
    const job = makeJob({})
    await one.add(job, { graph: 1 }, {})
    await one.end(endOf(job, { completedAt: 1 }))
    assert.equal(await other.planOf(job), { graph: 1 })
  } finally {
    await one.close()
    await other.close()
  }
})

test('a wrong option is a TypeError, which shows no password', () => {
  const good = { url, files: folderFiles(folder) }
  const wrong: object[] = [
    ...['', `:${CANARY}@a`, `http://:${CANARY}@a`, `redis://:${CANARY}@a:b`, 5].map((url) => ({ url })),
    ...[undefined, 'files', {}].map((files) => ({ files })),
    { prefix: '' },
    ...[0, 1.5, '30'].map((keepDays) => ({ keepDays })),
    { password: CANARY },
  ]
  for (const more of wrong) throws(() => redisQueue({ ...good, ...more }), TypeError)
})

test('a key of something else at one of its names is refused at the start', async () => {
  const redis = new Redis(url)
  const [texts, others] = [
    ['number', 'now', 'place', 'files', 'cleaned'],
    ['turns', 'head', 'waiting', 'uses', 'servers', 'names', 'order', 'idle', 'held', 'created', 'started'],
  ]
  const make = (prefix: string) => redisQueue({ url, prefix, files: folderFiles(join(folder, 'strange')) })
  try {
    for (const name of [...texts, ...others, 'completed', 'sent']) {
      const key = `strange-${name}:${name}`
      if (texts.includes(name)) await redis.lpush(key, 'x')
      else await redis.set(key, 'x')
      const queue = make(`strange-${name}`)
      const error = await rejection(queue.open(() => {})).finally(queue.close)
      assert.match(error.message, `"${key}"`)
      assert.not.instance(error, EngineError)
      if (name === 'sent') said(error.message)
    }
    // Its own are none.
    for (let count = 2; count > 0; count--) {
      const queue = make('familiar')
      await queue.open(() => {}).finally(queue.close)
    }
  } finally {
    redis.disconnect()
  }
})

test('a gateway that was made before its Redis began answers once that is there, also after a restart of it', async () => {
  const port = await freePort()
  const place = mkdtempSync(join(folder, 'late-'))
  const gateway = createGateway({
    engine: comfyui({ urls: [] }),
    queue: redisQueue({ url: `redis://127.0.0.1:${port}`, files: folderFiles(folder) }),
    workflows: [],
    apiKey: CANARY,
  })
  const client = createClient({ baseUrl: gateway.url, apiKey: CANARY, fetch: gateway.fetch, maxRetries: 0 })
  let late: RunningRedis | undefined
  try {
    await Promise.all([
      rejects(executeWorkflow(client, 'x', {}), HttpError, { status: 429 }),
      rejects(getRuns(client), HttpError, { status: 503 }),
    ])
    for (let starts = 2; starts > 0; starts--) {
      late = await startRedis(port, place)
      await until(async () => (await getRuns(client).catch(() => undefined))?.data.runs.length === 0)
      await late.kill()
    }
  } finally {
    gateway.close()
    await late?.kill()
  }
})

test.after(async () => {
  await redis.kill()
  rmSync(folder, { recursive: true, force: true })
})
