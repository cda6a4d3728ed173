// What takes seconds. These functions are reached by requests only, which a case can't hold for so long.
import { assert, rejects, said, suite } from '#test'
import { cancelRun } from '../../../../../packages/gateway/src/comfyui/dispatch/cancelRun.ts'
import { createPort } from '../../../../../packages/gateway/src/comfyui/dispatch/createPort.ts'
import { endRun, letRest } from '../../../../../packages/gateway/src/comfyui/dispatch/endRuns.ts'
import {
  followRun,
  runOf,
  tellPlaces,
} from '../../../../../packages/gateway/src/comfyui/dispatch/followRuns.ts'
import type { ComfyQueue, Entry } from '../../../../../packages/gateway/src/comfyui/dispatch/job.ts'
import { hearAsk } from '../../../../../packages/gateway/src/comfyui/dispatch/previews.ts'
import { createServer } from '../../../../../packages/gateway/src/comfyui/dispatch/servers.ts'
import {
  createState,
  type State,
  type StateOptions,
} from '../../../../../packages/gateway/src/comfyui/dispatch/state.ts'
import {
  closeDispatch,
  openDispatch,
} from '../../../../../packages/gateway/src/comfyui/dispatch/watchServers.ts'
import { Refused } from '../../../../../packages/gateway/src/comfyui/worker/news.ts'
import { createQueue } from '../../../../../packages/gateway/src/queue/createQueue.ts'
import type { PeerMessage, Peers } from '../../../../../packages/gateway/src/queue/peers.ts'
import { NO_TURNS } from '../../../../../packages/gateway/src/queue/turns.ts'
import { fakeClock } from '../../../../support/fakes.ts'
import { suiteWithClock } from '../../../../support/suiteWithClock.ts'
import { until, untilStill } from '../../../../support/until.ts'
import { makeMemory, memoryStore } from '../../queue/memoryStore.ts'
import { NO_FILES } from '../../queue/simulate.ts'

const FAKED = ['performance', 'setInterval', 'clearInterval'] as const
const test = suiteWithClock('the name of a server', ...FAKED)
const never = () => undefined as never
const idle = { has: [], stopping: [], isUp: true }

function open(peers?: Peers, more: Partial<StateOptions> = {}, memory = makeMemory()) {
  const options = { store: memoryStore(memory), files: NO_FILES, keepDays: 30, peers: peers && (() => peers) }
  const queue = createQueue(options) as unknown as ComfyQueue
  const state = createState({ queue, lostAfterMs: 600_000, maxQueueMs: 600_000, log: () => {}, ...more })
  const server = addServer(state, 'gpu')
  const connect = (session: string) => createPort(state, server, session)
  return Object.assign(connect, { queue, state })
}

const UNUSED = { url: '', send: never, catalog: { read: never, find: never } }

/** A server that dials in. */
function addServer(state: State, name: string, readClass = async (): Promise<undefined> => undefined) {
  const server = createServer({ ...UNUSED, name, isDistant: true, newReader: () => readClass })
  state.servers.set(name, server)
  return server
}

const PLAN = { graph: {}, outputs: [], titles: {}, nodes: 0 }
const jobOf = (id: string, needs = 'needs') => ({
  ...{ id, needs, workflowId: 'slow', groupId: null, createdAt: Date.now(), plan: 'plan' },
  ...{ shown: [], changes: [], files: [] },
})

/** With a run that was sent. */
async function openWithRun(peers?: Peers) {
  const connect = open(peers)
  const { queue, state } = connect
  await openDispatch(state, never)
  await queue.add(jobOf('run'), PLAN, [])
  const { heads } = await queue.waiting()
  await queue.take(heads[0]!, heads, 'gpu')
  const port = connect('first')
  await port.poll(idle, new AbortController().signal)
  await port.send('run')
  const read = async () => runOf(state, (await queue.get('run'))!)
  const close = async () => {
    await closeDispatch(state)
    await queue.close()
  }
  return { state, queue, read, port, close, isKnown: () => state.servers.has('gpu') }
}

test('a worker keeps it while its request for news waits', async ({ clock }) => {
  const connect = open()
  const gone = new AbortController()
  const first = connect('first')
  const second = connect('second')
  // So that it knows that it is heard, its first request is answered at once.
  assert.equal((await first.poll(idle, gone.signal)).runs, [])
  const news = first.poll(idle, gone.signal)
  await clock.tickAsync(9_000)
  await rejects(second.send('a run'), Refused, { what: 'session' })
  gone.abort()
  await news
  assert.is(await second.send('a run'), undefined)
})

