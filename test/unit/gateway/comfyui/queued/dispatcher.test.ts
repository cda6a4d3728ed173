// Whose a server's name is. `createDispatcher` is reached by requests only, which a case can't hold for seconds.
import { assert, rejects, throws } from '#test'
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
  return (session: string) => dispatcher.connect(server, session)
}

test('a worker keeps it while its request for news waits', async ({ clock }) => {
  const connect = open()
  const gone = new AbortController()
  const first = connect('first')
  // So that it knows that it is heard, its first request is answered at once.
  assert.equal((await first.poll(idle, gone.signal)).runs, [])
  const news = first.poll(idle, gone.signal)
  await clock.tickAsync(9_000)
  throws(() => connect('second'), Refused, { what: 'session' })
  gone.abort()
  await news
  connect('second')
})

test('a worker that asks for nothing for 5 s loses it', async ({ clock }) => {
  const connect = open()
  const first = connect('first')
  await clock.tickAsync(4_999)
  throws(() => connect('second'), Refused, { what: 'session' })
  await clock.tickAsync(1)
  const second = connect('second')
  await rejects(first.send('a run'), Refused, { what: 'session' })
  assert.is(await second.send('a run'), undefined)
})

test('a worker frees it, too, that was gone before its request could wait', async () => {
  const connect = open()
  const gone = new AbortController()
  gone.abort()
  await connect('first').poll(idle, gone.signal)
  connect('second')
})
