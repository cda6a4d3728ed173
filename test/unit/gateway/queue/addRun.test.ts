// Submissions that are sent again, limits and counts. Imports the rules: over HTTP they need a whole gateway.
import { assert, rejects, suite } from '#test'
import { type Caller, EngineError } from '../../../../packages/gateway/src/engine.ts'
import { createQueue } from '../../../../packages/gateway/src/queue/createQueue.ts'
import type { RunQueue } from '../../../../packages/gateway/src/queue/runQueue.ts'
import type { QueuedRun } from '../../../../packages/gateway/src/queue/runs.ts'
import { Unsure } from '../../../../packages/gateway/src/queue/store.ts'
import { makeMemory, memoryStore } from './memoryStore.ts'
import { NO_FILES } from './simulate.ts'
import { endOf, GPU, makeJob, take } from './suite.ts'

const test = suite('runs that are added')

const open = async (memory = makeMemory(), onCommit?: () => void) => {
  const queue = createQueue({ store: memoryStore(memory, onCommit), files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  return queue
}
const add = async (queue: RunQueue, caller: Caller, key?: string, hash = 'h', job = makeJob()) =>
  (await queue.add(job, {}, {}, caller, key === undefined ? undefined : { key, hash })).id
const countOf = async (queue: RunQueue): Promise<number> => (await queue.line(0)).count

test('a submission with a key adds a run once', async () => {
  const queue = await open()
  const x = { owner: 'x' }
  const first = await add(queue, x, 'k')
  assert.is(await add(queue, x, 'k'), first)
  await rejects(add(queue, x, 'k', 'other'), EngineError, { status: 422 })
  // Keys of others are others'.
  const ids = new Set([
    first,
    await add(queue, { owner: 'y' }, 'k'),
    await add(queue, {}, 'k'),
    await add(queue, x, 'l'),
  ])
  assert.equal([ids.size, await countOf(queue)], [4, 4])
  const atOnce = await Promise.all(Array.from({ length: 20 }, () => add(queue, x, 'm')))
  assert.equal([new Set(atOnce).size, await countOf(queue)], [1, 5])
  // A known key is answered before any limit, also when its run has ended.
  await rejects(add(queue, { ...x, maxUnfinished: 3 }, 'n'), EngineError, { status: 429 })
  assert.is(await add(queue, { ...x, maxUnfinished: 3 }, 'k'), first)
  await queue.end(endOf(makeJob({ id: first })))
  assert.is(await add(queue, x, 'k'), first)
})

test('an owner has at most so many runs that have not ended, also of adds at one moment', async () => {
  const memory = makeMemory()
  const queues = [await open(memory), await open(memory)]
  const caller = { owner: 'x', maxUnfinished: 5 }
  const jobs = Array.from({ length: 12 }, () => makeJob())
  const adds = jobs.map((job, at) => add(queues[at % 2]!, caller, undefined, undefined, job))
  const done = (await Promise.allSettled(adds)).map(({ status }) => status)
  assert.is(done.filter((status) => status === 'fulfilled').length, 5)
  await add(queues[0]!, { owner: 'y', maxUnfinished: 5 })
  await queues[0]!.end(endOf(jobs[done.indexOf('fulfilled')]!, { status: 'cancelled' }))
  await add(queues[0]!, caller)
  await rejects(add(queues[1]!, caller), EngineError, { status: 429, retryAfterS: 5 })
  const one = { owner: 'z', maxUnfinished: 1 }
  await add(queues[0]!, one)
  const { message } = await rejects(add(queues[0]!, one), EngineError, { status: 429 })
  assert.is(message, 'The key has a run that has not ended, and may have no more')
})

test('of two submissions with one key at the limit, none is refused', async () => {
  const memory = makeMemory()
  const store = memoryStore(memory)
  const { range } = store
  let between: (() => Promise<unknown>) | undefined
  // The other one comes after the key was read, and before the runs are counted.
  store.range = async (of, page) => {
    const work = of.from.startsWith('n/') ? between : undefined
    if (work) between = undefined
    await work?.()
    return await range(of, page)
  }
  const queue = createQueue({ store, files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  const other = await open(memory)
  for (const owner of ['x', 'y', 'z']) {
    const caller = { owner, maxUnfinished: 1 }
    let first = ''
    between = async () => (first = await add(other, caller, 'k'))
    if (owner === 'x') assert.is(await add(queue, caller, 'k'), first)
    if (owner === 'y') await rejects(add(queue, caller, 'k', 'other'), EngineError, { status: 422 })
    if (owner === 'z') await rejects(add(queue, caller, 'l'), EngineError, { status: 429 })
    assert.not.equal(first, '')
  }
  assert.is(await countOf(queue), 3)
})

test('an add whose answer is lost adds one run', async () => {
  const memory = makeMemory()
  let isLost = false
  let isAway = false
  const store = memoryStore(memory)
  const { commit, read } = store
  store.commit = async (batch) => {
    const answer = await commit(batch)
    if (!isLost && batch.isGrowth) {
      isLost = isAway = true
      throw new Unsure(503, 'lost')
    }
    return answer
  }
  // Before it knows whether the run was added, the store may be away for a while.
  store.read = async (keys) => {
    if (!isAway) return await read(keys)
    isAway = false
    throw new EngineError(503, 'away')
  }
  const queue = createQueue({ store, files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  const job = makeJob()
  assert.is(await add(queue, { owner: 'x', maxUnfinished: 1 }, 'k', 'h', job), job.id)
  assert.equal([isLost, await countOf(queue)], [true, 1])
})

test('each end is counted once, by day, owner and workflow', async () => {
  const memory = makeMemory()
  const queue = await open(memory)
  const queues = [queue, await open(memory)]
  const jobs: QueuedRun[] = []
  for (const [owner, workflowId] of [
    ['x', 'w'],
    ['x', 'w'],
    ['x', 'v'],
    [undefined, 'w'],
    ['a/b', 'w:1'],
  ] as const) {
    const job = makeJob({ workflowId })
    jobs.push(job)
    await queue.add(job, {}, {}, { owner })
    await take(queue, GPU, 's')
  }
  const statuses = ['completed', 'failed', 'completed', 'cancelled', 'completed'] as const
  // At one moment in two gateways, and again.
  const ends = jobs.map((job, at) =>
    queues[at % 2]!.end(endOf(job, { status: statuses[at]! }), 100.4 * (at + 1)),
  )
  await Promise.all(ends)
  await Promise.all(jobs.map((job) => queue.end(endOf(job), 5_000)))
  const day = new Date().toISOString().slice(0, 10)
  const usage = [...memory.records].filter(([key]) => key.startsWith('usage/'))
  assert.equal(Object.fromEntries(usage.map(([key, { text }]) => [key.slice(6), JSON.parse(text)])), {
    [`${day}/x/w`]: { completed: 1, failed: 1, gpuMs: 301 },
    [`${day}/x/v`]: { completed: 1, gpuMs: 301 },
    [`${day}//w`]: { cancelled: 1, gpuMs: 402 },
    [`${day}/a%2Fb/w%3A1`]: { completed: 1, gpuMs: 502 },
  })
})