test('a worker keeps it while another of its requests waits', async () => {
  const connect = open()
  const [gone, other] = [new AbortController(), new AbortController()]
  const first = connect('first')
  await first.poll(idle, gone.signal)
  const [news, more] = [first.poll(idle, gone.signal), first.poll(idle, other.signal)]
  gone.abort()
  await news
  await rejects(connect('second').send('a run'), Refused, { what: 'session' })
  other.abort()
  await more
})

test('a worker that asks for nothing for 5 s loses it', async ({ clock }) => {
  const connect = open()
  const [first, second] = [connect('first'), connect('second')]
  await first.send('a run')
  await clock.tickAsync(4_999)
  await rejects(second.send('a run'), Refused, { what: 'session' })
  await clock.tickAsync(1)
  assert.is(await second.send('a run'), undefined)
  await rejects(first.send('a run'), Refused, { what: 'session' })
})

test('a worker frees it, too, that was gone before its request could wait', async () => {
  const connect = open()
  const gone = new AbortController()
  gone.abort()
  await connect('first').poll(idle, gone.signal)
  assert.is(await connect('second').send('a run'), undefined)
})

test('the run of a worker that never comes back fails after a while, but not while the gateway stood still', async ({
  clock,
}) => {
  const { read, port, close, isKnown } = await openWithRun()
  await clock.tickAsync(20_000)
  // As a machine that sleeps.
  clock.jump(700_000)
  await clock.tickAsync(590_000)
  assert.is((await read()).status, 'running')
  await clock.tickAsync(20_000)
  const { status, error } = await read()
  assert.is(status, 'failed')
  said(error!)
  assert.not(isKnown(), 'its name is forgotten')
  await rejects(
    port.end('run', { status: 'completed', error: null, completedAt: null, files: [] }),
    Refused,
    {
      what: 'run',
    },
  )
  await close()
})

test('so do the runs of a server that is unknown here, and one that was not sent waits again', async ({
  clock,
}) => {
  const { queue, state } = open(undefined, { maxQueueMs: 86_400_000 })
  await openDispatch(state, never)
  for (const id of ['sent', 'taken']) {
    await queue.add(jobOf(id), PLAN, [])
    const { heads } = await queue.waiting()
    await queue.take(heads[0]!, heads, 'gone')
  }
  await queue.send('sent', 'gone', 'a session')
  const read = async () => {
    const runs = ['sent', 'taken'].map(async (id) => runOf(state, (await queue.get(id))!))
    return (await Promise.all(runs)).map(({ status }) => status)
  }
  const isHeld = async () => (await queue.held()).some(({ job }) => job.id === 'taken')
  await clock.tickAsync(20_000)
  clock.jump(700_000)
  await clock.tickAsync(590_000)
  assert.equal([await read(), await isHeld()], [['running', 'queued'], true])
  await clock.tickAsync(20_000)
  assert.equal([await read(), await isHeld()], [['failed', 'queued'], false])
  await closeDispatch(state)
  await queue.close()
})

test('nothing is kept of those who asked for the pictures of a run that has ended', async () => {
  const { state, port, close } = await openWithRun()
  hearAsk(state, 'run')
  assert.is(state.asked.size, 1)
  await port.end('run', { status: 'completed', error: null, completedAt: null, files: [] })
  assert.is(state.asked.size, 0)
  await close()
})

test('the GPU time of a run counts also when its end is written at the second attempt', async ({ clock }) => {
  const { queue, port, close } = await openWithRun()
  await clock.tickAsync(3_000)
  const outcome = { status: 'completed', error: null, completedAt: null, files: [] } as const
  const { end } = queue
  queue.end = async () => {
    throw new Error('away')
  }
  await port.end('run', outcome).catch(() => {})
  queue.end = end
  await clock.tickAsync(60_000)
  await port.end('run', outcome)
  const { rows } = await queue.usage({ from: '1970-01-01', to: '9999-01-01', offset: 0, limit: 9 })
  assert.equal(
    rows.map(({ gpuMs }) => gpuMs),
    [3_000],
  )
  await close()
})

