// Whose turn it is. Imports the rules themselves, which public names show only through whole gateways.
import { assert, suite } from '#test'
import { createQueue } from '../../../../packages/gateway/src/queue/createQueue.ts'
import type { RunQueue } from '../../../../packages/gateway/src/queue/runQueue.ts'
import type { Entry, QueuedRun } from '../../../../packages/gateway/src/queue/runs.ts'
import { createRandom } from '../../../support/random.ts'
import { makeMemory, memoryStore } from './memoryStore.ts'
import { type Made, NO_FILES, type Planned, type Simulated, shareOf, simulate } from './simulate.ts'
import { endOf, GPU, makeJob, take } from './suite.ts'

const test = suite('turns')

interface Row {
  readonly group?: string
  readonly owner?: string
  readonly priority?: number
  readonly needs?: string
}
async function withQueue<T>(use: (queue: RunQueue) => Promise<T>): Promise<T> {
  const queue = createQueue({ store: memoryStore(), files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  return await use(queue).finally(queue.close)
}
async function add(queue: RunQueue, count: number, row: Row | string): Promise<QueuedRun[]> {
  const { group, owner, priority, needs = 'gpu' } = typeof row === 'string' ? ({ group: row } as Row) : row
  const jobs = Array.from({ length: count }, () => makeJob({ groupId: group ?? null, needs }))
  for (const job of jobs) await queue.add(job, {}, {}, { owner, priority })
  return jobs
}
/** The groups, owners or priorities of the runs that are taken. */
async function takeAll(queue: RunQueue, count: number, needs = GPU): Promise<string> {
  let text = ''
  for (let at = 0; at < count; at++) {
    const { job, owner, priority } = (await take(queue, needs, 's'))!
    text += job.groupId ?? owner ?? priority ?? 0
  }
  return text
}
const ALL: ReadonlySet<string> = new Set(['gpu', 'other'])

test('who takes how many turns', async () => {
  const cases: [string, (queue: RunQueue) => Promise<unknown>, expected: unknown][] = [
    [
      'a caller with one run has a turn at once, however many runs others have and for how long',
      async (queue) => {
        await add(queue, 100, 'a')
        const begin = await takeAll(queue, 50)
        await add(queue, 1, 'b')
        return [new Set(begin).size, await takeAll(queue, 3)]
      },
      [1, 'baa'],
    ],
    [
      'of a hundred and ten, each gets half until the ten are over',
      async (queue) => {
        await add(queue, 100, 'b')
        await add(queue, 10, 'a')
        return await takeAll(queue, 22)
      },
      `${'ba'.repeat(10)}bb`,
    ],
    [
      'three callers, one of whom comes later and another is done sooner',
      async (queue) => {
        await add(queue, 4, 'a')
        await add(queue, 2, 'b')
        const begin = await takeAll(queue, 2)
        await add(queue, 3, 'c')
        return begin + (await takeAll(queue, 7))
      },
      'ab' + 'cab' + 'ca' + 'ca',
    ],
    [
      'who was away has saved no turns, also with a run that was cancelled meanwhile',
      async (queue) => {
        await add(queue, 60, 'a')
        const [gone] = await add(queue, 1, { group: 'b', needs: 'other' })
        await takeAll(queue, 50)
        await queue.end(endOf(gone!, { status: 'cancelled' }))
        await queue.settled()
        await add(queue, 5, 'b')
        return await takeAll(queue, 6)
      },
      'bababa',
    ],
    [
      'a caller whose runs fit no server holds up nobody',
      async (queue) => {
        await add(queue, 3, { group: 'a', needs: 'other' })
        await add(queue, 3, 'b')
        return [await takeAll(queue, 3), await take(queue, GPU, 's'), await takeAll(queue, 3, ALL)]
      },
      ['bbb', undefined, 'aaa'],
    ],
    [
      'new callers who come again and again starve nobody',
      async (queue) => {
        await add(queue, 1, 'z')
        await add(queue, 10, 'y')
        let seen = ''
        for (let step = 0; step < 60; step++) {
          await add(queue, 1, 'abcdefghijklmnopqrstuvwx'[step % 24]!)
          seen += await takeAll(queue, 1)
        }
        return [seen.indexOf('z'), seen.split('y').length > 3]
      },
      [0, true],
    ],
    [
      'nine of ten turns go to the highest priority, and the others share the tenth',
      async (queue) => {
        for (const priority of [0, 5, 9]) await add(queue, 39, { priority, group: `${priority}` })
        return await takeAll(queue, 54)
      },
      '9999999995' + '9999999990' + '9999999995' + '9999999990' + '9995555550' + '5555',
    ],
    [
      'a tenth turn that no server can take stays due',
      async (queue) => {
        await add(queue, 30, { priority: 9, group: '9' })
        await add(queue, 2, { needs: 'other', group: '0' })
        await takeAll(queue, 9, ALL)
        return (await takeAll(queue, 5)) + (await takeAll(queue, 2, ALL))
      },
      '9999909',
    ],
    [
      'owners of a low priority share their turns, however many the high one has meanwhile',
      async (queue) => {
        await add(queue, 100, { priority: 9, owner: '.' })
        await add(queue, 4, { owner: 'a' })
        await add(queue, 4, { owner: 'b' })
        return (await takeAll(queue, 60)).replaceAll('.', '')
      },
      'ababab',
    ],
    [
      'who cancels all but the last of a hundred runs has its turn soon',
      async (queue) => {
        const jobs = await add(queue, 100, 'a')
        await add(queue, 100, 'b')
        for (const job of jobs.slice(0, 99)) await queue.end(endOf(job, { status: 'cancelled' }))
        await queue.settled()
        return (await takeAll(queue, 3)).includes('a')
      },
      true,
    ],
    [
      'a run that is given back has its old place, and its caller the turn',
      async (queue) => {
        const [first] = await add(queue, 3, 'a')
        await add(queue, 3, 'b')
        await takeAll(queue, 3)
        await queue.giveBack(first!.id, 's', undefined)
        const entry = (await take(queue, GPU, 's'))!
        return [entry.job.id === first!.id, await takeAll(queue, 3)]
      },
      [true, 'bab'],
    ],
    [
      'an owner pays for no run that was cancelled before it was sent',
      async (queue) => {
        await add(queue, 3, { owner: 'a' })
        await add(queue, 3, { owner: 'b' })
        const { job } = (await take(queue, GPU, 's'))!
        await queue.end(endOf(job, { status: 'cancelled' }))
        return await takeAll(queue, 3)
      },
      'aba',
    ],
    [
      'places over many rounds of three priorities are the turns that follow',
      async (queue) => {
        for (const [priority, count] of [
          [9, 120],
          [5, 12],
          [0, 30],
        ] as const)
          await add(queue, count, { priority })
        await takeAll(queue, 15)
        const line = (await queue.line(200)).first.map(([, id]) => id)
        const entries = (await Promise.all(line.map((id) => queue.get(id)))) as Entry[]
        const places = await Promise.all(entries.map(queue.ahead))
        const taken: string[] = []
        for (const _ of line) taken.push((await take(queue, GPU, 's'))!.job.id)
        return [line.length, `${line}` === `${taken}`, places.every((place, at) => place === at + 15)]
      },
      [147, true, true],
    ],
    ['nothing waits', (queue) => queue.line(10), { count: 0, first: [] }],
  ]
  for (const [name, play, expected] of cases) assert.equal(await withQueue(play), expected, name)
})

test('the first end of a workflow gives new tags to all who wait with it, and to nobody else', async () => {
  const changed: string[] = []
  const store = memoryStore(makeMemory(), ({ records, isLazy }) => {
    if (isLazy) changed.push(...[...records.keys()].filter((key) => key.startsWith('run/')))
  })
  const queue = createQueue({ store, files: NO_FILES, keepDays: 30 })
  await queue.open(() => {})
  const rows = [
    ['a', 'w'],
    ['a', 'w'],
    ['b', 'w'],
    ['b', 'w', 5],
    ['c', 'v'],
    ['d', 'w/x'],
  ] as const
  const jobs = rows.map(([groupId, workflowId]) => makeJob({ groupId, workflowId }))
  for (const [at, job] of jobs.entries()) await queue.add(job, {}, {}, { priority: rows[at]![2] })
  const { heads } = await queue.waiting()
  await queue.take(heads.find(({ id }) => id === jobs[0]!.id)!, heads, 's')
  changed.length = 0
  await queue.end(endOf(jobs[0]!), 100)
  await queue.settled()
  assert.equal(
    changed.sort(),
    jobs
      .slice(1, 4)
      .map(({ id }) => `run/${id}`)
      .sort(),
  )
  await queue.close()
})

const many = (count: number, of: Planned | ((at: number) => Planned)): Planned[] =>
  Array.from({ length: count }, (_, at) => (typeof of === 'function' ? of(at) : of))
const ONE = [['gpu']]
const TWO = [['gpu'], ['gpu']]
const THREE = [['gpu'], ['gpu'], ['gpu']]
const isOf = (name: string) => (run: Made) => run.group === name || run.owner === name
const within = (value: number, low: number, high: number, what: string): void =>
  assert.ok(value >= low && value <= high, `${what}: ${value} is not from ${low} to ${high}`)

test('shares of the GPU time', async () => {
  const of = (runMs: number, group: string, workflow = 'w'): Planned => ({ runMs, group, workflow })
  const owner = (owner: string, runMs: number, group: string): Planned => ({ runMs, group, owner })
  const cases: [string, { planned: Planned[]; loadMs?: number; gpus?: string[][] }, low: number][] = [
    [
      '300 runs of a group, and 300 groups of a batch',
      { planned: [...many(300, of(300, 'x')), ...many(300, (at) => of(300, `b/${at}`))] },
      0.48,
    ],
    ['60 s and 2 s', { planned: [...many(12, of(60_000, 'x')), ...many(360, of(2_000, 'y'))] }, 0.4],
    [
      '60 s and 2 s, with two models',
      { loadMs: 1_500, planned: [...many(12, of(60_000, 'x', 'a')), ...many(360, of(2_000, 'y', 'b'))] },
      0.4,
    ],
    ['3 s and 100 ms', { planned: [...many(20, of(3_000, 'x')), ...many(600, of(100, 'y'))] }, 0.4],
    [
      '3 s and 100 ms, with two models',
      { loadMs: 1_500, planned: [...many(30, of(3_000, 'x', 'a')), ...many(600, of(100, 'y', 'b'))] },
      0.4,
    ],
    [
      '3 s and 100 ms on three GPUs',
      { gpus: THREE, planned: [...many(20, of(3_000, 'x')), ...many(600, of(100, 'y'))] },
      0.4,
    ],
    [
      'two models on three GPUs',
      {
        ...{ gpus: THREE, loadMs: 1_500 },
        planned: [...many(300, of(2_000, 'x', 'a')), ...many(300, of(2_000, 'y', 'b'))],
      },
      0.4,
    ],
    [
      'a caller whose runs get slower',
      { planned: [...many(300, of(100, 'x', 'a')), ...many(100, (at) => of(at < 20 ? 100 : 400, 'y', 'b'))] },
      0.4,
    ],
    [
      'two owners, one with 300 groups',
      { planned: [...many(300, (at) => owner('x', 300, `${at}`)), ...many(300, owner('y', 300, 'one'))] },
      0.45,
    ],
    [
      'and longer runs',
      { planned: [...many(300, (at) => owner('x', 300, `${at}`)), ...many(100, owner('y', 900, 'one'))] },
      0.45,
    ],
  ]
  for (const [what, { gpus = ONE, ...play }, low] of cases)
    within(shareOf(await simulate({ gpus, ...play }), isOf('x')), low, 1 - low, what)
})

const endOfAll = ({ runs }: Simulated): number => Math.max(...runs.map(({ endedAt }) => endedAt))
const waitsOf = ({ runs }: Simulated, workflow: string): number[] =>
  runs.filter((run) => run.workflow!.startsWith(workflow)).map(({ at, startedAt }) => startedAt - at)

test('GPUs keep their models', async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const random = createRandom(seed)
    const of = (models: number) => () => ({ runMs: 300, workflow: `m${Math.floor(random() * models)}` })
    const three = await simulate({ gpus: THREE, loadMs: 1_500, planned: many(90, of(3)) })
    within(endOfAll(three) / (1_500 + 30 * 300), 1, 1.4, 'three models on three GPUs')
    within(three.loads, 3, 7, 'their loads')
    const two = await simulate({ gpus: ONE, loadMs: 1_500, planned: many(150, of(2)) })
    within(endOfAll(two) / (2 * 1_500 + 150 * 300), 1, 1.2, 'two models on one GPU')
    const five = await simulate({ gpus: ONE, loadMs: 1_500, planned: many(200, of(5)) })
    within(endOfAll(five) / (5 * 1_500 + 200 * 300), 1, 1.3, 'five models on one GPU')
  }
  const flood = many(160, (at) => ({ at: at * 250, runMs: 300, workflow: 'flood' }))
  const rare = (at: number): Planned => ({ at: 5_000, runMs: 300, workflow: `rare${at}`, group: 'r' })
  const play = { gpus: ONE, loadMs: 1_500, planned: [...flood, ...many(4, rare)] }
  for (const [at, wait] of waitsOf(await simulate(play), 'rare').entries())
    within(wait, 9_000, 11_000 + at * 1_800, `a rare model in a flood, and ${at} others that wait as long`)
  const both = [...flood, ...many(160, (at) => ({ at: at * 250, runMs: 300, workflow: 'other' })), rare(1)]
  const [wait] = waitsOf(await simulate({ ...play, planned: both }), 'rare')
  within(wait!, 0, 22_000, 'a rare model in two floods')
  const same = many(200, (at) => ({ at: at * 500, runMs: 1_000, workflow: 'flood', group: 'x' }))
  const short = many(3, (at) => ({ at: 10_000 + at * 20_000, runMs: 300, workflow: 'short', group: 'y' }))
  const twin = await simulate({ gpus: TWO, loadMs: 1_500, planned: [...same, ...short] })
  for (const wait of waitsOf(twin, 'short'))
    within(wait, 0, 3_000, 'a short run, and two GPUs with one other workflow')
  const spread = many(90, (at) => ({ at: at * 333, runMs: 900, workflow: `m${at % 3}` }))
  assert.is((await simulate({ gpus: THREE, loadMs: 1_500, planned: spread })).loads, 3)
  const high = many(40, (at) => ({ runMs: 300, priority: 9, workflow: `m${at % 2}`, group: 'x' }))
  const low = many(40, { runMs: 300, workflow: 'm0', group: 'y' })
  const mixed = await simulate({ ...play, planned: [...low, ...high] })
  // A loaded model counts within the priority only.
  assert.is(mixed.runs.slice(0, 40).filter(isOf('x')).length, 36)
})

