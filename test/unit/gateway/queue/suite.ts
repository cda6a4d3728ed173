// What any queue of the gateway has to do, whatever keeps it.
import { assert, suite } from '#test'
import type { RunsQuery, UsageQuery } from '../../../../packages/gateway/src/engine.ts'
import type { RunQueue } from '../../../../packages/gateway/src/queue/runQueue.ts'
import type { QueuedRun } from '../../../../packages/gateway/src/queue/runs.ts'
import { type Entry, isEntry } from '../../../../packages/gateway/src/queue/runs.ts'
import { createChooser } from '../../../../packages/gateway/src/queue/turns.ts'
import type { EndedRun } from '../../../../packages/gateway/src/records/recordStore.ts'
import { until } from '../../../support/until.ts'

/** Where a queue is kept. */
export interface Place {
  make(): RunQueue
  remove(): void | Promise<void>
}

export interface Site {
  queue: RunQueue
  /** The queue after its process ended, and another one began. */
  reopen(): Promise<RunQueue>
}

export const GPU: ReadonlySet<string> = new Set(['gpu'])
let clock = 1_000
export const makeJob = (more: Partial<QueuedRun> & Record<string, unknown> = {}): QueuedRun => ({
  id: crypto.randomUUID(),
  groupId: null,
  createdAt: ++clock,
  plan: 'plan',
  needs: 'gpu',
  workflowId: 'w',
  ...more,
})
export const endOf = ({ id, groupId, createdAt }: QueuedRun, more: Partial<EndedRun> = {}): EndedRun => ({
  run: { id, groupId, createdAt },
  status: 'completed',
  startedAt: null,
  completedAt: ++clock,
  ...more,
})
export async function addAll(
  queue: RunQueue,
  count: number,
  more: Partial<QueuedRun> = {},
): Promise<QueuedRun[]> {
  const jobs = Array.from({ length: count }, () => makeJob(more))
  for (const job of jobs) await queue.add(job, { a: job.plan }, { a: job.needs })
  return jobs
}
/** What a server with nothing loaded takes. */
export async function take(
  queue: RunQueue,
  needs: ReadonlySet<string>,
  server: string,
): Promise<Entry | undefined> {
  const { turns, heads } = await queue.waiting()
  const fitting = heads.filter((head) => needs.has(head.needs))
  const head = createChooser().choose(turns, fitting, { loaded: undefined }, 0)
  return head && (await queue.take(head, fitting, server))
}
/** The id of the run that it would take. */
export async function next(queue: RunQueue, needs: ReadonlySet<string>): Promise<string | undefined> {
  const { turns, heads } = await queue.waiting()
  const fitting = heads.filter((head) => needs.has(head.needs))
  return createChooser().choose(turns, fitting, { loaded: undefined }, 0)?.id
}
/** The runs that have not ended: those of servers, then those that wait, in the order of their turn. */
export async function order(
  queue: RunQueue,
): Promise<{ number: number; id: string; server?: string | undefined }[]> {
  const [held, { first }] = await Promise.all([queue.held(), queue.line(1_000)])
  return [
    ...held.map(({ number, job, server }) => ({ number, id: job.id, server })),
    ...first.map(([number, id]) => ({ number, id })),
  ]
}
type Several = [QueuedRun, QueuedRun, QueuedRun, QueuedRun, QueuedRun]
export const bytes = (text: string): ReadableStream<Uint8Array> =>
  new Blob([text]).stream() as ReadableStream<Uint8Array>
export const query = (more: Partial<RunsQuery> = {}): RunsQuery => ({
  groupId: null,
  sortBy: 'created_at',
  sortOrder: 'asc',
  offset: 0,
  limit: 100,
  ...more,
})
/** What is known of a run, short. */
export async function stateOf(queue: RunQueue, { id }: QueuedRun): Promise<string> {
  const found = await queue.get(id)
  if (!found) return 'none'
  if (!isEntry(found)) return found.status
  const { server = 'waits', sentAt, isCancelled } = found
  return [server, sentAt && 'sent', isCancelled && 'cancelled'].filter(Boolean).join(' ')
}

