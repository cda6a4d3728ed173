// Two queues that are asked the same, at random: each answer is the same, and all marks follow from records.

import { assert } from '#test'
import { dayOf } from '../../../../packages/gateway/src/engine.ts'
import { createQueue } from '../../../../packages/gateway/src/queue/createQueue.ts'
import type { RunQueue } from '../../../../packages/gateway/src/queue/runQueue.ts'
import {
  type Entry,
  isEntry,
  isLive,
  marksOf,
  type QueuedRun,
} from '../../../../packages/gateway/src/queue/runs.ts'
import type { Store } from '../../../../packages/gateway/src/queue/store.ts'
import { createChooser } from '../../../../packages/gateway/src/queue/turns.ts'
import { createRandom } from '../../../support/random.ts'
import { makeMemory, memoryStore } from './memoryStore.ts'
import { NO_FILES } from './simulate.ts'
import { endOf, makeJob, query } from './suite.ts'

const DAY_MS = 86_400_000
/** Other marks follow from no run. */
const OF_RUNS = /^[acdhinostwx]\//

/** Plays so many steps on a queue in memory, and on one in this store, which is empty and not open. */
export async function playRandomly(store: Store, seed: number, steps: number): Promise<void> {
  const random = createRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const memory = makeMemory()
  const queues = [memoryStore(memory), store].map((one) =>
    createQueue({ store: one, files: NO_FILES, keepDays: 30 }),
  )
  const jobs: QueuedRun[] = []
  const { now } = Date
  let clock = now()
  let what = ''

  /** Gives the answer of both. */
  async function ask<T>(name: string, call: (queue: RunQueue) => Promise<T>): Promise<T> {
    what = `seed ${seed}: ${name}`
    const answers = await Promise.all(
      queues.map((queue) => call(queue).catch(({ status, message }) => ({ status, message }) as T)),
    )
    assert.equal(answers[1], answers[0], what)
    return answers[0]!
  }
  async function take(queue: RunQueue, needs: readonly string[], loaded: string) {
    const { turns, heads } = await queue.waiting()
    const fitting = heads.filter((head) => needs.includes(head.needs))
    const head = createChooser().choose(turns, fitting, { loaded }, 0)
    return head && (await queue.take(head, fitting, 's1'))
  }
  const add = () => {
    const job = makeJob({
      groupId: pick([null, 'a', 'b/1', 'b/2', "ü/:~' %"]),
      needs: pick(['n1', 'n2']),
      workflowId: pick(['w1', 'w2', 'a/b']),
      createdAt: clock - Math.floor(random() * 5_000),
    })
    const caller = {
      owner: pick([undefined, undefined, 'x', "o:/'~"]),
      priority: pick([0, 0, 0, 4, 9]),
      maxUnfinished: pick([undefined, undefined, 8]),
    }
    const once = random() < 0.3 ? { key: pick(['k1', 'k2', 'k3']), hash: pick(['h', 'h', 'g']) } : undefined
    jobs.push(job)
    const webhook = pick([undefined, undefined, 'https://a', 'https://b'])
    return ask('add', (queue) => queue.add(job, { plan: 1 }, { needs: 1 }, caller, once, webhook))
  }
  type Call = (entry: Entry) => Promise<unknown>
  const calls: Record<string, Call> = {
    add,
    'add more': add,
    take() {
      const [needs, loaded] = [pick([['n1'], ['n2', 'n1']]), pick(['', 'w1', 'w2'])]
      return ask('take', (queue) => take(queue, needs, loaded))
    },
    move({ job, server = 's1' }) {
      const to = pick(['s1', 's2'])
      return ask('move', (queue) => queue.move(job.id, server, to))
    },
    send({ job, server = 's1' }) {
      const session = pick(['one', 'one', 'two'])
      return ask('send', (queue) => queue.send(job.id, server, session))
    },
    giveBack: ({ job, server = 's1', sentAt }) =>
      ask('giveBack', (queue) => queue.giveBack(job.id, server, sentAt)),
    cancel: ({ job }) => ask('cancel', (queue) => queue.cancel(job.id)),
    end({ job, sentAt = null }) {
      const status = pick(['completed', 'completed', 'failed', 'cancelled'] as const)
      const end = endOf(job, { status, startedAt: sentAt, completedAt: clock })
      const gpuMs = sentAt === null ? undefined : pick([undefined, 100, 3_000.5, 50_000])
      return ask('end', (queue) => queue.end(end, gpuMs))
    },
    async deliver() {
      const due = await ask('due', ({ deliveries }) => deliveries.due(clock, 3))
      if (due.deliveries.length === 0) return
      const one = pick(due.deliveries)
      const claim = await ask('claim', ({ deliveries }) => deliveries.claim(one, clock))
      const next = pick([undefined, clock + 5_000])
      if (random() < 0.7)
        await ask('settle', ({ deliveries }) => deliveries.settle(claim!, { lastStatus: 500, next }))
    },
    resend: ({ job }) => ask('resend', ({ deliveries }) => deliveries.resend(job.id, clock)),
    nameOf() {
      const url = pick(['http://a', 'http://b', 'http://c'])
      return ask('nameOf', (queue) => queue.nameOf(url))
    },
    planOf: ({ job }) => ask('planOf', (queue) => queue.planOf(job)),
    needsOf: ({ job }) => ask('needsOf', (queue) => queue.needsOf(job.needs)),
    line() {
      const limit = pick([0, 1, 5])
      return ask('line', (queue) => queue.line(limit))
    },
    pause() {
      const [server, isPaused] = [pick(['s1', 's2']), random() < 0.3]
      return ask('pause', (queue) => queue.setPaused(server, isPaused))
    },
    usage() {
      const [from, to] = [dayOf(clock - pick([0, 2]) * DAY_MS), dayOf(clock)]
      const page = {
        from,
        to,
        owner: pick([undefined, 'x', "o:/'~"]),
        offset: pick([0, 1, 3]),
        limit: pick([2, 9]),
      }
      return ask(`usage ${JSON.stringify(page)}`, (queue) => queue.usage(page))
    },
    waiting: () => ask('waiting', (queue) => queue.waiting()),
    olderThan: () => ask('olderThan', (queue) => queue.olderThan(clock - 2_000)),
    list() {
      const asked = query({
        groupId: pick([null, 'a', 'b/1']),
        sortBy: pick(['created_at', 'started_at', 'completed_at'] as const),
        sortOrder: pick(['asc', 'desc'] as const),
        offset: pick([0, 3, 40]),
        limit: pick([2, 7, 100]),
      })
      return ask(`list ${JSON.stringify(asked)}`, (queue) => queue.list(asked))
    },
  }

  async function check(): Promise<void> {
    const records = [...memory.records].filter(([key]) => key.startsWith('run/'))
    const marks = records.flatMap(([, { text }]) => marksOf(JSON.parse(text)))
    const kept = memory.marks.filter((mark) => OF_RUNS.test(mark))
    assert.equal(new Set(kept), new Set(marks), `${what}: the marks`)
    const ends = records.flatMap(([, { text }]) => (isLive(JSON.parse(text)) ? [] : JSON.parse(text)))
    const all = { from: '2000-01-01', to: dayOf(clock), owner: undefined, offset: 0, limit: 1_000 }
    const { rows } = await ask('all usage', (queue) => queue.usage(all))
    for (const status of ['completed', 'failed', 'cancelled'] as const) {
      const counted = rows.reduce((sum, row) => sum + row[status], 0)
      assert.is(counted, ends.filter(({ end }) => end.status === status).length, `${what}: ${status}`)
    }
    const [{ first }, held] = await Promise.all([
      ask('the line', (queue) => queue.line(1_000)),
      ask('held', (queue) => queue.held()),
    ])
    // Each place is that in the line.
    const at = Math.floor(random() * first.length)
    if (first.length === 0) return
    const ahead = await ask('ahead', async (queue) => {
      const entry = await queue.get(first[at]![1])
      return [await queue.ahead(entry as Entry), entry]
    })
    assert.is(ahead[0], held.length + at, `${what}: the place`)
  }

  Date.now = () => clock
  try {
    for (const queue of queues) await queue.open(() => {})
    await add()
    for (let step = 0; step < steps; step++) {
      clock += Math.floor(random() * (random() < 0.02 ? 2 * DAY_MS : 1_000))
      const job = pick(jobs)
      const found = await ask('get', (queue) => queue.get(job.id))
      await pick(Object.values(calls))(found && isEntry(found) ? found : { job, number: 0, tag: 0, cost: 0 })
      for (const queue of queues) await queue.settled()
      await check()
    }
  } finally {
    Date.now = now
    for (const queue of queues) await queue.close()
  }
}
