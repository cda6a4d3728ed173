// Whose a server's name is. `createDispatcher` is reached by requests only, which a case can't hold for seconds.
import { assert, rejects } from '#test'
import { createDispatcher } from '../../../../../packages/gateway/src/comfyui/queued/dispatcher.ts'
import { Refused } from '../../../../../packages/gateway/src/comfyui/queued/port.ts'
import type { ComfyQueue } from '../../../../../packages/gateway/src/comfyui/queued/types.ts'
import { folderQueue } from '../../../../../packages/gateway/src/node/folderQueue.ts'
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
