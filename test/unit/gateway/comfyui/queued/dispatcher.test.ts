// What takes seconds. `createDispatcher` is reached by requests only, which a case can't hold for so long.
import { assert, rejects, suite } from '#test'
import { createDispatcher } from '../../../../../packages/gateway/src/comfyui/queued/dispatcher.ts'
import { Refused } from '../../../../../packages/gateway/src/comfyui/queued/port.ts'
import type { ComfyQueue, Entry } from '../../../../../packages/gateway/src/comfyui/queued/types.ts'
import { folderQueue } from '../../../../../packages/gateway/src/node/folderQueue.ts'
import { fakeClock } from '../../../../support/fakes.ts'
import { suiteWithClock } from '../../../../support/suiteWithClock.ts'

const test = suiteWithClock('the name of a server')
const idle = { has: [], stopping: [], isUp: true }

function open() {
  const queue = folderQueue('never opened') as unknown as ComfyQueue
  const dispatcher = createDispatcher({ queue, lostAfterMs: 600_000, maxQueueMs: 600_000, log: () => {} })
  const server = dispatcher.addServer('gpu', true, () => () => async () => undefined)
  return (session: string) => dispatcher.portOf(server, session)
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

suite('a queue without a server')('a run says why it waits after 10 s', async () => {
  const lines: string[] = []
  const queue = {
    open: async () => [],
    held: async () => [],
    entries: async () => [],
    waitingNeeds: async () => new Map([['needs', {}]]),
    planOf: async () => ({ outputs: [] }),
    ahead: async () => 0,
  } as unknown as ComfyQueue
  const log = (_level: string, line: string) => void lines.push(line)
  const clock = fakeClock('setInterval', 'clearInterval')
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
