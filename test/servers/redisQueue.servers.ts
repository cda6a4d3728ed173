// The queue in Redis, or Valkey: what any queue does, and a gateway that begins before its Redis.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, executeWorkflow, getRuns, HttpError } from '@flowscale/client'
import { comfyui, createGateway } from '@flowscale/gateway'
import { rejects, throws } from '#test'
import { folderFiles } from '../../packages/gateway/src/files/folderFiles.ts'
import { ofQueue } from '../../packages/gateway/src/queue/runQueue.ts'
import { redisQueue } from '../../packages/gateway/src/redis/redisQueue.ts'
import { redisStore } from '../../packages/gateway/src/redis/redisStore.ts'
import { CANARY } from '../support/canary.ts'
import { freePort } from '../support/listen.ts'
import { type RunningRedis, startRedis } from '../support/startRedis.ts'
import { until } from '../support/until.ts'
import { playRandomly } from '../unit/gateway/queue/randomSuite.ts'
import { suiteOfQueue } from '../unit/gateway/queue/suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'redis-'))
const port = await freePort()
const url = `redis://127.0.0.1:${port}`
const redis: RunningRedis = await startRedis(port, folder)
let places = 0

const test = suiteOfQueue('a queue in Redis', () => {
  const prefix = `place-${++places}`
  const files = folderFiles(join(folder, prefix))
  return { make: () => ofQueue(redisQueue({ url, files, prefix })), remove: () => {} }
})

test('whatever happens, it answers as in memory', async () => {
  for (const seed of [21, 22])
    await playRandomly(redisStore({ url, prefix: `random-${seed}`, place: async () => 'files' }), seed, 150)
})

test('a wrong option is a TypeError, which shows no password', () => {
  const good = { url, files: folderFiles(folder) }
  const wrong: object[] = [
    { url: undefined },
    { redis: () => {} },
    ...[
      '',
      `:${CANARY}@a`,
      `http://:${CANARY}@a`,
      `redis://:${CANARY}@a:b`,
      `redis://:${CANARY}%zz@a`,
      5,
    ].map((url) => ({ url })),
    ...[undefined, 'files', {}].map((files) => ({ files })),
    { prefix: '' },
    ...[0, 1.5, '30'].map((keepDays) => ({ keepDays })),
    { password: CANARY },
  ]
  for (const more of wrong) throws(() => redisQueue({ ...good, ...more }), TypeError)
})

test('a gateway that was made before its Redis began answers once that is there, also after a restart of it', async () => {
  const port = await freePort()
  const place = mkdtempSync(join(folder, 'late-'))
  const gateway = createGateway({
    engine: comfyui({ workers: true }),
    queue: redisQueue({ url: `redis://127.0.0.1:${port}`, files: folderFiles(folder) }),
    workflows: [],
    apiKey: CANARY,
    workerKey: 'a-key-of-workers',
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
    await gateway.close()
    await late?.kill()
  }
})

test.after(async () => {
  await redis.kill()
  rmSync(folder, { recursive: true, force: true })
})