test('another ComfyUI under it gets no run because of the answers of the first one', async ({ clock }) => {
  const answers: ((info: object) => void)[] = []
  const connect = open()
  const { queue, state } = connect
  const server = addServer(state, 'small', () => new Promise((resolve) => answers.push(resolve as never)))
  await openDispatch(state, never)
  await queue.add(jobOf('run'), PLAN, [{ class_type: 'Any', inputs: {} }])
  const poll = (session: string) =>
    createPort(state, server, session).poll(idle, new AbortController().signal)
  await poll('first')
  await until(() => answers.length > 0)
  await clock.tickAsync(5_000)
  const late = answers.splice(0)
  await poll('second')
  for (const answer of late) answer({})
  assert.is(await untilStill(() => server.runs.size), 0)
  await closeDispatch(state)
  await queue.close()
})

test('a request for runs that is cut off fails none, however old the gateway is', async ({ clock }) => {
  const { read, port, close } = await openWithRun()
  for (let at = 0; at < 140; at++) {
    const gone = new AbortController()
    const news = port.poll({ ...idle, has: ['run'] }, gone.signal)
    await clock.tickAsync(5_000)
    gone.abort()
    await news
  }
  await clock.tickAsync(20_000)
  assert.is((await read()).status, 'running')
  await close()
})

test('a run that is given back waits again, and its listeners hear so', async () => {
  const { state, port, read, close } = await openWithRun()
  const told: string[] = []
  state.listeners.add(({ status }) => void told.push(status), 'run')
  await port.giveBack('run', (await read()).startedAt!)
  assert.equal([told, (await read()).status], [['queued'], 'queued'])
  await close()
})

test('a run whose cancel was noted by a gateway that was killed then ends instead of being sent', async () => {
  const connect = open()
  const { queue, state } = connect
  await openDispatch(state, never)
  await queue.add(jobOf('run'), PLAN, [])
  const { heads } = await queue.waiting()
  await queue.take(heads[0]!, heads, 'gpu')
  await queue.cancel('run')
  assert.is(await connect('first').send('run'), undefined)
  assert.is((await runOf(state, (await queue.get('run'))!)).status, 'cancelled')
  await closeDispatch(state)
  await queue.close()
})

test('a cancel waits for the end of a run, here or at another gateway, and for 5 s at most', async ({
  clock,
}) => {
  let hear: (message: PeerMessage) => void = () => {}
  const peers: Peers = {
    claim: async () => true,
    meet: async (own) => own,
    tell: async () => {},
    putPicture: async () => {},
    getPicture: async () => undefined,
    listen: (listener) => {
      hear = listener
    },
  }
  const outcome = { status: 'cancelled', error: null, completedAt: 1, files: [] } as const
  type Opened = Awaited<ReturnType<typeof openWithRun>>
  const ways: [way: (opened: Opened) => unknown, status: string][] = [
    [({ port }) => port.end('run', outcome), 'cancelled'],
    [
      async ({ queue }) => {
        await queue.end({ ...outcome, startedAt: 1, run: { ...jobOf('run'), ...PLAN } })
        hear({ run: 'run', server: 'gpu', isOver: true })
      },
      'cancelled',
    ],
    [() => clock.tickAsync(5_000), 'running'],
  ]
  for (const [way, status] of ways) {
    const opened = await openWithRun(peers)
    const cancelled = cancelRun(opened.state, 'run')
    let isOver = false
    void cancelled.then(() => (isOver = true))
    await clock.tickAsync(4_000)
    assert.not(isOver)
    await way(opened)
    assert.is((await cancelled)!.run.status, status)
    await opened.close()
  }
})

suite('a queue without a server')('a run says why it waits after 10 s', async () => {
  const lines: string[] = []
  const queue = {
    open: async () => [],
    held: async () => [],
    waiting: async () => ({ turns: NO_TURNS, paused: [], heads: [{ needs: 'needs' }] }),
    needsOf: async () => [],
    planOf: async () => ({ outputs: [] }),
    ahead: async () => 0,
    olderThan: async () => [],
  } as unknown as ComfyQueue
  const log = (_level: string, line: string) => void lines.push(line)
  const clock = fakeClock('setInterval', 'clearInterval', 'performance')
  try {
    const state = createState({ queue, lostAfterMs: 600_000, maxQueueMs: 600_000, log })
    const waitsFor = async () => (await runOf(state, { job: { needs: 'needs' } } as Entry)).waitsFor
    await openDispatch(state, never)
    // The first look at the queue comes after a second.
    await clock.tickAsync(1_000 + 9_999)
    assert.equal([await waitsFor(), lines], [undefined, []])
    await clock.tickAsync(1)
    assert.equal([await waitsFor(), lines.length], [lines[0], 1])
    await closeDispatch(state)
  } finally {
    clock.uninstall()
  }
})

