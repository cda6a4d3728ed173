// What goes when it is old. Imports the rules: days pass on a clock of their own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, suite } from '#test'
import type { FileStore } from '../../../../packages/gateway/src/files/fileStore.ts'
import { takeOver } from '../../../../packages/gateway/src/node/takeOver.ts'
import { createClean } from '../../../../packages/gateway/src/queue/clean.ts'
import { createQueue } from '../../../../packages/gateway/src/queue/createQueue.ts'
import type { Entry } from '../../../../packages/gateway/src/queue/runs.ts'
import { type QueuedRun, runKey } from '../../../../packages/gateway/src/queue/runs.ts'
import { until } from '../../../support/until.ts'
import { makeMemory, memoryStore } from './memoryStore.ts'
import { NO_FILES } from './simulate.ts'
import { endOf, GPU, makeJob, order, query, take } from './suite.ts'

const test = suite('what is old')
const DAY_MS = 86_400_000
const HOUR_MS = DAY_MS / 24

/** A queue on a clock that stands. */
async function withClock(use: (site: Awaited<ReturnType<typeof open>>) => Promise<void>): Promise<void> {
  const { now } = Date
  const clock = { now: now() }
  Date.now = () => clock.now
  await open(clock)
    .then(use)
    .finally(() => (Date.now = now))
}
async function open(clock: { now: number }) {
  const memory = makeMemory()
  const store = memoryStore(memory)
  const swept: string[] = []
  const files: FileStore = {
    ...NO_FILES,
    async sweep(keeps) {
      swept.length = 0
      for (const id of ids)
        for (const kind of ['in', 'out'] as const)
          if (!(await keeps(kind, id))) swept.push(`${kind} ${ids.indexOf(id)}`)
    },
  }
  const ids: string[] = []
  ids.push('of no run')
  const queue = createQueue({ store, files, keepDays: 30 })
  await queue.open(() => {})
  // It cleans as it begins.
  await until(() => swept.length === 2)
  ids.pop()
  const clean = createClean(store, files, 30)
  await clean.open('')
  const add = async (more: Partial<QueuedRun> = {}, key?: string): Promise<QueuedRun> => {
    const job = makeJob({ createdAt: clock.now, ...more })
    ids.push(job.id)
    await queue.add(
      job,
      { of: job.plan },
      { of: job.needs },
      { owner: 'x' },
      key === undefined ? undefined : { key, hash: 'h' },
    )
    return job
  }
  const has = (prefix: string) =>
    [...memory.records.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
      .sort()
  const finish = (job: QueuedRun) => queue.end(endOf(job, { completedAt: clock.now }))
  return { clock, memory, store, queue, clean, swept, add, has, finish }
}

test('a run goes after its days, with all that is known of it', () =>
  withClock(async ({ clock, memory, queue, clean, swept, add, has, finish }) => {
    const old = await add({ plan: 'p1', groupId: 'a/1' }, 'k')
    await finish(old)
    clock.now += 20 * DAY_MS
    const job = await add({ plan: 'p2', groupId: 'b' }, 'l')
    await finish(job)
    clock.now += 9 * DAY_MS
    await clean.run()
    assert.equal(
      [has('run/').length, has('once/').length, has('plan/'), swept],
      [2, 2, ['p1', 'p2'], ['in 0', 'in 1']],
    )
    clock.now += 2 * DAY_MS
    await clean.run()
    assert.equal(
      [has('run/'), has('once/'), has('plan/'), has('caller/')],
      [[job.id], ['x:l'], ['p2'], ['x:b']],
    )
    assert.equal(
      [memory.marks.filter((mark) => mark.includes(old.id)), swept],
      [[], ['in 0', 'out 0', 'in 1']],
    )
    assert.is((await queue.list(query())).total, 1)
    // A key may be used again by then.
    assert.is(
      (await queue.add(makeJob({ id: 'new' }), {}, {}, { owner: 'x' }, { key: 'k', hash: 'other' })).id,
      'new',
    )
    clock.now += 500 * DAY_MS
    await clean.run()
    assert.equal([has('usage/'), memory.marks.filter((mark) => mark.startsWith('u/'))], [[], []])
  }))

test('what an earlier version left goes, too', () =>
  withClock(async ({ clock, store, clean, has, finish }) => {
    const folder = await mkdtemp(join(tmpdir(), 'flowscale-clean-'))
    const jobs = [makeJob({ groupId: 'a', createdAt: clock.now }), makeJob({ createdAt: clock.now })]
    await writeFile(
      join(folder, 'queue.jsonl'),
      jobs.map((job) => JSON.stringify(['add', 1, job])).join('\n'),
    )
    await takeOver(store, folder)
    await rm(folder, { recursive: true })
    assert.equal([has('plan/'), has('needs/'), has('caller/')], [['plan'], ['gpu'], [':', ':a']])
    for (const job of jobs) await finish(job)
    clock.now += 31 * DAY_MS
    await clean.run()
    assert.equal(
      [has('run/'), has('plan/'), has('needs/'), has('caller/'), has('seen/')],
      [[], [], [], [], []],
    )
  }))

test('a run that waits keeps what it needs', () =>
  withClock(async ({ clock, queue, clean, swept, add, has, finish }) => {
    const waits = await add({ plan: 'p1', needs: 'n1' })
    clock.now += 40 * DAY_MS
    await add({ plan: 'p2', needs: 'gpu' })
    await clean.run()
    assert.equal(
      [await queue.planOf(waits), has('plan/'), has('needs/'), has('caller/'), swept],
      [{ of: 'p1' }, ['p1', 'p2'], ['gpu', 'n1'], ['x:'], []],
    )
    await finish(waits)
    clock.now += HOUR_MS
    await clean.run()
    // Its caller has been here since.
    assert.equal(
      [has('plan/'), has('needs/'), has('caller/'), has('run/').length],
      [['p2'], ['gpu'], ['x:'], 2],
    )
  }))

test('a record without its run, or one that can’t be read, keeps no other', () =>
  withClock(async ({ clock, memory, queue, clean, add, has, finish }) => {
    const [gone, damaged, other] = [await add(), await add(), await add()]
    for (const job of [gone, damaged, other]) await finish(job)
    memory.records.delete(runKey(gone.id))
    memory.records.set(runKey(damaged.id), { text: '{', version: 'x' })
    assert.equal((await queue.list(query())).runs, [await queue.get(other.id)])
    clock.now += 31 * DAY_MS
    await clean.run()
    assert.equal([has('run/'), memory.marks.filter((mark) => mark.startsWith('o/'))], [[damaged.id], []])
  }))

test('a clock that was ahead harms nothing', () =>
  withClock(async ({ clock, queue, clean, add, has, finish }) => {
    const [ended, waits] = [await add({ plan: 'p1' }), await add({ plan: 'p1', needs: 'other' })]
    await finish(ended)
    clock.now += 23 * HOUR_MS
    const late = await add({ plan: 'p1' })
    await take(queue, GPU, 's')
    const mark = (await queue.send(late.id, 's', 'one'))!
    await queue.giveBack(late.id, 's', mark)
    await clean.run()
    clock.now -= 23 * HOUR_MS
    await take(queue, GPU, 's')
    // No mark comes twice.
    assert.ok((await queue.send(late.id, 's', 'one'))! > mark)
    const early = await add({ plan: 'p1' })
    await clean.run()
    assert.equal(
      (await order(queue)).map(({ id }) => id),
      [late.id, waits.id, early.id],
    )
    assert.equal([await queue.olderThan(clock.now - HOUR_MS), has('plan/')], [[], ['p1']])
    await finish(late)
    clock.now += 29 * DAY_MS
    await clean.run()
    assert.equal(
      [has('plan/'), has('run/').length, await queue.ahead((await queue.get(waits.id)) as Entry)],
      [['p1'], 4, 0],
    )
  }))