export function suiteOfQueue(name: string, makePlace: () => Place) {
  const test = suite(name)
  const withQueue = (title: string, use: (site: Site) => Promise<void>): void =>
    test(title, async () => {
      const place = makePlace()
      const site: Site = {
        queue: place.make(),
        async reopen() {
          await site.queue.close()
          site.queue = place.make()
          await site.queue.open(() => {})
          return site.queue
        },
      }
      try {
        await site.queue.open(() => {})
        await use(site)
      } finally {
        await site.queue.close()
        await place.remove()
      }
    })

  withQueue('all that was answered is there after a new start', async (site) => {
    const { queue } = site
    const jobs = await addAll(queue, 6)
    const [sent, , cancelled, back, ended] = jobs as Several
    await queue.add(makeJob({ plan: 'p2', needs: 'n2' }), { b: 1 }, { b: 2 })
    const secrets = await Promise.all([queue.secret(), queue.secret()])
    const names = [await queue.nameOf('http://a'), await queue.nameOf('http://b')]
    for (let i = 0; i < 5; i++) await take(queue, GPU, 's')
    assert.ok(await queue.send(sent.id, 's', 'one'))
    await queue.giveBack(back.id, 's', await queue.send(back.id, 's', 'one'))
    await queue.cancel(cancelled.id)
    const end = endOf(ended, { status: 'failed', startedAt: 5 })
    assert.equal(await queue.end(end), end)
    const later = await site.reopen()
    const states = await Promise.all(jobs.map((job) => stateOf(later, job)))
    assert.equal(states, ['s sent', 's', 's cancelled', 'waits', 'failed', 'waits'])
    assert.equal(await later.get(ended.id), end)
    assert.equal([await later.nameOf('http://b'), await later.nameOf('http://a')], names.reverse())
    assert.is(await later.nameOf('http://c'), 'comfyui-3')
    assert.is(new Set([...secrets, await later.secret()]).size, 1)
    assert.match(secrets[0], /^[\da-f-]{36}$/)
    assert.equal(await later.planOf(sent), { a: 'plan' })
    const needs = (await later.waiting()).heads.map((head) => head.needs).sort()
    assert.equal(needs, ['gpu', 'n2'])
    assert.equal(await Promise.all(needs.map(later.needsOf)), [{ a: 'gpu' }, { b: 2 }])
    const last = makeJob()
    assert.equal(await later.add(last, {}, {}), { id: last.id, number: 8 })
    assert.is(await later.ahead((await later.get(last.id)) as Entry), 6)
    assert.equal(
      (await order(later)).map(({ number }) => number),
      [1, 2, 3, 4, 6, 7, 8],
    )
  })

  withQueue('the rules of each step', async ({ queue }) => {
    const [job, other] = (await addAll(queue, 2)) as Several
    const { id } = job
    const id2 = other.id
    const none = crypto.randomUUID()
    let mark: number | undefined
    type Step = [what: string, () => Promise<unknown>, answer: unknown, state: string]
    const steps: Step[] = [
      ['a run that waits is nobody’s to send', () => queue.send(id, 's', 'one'), undefined, 'waits'],
      ['nor to move', () => queue.move(id, 's', 't'), false, 'waits'],
      ['nor to give back', () => queue.giveBack(id, 's', undefined), undefined, 'waits'],
      ['take gives those with such needs', () => take(queue, new Set(['other']), 's'), undefined, 'waits'],
      ['and only those', async () => (await take(queue, new Set(['other', 'gpu']), 's'))!.job.id, id, 's'],
      ['a run of another server is not sent', () => queue.send(id, 't', 'one'), undefined, 's'],
      ['nor moved', () => queue.move(id, 't', 'u'), false, 's'],
      ['nor given back', () => queue.giveBack(id, 't', undefined), undefined, 's'],
      ['before it is sent it can move', () => queue.move(id, 's', 't'), true, 't'],
      ['and wait again', () => queue.giveBack(id, 't', undefined), undefined, 'waits'],
      ['at its place', () => next(queue, GPU), id, 'waits'],
      ['and be taken', async () => (await take(queue, GPU, 't'))!.job.id, id, 't'],
      [
        'it is sent',
        async () => {
          mark = await queue.send(id, 't', 'one')
          return typeof mark
        },
        'number',
        't sent',
      ],
      ['asked again, the same', async () => (await queue.send(id, 't', 'one')) === mark, true, 't sent'],
      ['another session may not send it, too', () => queue.send(id, 't', 'two'), undefined, 't sent'],
      ['nor given back as what was not', () => queue.giveBack(id, 't', undefined), undefined, 't sent'],
      ['nor with another mark', () => queue.giveBack(id, 't', mark! - 1), undefined, 't sent'],
      ['and never moves', () => queue.move(id, 't', 's'), false, 't sent'],
      ['a cancel is noted', async () => (await queue.cancel(id))!.job.id, id, 't sent cancelled'],
      ['twice is the same', async () => (await queue.cancel(id))!.job.id, id, 't sent cancelled'],
      ['it ends', async () => (await queue.end(endOf(job))).status, 'completed', 'completed'],
      [
        'the first end counts',
        async () => (await queue.end(endOf(job, { status: 'failed' }))).status,
        'completed',
        'completed',
      ],
      ['what has ended is not sent', () => queue.send(id, 't', 'one'), undefined, 'completed'],
      ['nor given back', () => queue.giveBack(id, 't', mark), undefined, 'completed'],
      ['nor moved', () => queue.move(id, 't', 's'), false, 'completed'],
      ['nor cancelled', () => queue.cancel(id), undefined, 'completed'],
      [
        'what is cancelled before is not sent',
        async () => [
          (await take(queue, GPU, 's'))!.job.id,
          (await queue.cancel(id2)) && (await queue.send(id2, 's', 'one')),
        ],
        [id2, undefined],
        'completed',
      ],
      [
        'an unknown run',
        async () => [
          await queue.send(none, 's', 'one'),
          await queue.move(none, 's', 't'),
          await queue.giveBack(none, 's', undefined),
          await queue.cancel(none),
          await queue.get(none),
        ],
        [undefined, false, undefined, undefined, undefined],
        'completed',
      ],
      [
        'a run that waits can end, and is taken no more',
        async () => [
          await queue.giveBack(id2, 's', undefined),
          (await queue.end(endOf(other, { status: 'cancelled' }))).status,
          await next(queue, GPU),
          (await order(queue)).length,
        ],
        [undefined, 'cancelled', undefined, 0],
        'completed',
      ],
    ]
    for (const [what, step, answer, state] of steps) {
      assert.equal(await step(), answer, what)
      assert.is(await stateOf(queue, job), state, what)
    }
  })

  withQueue('of calls at the same time the first counts', async (site) => {
    const { queue } = site
    const jobs = await addAll(queue, 5)
    const [twice, before, after, back, ended] = jobs as Several
    const { heads } = await queue.waiting()
    const takes = await Promise.all(['s', 't'].map((server) => queue.take(heads[0]!, heads, server)))
    const taken = takes.flatMap((entry) => entry ?? [])
    assert.is(taken.length, 1)
    await queue.move(twice.id, taken[0]!.server!, 's')
    for (const _ of jobs.slice(1)) await take(queue, GPU, 's')
    const sends = ['s', 't', 's'].map((server) => queue.send(twice.id, server, 'one'))
    assert.equal(
      (await Promise.all(sends)).map((mark) => typeof mark),
      ['number', 'undefined', 'number'],
    )
    const cancelFirst = await Promise.all([queue.cancel(before.id), queue.send(before.id, 's', 'one')])
    assert.is(cancelFirst[1], undefined)
    const sendFirst = await Promise.all([
      queue.send(after.id, 's', 'one'),
      queue.cancel(after.id),
      queue.move(after.id, 's', 't'),
    ])
    assert.equal([typeof sendFirst[0], sendFirst[2]], ['number', false])
    const mark = await queue.send(back.id, 's', 'one')
    await Promise.all([queue.giveBack(back.id, 's', mark), queue.giveBack(back.id, 's', mark)])
    assert.equal(
      (await order(queue)).filter(({ server }) => !server).map(({ id }) => id),
      [back.id],
    )
    // The end comes first: nobody may send what has ended.
    const ends = [queue.end(endOf(ended, { status: 'cancelled' })), queue.end(endOf(ended))]
    for (const { status } of await Promise.all(ends)) assert.is(status, 'cancelled')
    const names = await Promise.all(['http://a', 'http://b', 'http://a'].map((url) => queue.nameOf(url)))
    assert.equal([names[0], new Set(names).size], [names[2], 2])
    const all = () => Promise.all(jobs.map((job) => stateOf(site.queue, job)))
    assert.equal(await all(), ['s sent', 's cancelled', 's sent cancelled', 'waits', 'cancelled'])
    await site.reopen()
    assert.equal(await all(), ['s sent', 's cancelled', 's sent cancelled', 'waits', 'cancelled'])
    assert.is((await take(site.queue, GPU, 's'))!.job.id, back.id)
  })

  withQueue('workflows that first end at one moment are all known from then on', async ({ queue }) => {
    const ids = ['a', 'b', 'c']
    const first = ids.map((workflowId) => makeJob({ workflowId }))
    for (const job of first) await queue.add(job, {}, {})
    for (const _ of first) await take(queue, GPU, 's')
    await Promise.all(first.map((job) => queue.end(endOf(job), 100)))
    for (const workflowId of ids) await addAll(queue, 1, { workflowId })
    const { heads } = await queue.waiting()
    assert.equal(
      heads.map(({ cost }) => cost),
      [100, 100, 100],
    )
  })

  withQueue(
    'a second message that gives a run back changes nothing for whoever has it by then',
    async ({ queue }) => {
      const [job] = await addAll(queue, 1)
      await take(queue, GPU, 's')
      const { now } = Date
      const at = now()
      // Both sends come at the same moment.
      Date.now = () => at
      const mark = await queue.send(job!.id, 's', 'one')
      const first = queue.giveBack(job!.id, 's', mark)
      // Its write has begun, so that the second has a write of its own.
      await new Promise((resolve) => setImmediate(resolve))
      const second = queue.giveBack(job!.id, 's', mark)
      await first
      await take(queue, GPU, 't')
      const [again] = await Promise.all([queue.send(job!.id, 't', 'one'), second]).finally(
        () => (Date.now = now),
      )
      assert.ok(again! > mark!)
      assert.equal([await stateOf(queue, job!), await next(queue, GPU)], ['t sent', undefined])
    },
  )

  withQueue('lists have pages, groups and orders', async (site) => {
    const a = await addAll(site.queue, 4, { groupId: 'a' })
    const b = await addAll(site.queue, 3, { groupId: 'b' })
    const none = await addAll(site.queue, 1)
    const all = [...a, ...b, ...none]
    for (const _ of all) await take(site.queue, GPU, 's')
    await site.queue.send(b[1]!.id, 's', 'one')
    await site.queue.end(endOf(a[0]!, { startedAt: 30, completedAt: 90 }))
    await site.queue.end(endOf(a[1]!, { startedAt: 20, completedAt: 95 }))
    await site.queue.end(endOf(a[3]!, { startedAt: null, completedAt: 80 }))
    const indices = async (more: Partial<RunsQuery>) => {
      const { runs, total } = await site.queue.list(query(more))
      return [
        runs.map((run) => all.findIndex(({ id }) => id === (isEntry(run) ? run.job : run.run).id)).join(''),
        total,
      ]
    }
    const cases: [Partial<RunsQuery>, string, number][] = [
      [{}, '01234567', 8],
      [{ sortOrder: 'desc' }, '76543210', 8],
      [{ groupId: 'a' }, '0123', 4],
      [{ groupId: 'c' }, '', 0],
      [{ offset: 2, limit: 3 }, '234', 8],
      [{ offset: 2, limit: 3, sortOrder: 'desc' }, '543', 8],
      [{ groupId: 'b', offset: 2, limit: 3, sortOrder: 'desc' }, '4', 3],
      [{ offset: 9, limit: 3, sortOrder: 'desc' }, '', 8],
      [{ limit: 0 }, '', 8],
      // What has no such time comes last.
      [{ sortBy: 'started_at', limit: 3 }, '105', 8],
      [{ sortBy: 'started_at', limit: 3, sortOrder: 'desc' }, '501', 8],
      [{ sortBy: 'completed_at', groupId: 'a' }, '3012', 4],
      [{ sortBy: 'completed_at', groupId: 'a', sortOrder: 'desc', offset: 1, limit: 2 }, '03', 4],
    ]
    for (const _ of ['now', 'after a new start']) {
      for (const [more, runs, total] of cases)
        assert.equal(await indices(more), [runs, total], JSON.stringify(more))
      await site.reopen()
    }
  })

  withQueue('a server that is paused takes no run, also after a new start', async (site) => {
    const [ahead, other] = (await addAll(site.queue, 2)) as [QueuedRun, QueuedRun]
    const names = async () => [await site.queue.paused(), (await site.queue.waiting()).paused]
    assert.equal((await take(site.queue, GPU, 's'))?.server, 's')
    for (const _ of ['once', 'twice']) await site.queue.setPaused('t', true)
    await site.queue.setPaused('u', true)
    for (const _ of ['now', 'after a new start']) {
      assert.equal(await names(), [
        ['t', 'u'],
        ['t', 'u'],
      ])
      assert.is(await take(site.queue, GPU, 't'), undefined)
      assert.not(await site.queue.move(ahead.id, 's', 't'))
      await site.reopen()
    }
    await site.queue.setPaused('t', false)
    assert.equal(await names(), [['u'], ['u']])
    assert.ok(await site.queue.move(ahead.id, 's', 't'))
    assert.is((await take(site.queue, GPU, 't'))?.job.id, other.id)
    const { heads } = await site.queue.waiting()
    assert.equal(heads, [])
  })

  withQueue('once a pause is answered, the server has all runs that it will have', async ({ queue }) => {
    await addAll(queue, 1)
    for (let turns = 0; turns < 20; turns++) {
      const { heads } = await queue.waiting()
      const taking = queue.take(heads[0]!, heads, 's')
      for (let at = 0; at < turns; at++) await Promise.resolve()
      await queue.setPaused('s', true)
      const held = (await queue.held()).length
      const taken = await taking
      assert.is((await queue.held()).length, held)
      if (taken) await queue.giveBack(taken.job.id, 's', undefined)
      await queue.setPaused('s', false)
    }
  })

  withQueue('usage has pages by day, owner and workflow', async ({ queue }) => {
    const { now } = Date
    const ends: [day: string, owner: string | undefined, workflowId: string, gpuMs: number][] = [
      ['2026-02-28', 'a/b', 'w', 10],
      ['2026-03-01', undefined, 'w', 20],
      ['2026-03-01', 'a/b', 'v:1', 30],
      ['2026-03-01', 'a/b', 'w', 40],
      ['2026-03-01', 'a', 'w', 50],
      ['2026-03-02', 'a', 'w', 60],
    ]
    try {
      for (const [day, owner, workflowId, gpuMs] of ends) {
        Date.now = () => Date.parse(`${day}T23:59:59.999Z`)
        const job = makeJob({ workflowId })
        await queue.add(job, {}, {}, { owner })
        // The second end counts nothing.
        for (const _ of ['once', 'twice']) await queue.end(endOf(job), gpuMs)
      }
    } finally {
      Date.now = now
    }
    const all: UsageQuery = { from: '2026-02-28', to: '2026-03-02', offset: 0, limit: 100 }
    const cases: [more: Partial<UsageQuery>, gpuMs: number[], total: number][] = [
      [{}, [10, 20, 30, 40, 50, 60], 6],
      [{ from: '2026-03-01', to: '2026-03-01' }, [20, 30, 40, 50], 4],
      [{ from: '2026-03-02', to: '2026-03-09' }, [60], 1],
      [{ offset: 1, limit: 3 }, [20, 30, 40], 6],
      [{ owner: 'a/b' }, [10, 30, 40], 3],
      [{ owner: 'a/b', offset: 1, limit: 1 }, [30], 3],
      [{ owner: 'a' }, [50, 60], 2],
      [{ owner: 'a', offset: 2 }, [], 2],
      [{ owner: '' }, [20], 1],
      [{ owner: 'b' }, [], 0],
    ]
    for (const [more, gpuMs, total] of cases) {
      const page = await queue.usage({ ...all, ...more })
      assert.equal([page.rows.map((row) => row.gpuMs), page.total], [gpuMs, total], JSON.stringify(more))
    }
    const { rows } = await queue.usage({ ...all, offset: 2, limit: 1 })
    const row = { day: '2026-03-01', owner: 'a/b', workflowId: 'v:1' }
    assert.equal(rows, [{ ...row, completed: 1, failed: 0, cancelled: 0, gpuMs: 30 }])
  })

  withQueue('files are there after a new start, and inputs go with the end of their run', async (site) => {
    const [job, other] = (await addAll(site.queue, 2)) as [QueuedRun, QueuedRun]
    for (const { id } of [job, other])
      for (const kind of ['in', 'out'] as const) await site.queue.files.put(kind, id, 'a', bytes(kind))
    const read = async (kind: 'in' | 'out', { id }: QueuedRun) =>
      await (await site.queue.files.open(kind, id, 'a', new Headers()))?.text()
    await site.reopen()
    assert.is(await read('in', job), 'in')
    await site.queue.end(endOf(job))
    // It may go while it is read.
    await until(
      () => read('in', job).catch(() => 'goes'),
      (text) => text === undefined,
    )
    assert.equal([await read('in', other), await read('out', job)], ['in', 'out'])
  })
  return test
}