suite('followers of runs')('places are told by one look after another, however long each takes', async () => {
  let hear: (message: PeerMessage) => void = () => {}
  const looks: (() => void)[] = []
  const queue = {
    open: async () => [],
    held: async () => [],
    waiting: async () => ({ turns: NO_TURNS, paused: [], heads: [] }),
    live: () => new Promise((resolve) => looks.push(() => resolve([]))),
    peers: { listen: (listener: typeof hear) => (hear = listener), meet: async () => [] },
  } as unknown as ComfyQueue
  const clock = fakeClock('setTimeout', 'clearTimeout', 'setInterval', 'clearInterval')
  try {
    const state = createState({ queue, lostAfterMs: 600_000, maxQueueMs: 600_000, log: () => {} })
    await openDispatch(state, never)
    followRun(state, 'one')
    for (let at = 0; at < 4; at++) {
      hear({ run: 'another' })
      await clock.tickAsync(300)
    }
    assert.is(looks.length, 1)
    looks[0]!()
    await clock.tickAsync(300)
    assert.is(looks.length, 2)
    await closeDispatch(state)
  } finally {
    clock.uninstall()
  }
})

suiteWithClock('places', ...FAKED)('are told when they change', async ({ clock }) => {
  const { queue, state } = open()
  await openDispatch(state, never)
  for (const id of ['a', 'b', 'c']) await queue.add(jobOf(id), PLAN, [])
  const told: unknown[] = []
  state.listeners.add(({ id, position }) => void told.push([id, position]))
  for (const id of ['b', 'c']) followRun(state, id)
  const look = async () => {
    told.length = 0
    tellPlaces(state)
    await clock.tickAsync(250)
    return [...told]
  }
  const before = [['b', 1] as const, ['c', 2] as const]
  assert.equal([await look(), await look()], [before, []])
  told.length = 0
  await cancelRun(state, 'b')
  await clock.tickAsync(250)
  assert.equal(told, [
    ['b', undefined],
    ['c', 1],
  ])
  await closeDispatch(state)
  await queue.close()
})

suiteWithClock('a run that another gateway changes', ...FAKED)(
  'is told in the order of its states, and its end also when the queue was away just then',
  async ({ clock, settle }) => {
    let hear: (message: PeerMessage) => void = () => {}
    const peers = { listen: (listener: typeof hear) => (hear = listener), meet: async () => [] }
    const { queue, state } = open(peers as unknown as Peers)
    await openDispatch(state, never)
    const told: unknown[] = []
    state.listeners.add(({ id, status }) => void told.push([id, status]))
    for (const id of ['a', 'b']) {
      await queue.add(jobOf(id), PLAN, [])
      followRun(state, id)
    }
    const { ahead, get } = queue
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    queue.ahead = async (entry) => held.then(() => ahead(entry))
    hear({ run: 'a' })
    await settle()
    const endIt = (id: string) =>
      queue.end({
        ...{ run: { ...jobOf(id), ...PLAN }, status: 'cancelled', error: null },
        ...{ startedAt: null, completedAt: 1, files: [] },
      })
    await endIt('a')
    hear({ run: 'a', isOver: true })
    await settle()
    release()
    await clock.tickAsync(250)
    assert.equal(
      told.filter(([id]: any) => id === 'a'),
      [['a', 'cancelled']],
    )
    await endIt('b')
    queue.get = async () => {
      throw new Error('away')
    }
    hear({ run: 'b', isOver: true })
    await settle()
    queue.get = get
    await clock.tickAsync(1_000)
    assert.equal(told.at(-1), ['b', 'cancelled'])
    await closeDispatch(state)
    await queue.close()
  },
)

suiteWithClock('looks at the servers', ...FAKED)('come one after another', async ({ clock }) => {
  const { queue, state } = open()
  await openDispatch(state, never)
  const looks: (() => void)[] = []
  Object.assign(queue, { held: () => new Promise((resolve) => looks.push(() => resolve([]))) })
  await clock.tickAsync(5_000)
  assert.is(looks.length, 1)
  looks[0]!()
  await clock.tickAsync(1_000)
  assert.is(looks.length, 2)
  await closeDispatch(state)
  await queue.close()
})