test('places that were told come true', async () => {
  type Case = [string, owners: string[], priorities: number[], groups: string[], jitter: number, low: number]
  const cases: Case[] = [
    ['one owner', ['x'], [0], ['a', 'b', 'c'], 0, 1],
    ['one owner, and times that vary', ['x'], [0], ['a', 'b', 'c'], 0.3, 1],
    ['one owner with priorities', ['x'], [0, 5, 9], ['a', 'b'], 0, 1],
    ['three owners', ['x', 'y', 'z'], [0], ['a', 'b'], 0, 0.97],
    ['three owners, and times that vary', ['x', 'y', 'z'], [0], ['a', 'b'], 0.05, 0.95],
    ['owners with priorities', ['x', 'y'], [0, 5, 9], ['a', 'b'], 0, 0.95],
  ]
  for (const [what, owners, priorities, groups, jitter, low] of cases) {
    let [good, all] = [0, 0]
    for (let seed = 1; seed <= 5; seed++) {
      const random = createRandom(seed)
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
      const planned = many(60, () => {
        const owner = pick(owners)
        const runMs = Math.round((owner === 'y' ? 3_000 : 1_000) * (1 + jitter * (2 * random() - 1)))
        return { at: random() * 12_000, group: pick(groups), owner, priority: pick(priorities), runMs }
      })
      const told: [id: string, start: number][] = []
      const lines: [start: number, ids: string[]][] = []
      const sim = await simulate({
        gpus: [['gpu'], ['gpu']],
        planned,
        async onStep(queue, { waiting, started, running, left }) {
          // What all callers' runs take is known by then.
          if (left > 0 || started < 25 || random() > 0.3) return
          for (const id of waiting) {
            const ahead = await queue.ahead((await queue.get(id)) as Entry)
            told.push([id, started - running + ahead])
          }
          lines.push([started, (await queue.line(100)).first.map(([, id]) => id)])
        },
      })
      const ids = sim.runs.map(({ id }) => id)
      all += told.length
      good += told.filter(([id, start]) => ids[start] === id).length
      all += lines.length
      good += lines.filter(([start, line]) => `${line}` === `${ids.slice(start)}`).length
    }
    within(good / all, low, 1, what)
  }
})

test('places that were told before a workflow was known come true, too, and after cancels', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    for (const when of [2, 3, 4]) {
      const random = createRandom(seed)
      const planned = [3, 5, 8, 12, 16].flatMap((count, group) =>
        many(count, () => ({ group: `${group}`, runMs: Math.round(390 + 20 * random()) })),
      )
      const told = new Map<string, number>()
      const { runs } = await simulate({
        gpus: TWO,
        planned,
        async onStep(queue, { waiting, started, left }) {
          if (left > 0 || started !== when) return
          const open = [...waiting].sort(() => random() - 0.5)
          for (const id of open.splice(0, 5)) await queue.end(endOf(makeJob({ id }), { status: 'cancelled' }))
          await queue.settled()
          for (const id of open) told.set(id, await queue.ahead((await queue.get(id)) as Entry))
        },
      })
      const places = runs.flatMap(({ id }) => told.get(id) ?? [])
      const early = places.filter((place, at) => places.slice(at + 1).some((later) => later < place))
      assert.is(places.length, 39 - when)
      assert.ok(early.length <= 1, `${early.length} runs of ${places.length} started too early`)
    }
  }
})
