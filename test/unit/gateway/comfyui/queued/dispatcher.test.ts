// What takes seconds. `createDispatcher` is reached by requests only, which a case can't hold for so long.
import { assert, rejects, said, suite } from '#test'
import { createDispatcher } from '../../../../../packages/gateway/src/comfyui/queued/dispatcher.ts'
import { Refused } from '../../../../../packages/gateway/src/comfyui/queued/port.ts'
import type { ComfyQueue, Entry } from '../../../../../packages/gateway/src/comfyui/queued/types.ts'
import { createQueue } from '../../../../../packages/gateway/src/queue/createQueue.ts'
import type { PeerMessage } from '../../../../../packages/gateway/src/queue/runQueue.ts'
import { NO_TURNS } from '../../../../../packages/gateway/src/queue/turns.ts'
import { fakeClock } from '../../../../support/fakes.ts'
import { suiteWithClock } from '../../../../support/suiteWithClock.ts'
import { until, untilStill } from '../../../../support/until.ts'
import { memoryStore } from '../../queue/memoryStore.ts'
import { NO_FILES } from '../../queue/simulate.ts'

const FAKED = ['performance', 'setInterval', 'clearInterval'] as const
const test = suiteWithClock('the name of a server', ...FAKED)
const idle = { has: [], stopping: [], isUp: true }

function open() {
  const queue = createQueue({
    store: memoryStore(),
    files: NO_FILES,
    keepDays: 30,
  }) as unknown as ComfyQueue
  const dispatcher = createDispatcher({ queue, lostAfterMs: 600_000, maxQueueMs: 600_000, log: () => {} })
  const server = dispatcher.addServer('gpu', true, () => () => async () => undefined)
  const connect = (session: string) => dispatcher.portOf(server, session)
  return Object.assign(connect, { queue, dispatcher })
}

/** With a run that was sent. */
async function openWithRun() {
  const connect = open()
  const { queue, dispatcher } = connect
  await dispatcher.open(() => undefined as never)
  const job = {
    id: 'run',
    workflowId: 'slow',
    groupId: null,
    createdAt: Date.now(),
    plan: 'plan',
    needs: 'needs',
  }
  await queue.add(
    { ...job, shown: [], changes: [], files: [] },
    { graph: {}, outputs: [], titles: {}, nodes: 0 },
    [],
  )
  const { heads } = await queue.waiting()
  await queue.take(heads[0]!, heads, 'gpu')
  const port = connect('first')
  await port.poll(idle, new AbortController().signal)
  await port.send('run')
  const read = async () => dispatcher.toRun((await queue.get('run'))!)
  const close = async () => {
    await dispatcher.close()
    await queue.close()
  }
  return { read, port, close, isKnown: () => dispatcher.servers.has('gpu') }
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

suite('a queue without a server')('a run says why it waits after 10 s', async () => {
  const lines: string[] = []
  const queue = {
    open: async () => [],
    held: async () => [],
    waiting: async () => ({ turns: NO_TURNS, heads: [{ needs: 'needs' }] }),
    needsOf: async () => [],
    planOf: async () => ({ outputs: [] }),
    ahead: async () => 0,
  } as unknown as ComfyQueue
  const log = (_level: string, line: string) => void lines.push(line)
  const clock = fakeClock('setInterval', 'clearInterval', 'performance')
  try {
    const dispatcher = createDispatcher({ queue, lostAfterMs: 600_000, maxQueueMs: 600_000, log })
    const waitsFor = async () => (await dispatcher.toRun({ job: { needs: 'needs' } } as Entry)).waitsFor
    await dispatcher.open(() => undefined as never)
    // The first look at the queue comes after a second.
    await clock.tickAsync(1_000 + 9_999)
    assert.equal([await waitsFor(), lines], [undefined, []])
    await clock.tickAsync(1)
    assert.equal([await waitsFor(), lines.length], [lines[0], 1])
    await dispatcher.close()
  } finally {
    clock.uninstall()
  }
})

suite('a dispatcher')('places are told by one look after another, however long each takes', async () => {
  let hear: (message: PeerMessage) => void = () => {}
  const looks: (() => void)[] = []
  const queue = {
    open: async () => [],
    held: async () => [],
    waiting: async () => ({ turns: NO_TURNS, heads: [] }),
    get: () => new Promise<void>((resolve) => looks.push(resolve)),
    peers: { listen: (listener: typeof hear) => (hear = listener), meet: async () => [] },
  } as unknown as ComfyQueue
  const clock = fakeClock('setTimeout', 'clearTimeout', 'setInterval', 'clearInterval')
  try {
    const dispatcher = createDispatcher({ queue, lostAfterMs: 600_000, maxQueueMs: 600_000, log: () => {} })
    await dispatcher.open(() => undefined as never)
    dispatcher.follow('one')
    for (let at = 0; at < 4; at++) {
      hear({ run: 'another' })
      await clock.tickAsync(300)
    }
    assert.is(looks.length, 1)
    looks[0]!()
    await clock.tickAsync(300)
    assert.is(looks.length, 2)
    await dispatcher.close()
  } finally {
    clock.uninstall()
  }
})

suiteWithClock('a server without what runs need', ...FAKED)(
  'is asked once for each, however many there are',
  async () => {
    let asked = 0
    const [connect, idleWorker] = [open(), new AbortController()]
    const { queue, dispatcher } = connect
    const server = dispatcher.addServer('small', true, () => () => async () => {
      // For ever would take long.
      if (++asked > 5_000) throw new Error('asked again')
      return undefined
    })
    await dispatcher.open(() => undefined as never)
    const job = {
      workflowId: 'w',
      groupId: null,
      createdAt: 1,
      plan: 'plan',
      shown: [],
      changes: [],
      files: [],
    }
    const plan = { graph: {}, outputs: [], titles: {}, nodes: 0 }
    for (let at = 0; at < 1_500; at++)
      await queue.add({ ...job, id: `${at}`, needs: `${at}` }, plan, [{ class_type: `${at}`, inputs: {} }])
    const news = dispatcher.portOf(server, 'first').poll(idle, idleWorker.signal)
    await until(() => asked > 0)
    assert.is(await untilStill(() => asked), 1_500)
    idleWorker.abort()
    await news
    await dispatcher.close()
    await queue.close()
  },
)