suiteWithClock('a server without what runs need', ...FAKED)(
  'is asked once for each, however many there are',
  async () => {
    let asked = 0
    const [connect, idleWorker] = [open(), new AbortController()]
    const { queue, state } = connect
    const server = addServer(state, 'small', async () => {
      // For ever would take long.
      if (++asked > 5_000) throw new Error('asked again')
      return undefined
    })
    await openDispatch(state, never)
    for (let at = 0; at < 1_500; at++)
      await queue.add(jobOf(`${at}`, `${at}`), PLAN, [{ class_type: `${at}`, inputs: {} }])
    const news = createPort(state, server, 'first').poll(idle, idleWorker.signal)
    await until(() => asked > 0)
    assert.is(await untilStill(() => asked), 1_500)
    idleWorker.abort()
    await news
    await closeDispatch(state)
    await queue.close()
  },
)

suiteWithClock('an operator', ...FAKED)(
  'hears of each end once, of models that are loaded, of a server without work, and of one that rests',
  async ({ clock }) => {
    const heard: unknown[] = []
    const lines: string[] = []
    const memory = makeMemory()
    let idleMs = 0
    const openOne = (gateway: string) =>
      open(
        undefined,
        {
          log: (_level, line) => void lines.push(line),
          observer: {
            ended: ({ id, owner, server, end, waitedMs, ranMs, ...rest }) =>
              // Inputs of a run, or the address of its webhook, would be in the log.
              Object.keys(rest).join() === 'workflowId' &&
              void heard.push([id, owner, server, end, Math.round(waitedMs / 1_000), ranMs && ranMs / 1_000]),
            modelLoaded: (workflowId) => void heard.push(workflowId),
            idle: (_server, ms) => {
              idleMs += gateway === 'first' ? ms : 0
            },
            storeFailed: () => heard.push('failed'),
          },
        },
        memory,
      )
    const [connect, other] = [openOne('first'), openOne('second')]
    const { queue, state } = connect
    await openDispatch(state, never)
    const port = connect('session')
    const server = state.servers.get('gpu')!
    const begin = async (id: string, workflowId = 'slow') => {
      // A worker that asks for the first time is answered at once.
      server.isNew = true
      await port.poll(idle, new AbortController().signal)
      await queue.add({ ...jobOf(id), workflowId }, PLAN, [], { owner: 'shop' })
      const { heads } = await queue.waiting()
      await queue.take(heads[0]!, heads, 'gpu')
      await clock.tickAsync(1_000)
      await port.poll(idle, new AbortController().signal)
      await clock.tickAsync(1_000)
      await port.send(id)
      await clock.tickAsync(3_000)
      return (await queue.get(id)) as Entry
    }
    const outcome = { status: 'completed', error: null, completedAt: null, files: [] } as const
    for (const id of ['a', 'b']) {
      const entry = await begin(id)
      const ended = { ...outcome, run: { ...entry.job, ...PLAN }, startedAt: null, completedAt: Date.now() }
      await Promise.all([connect, other].map((one) => endRun(one.state, entry, ended)))
    }
    await begin('c', 'other')
    await port.end('c', { ...outcome, status: 'failed', error: 'x', completedAt: Date.now() })
    const done = [
      ['a', 'shop', 'gpu', 'completed', 2, 3],
      ['b', 'shop', 'gpu', 'completed', 2, 3],
      'other',
      ['c', 'shop', 'gpu', 'failed', 2, 3],
    ]
    assert.equal(heard.splice(0), done)
    // Its worker asks, and there is nothing to do.
    const gone = new AbortController()
    const news = port.poll(idle, gone.signal)
    await clock.tickAsync(1_000)
    idleMs = 0
    await clock.tickAsync(5_000)
    assert.is(idleMs, 5_000)
    await letRest(state, server, 'out of memory')
    await clock.tickAsync(4_000)
    assert.is(idleMs, 5_000)
    gone.abort()
    await news
    await clock.tickAsync(60_000)
    const rested = lines.filter((line) => line.startsWith('gpu') && line.includes('rest'))
    assert.equal(rested, [
      'gpu rests for a minute, since its runs fail: out of memory',
      'gpu has rested, and gets runs again',
    ])
    await begin('d')
    await queue.add(jobOf('e'), PLAN, [])
    await clock.tickAsync(640_000)
    assert.equal(heard.slice(1), [
      ['d', 'shop', 'gpu', 'lost', 2, 600],
      ['e', undefined, undefined, 'expired', 604, undefined],
    ])
    for (const one of [connect, other]) {
      await closeDispatch(one.state)
      await one.queue.close()
    }
  },
)
