import type { Clock } from '@sinonjs/fake-timers'
import { assert, suite } from '#test'
import type { PeerMessage, PeerServer, Peers } from '../../../../packages/gateway/src/queue/peers.ts'
import { createPeers } from '../../../../packages/gateway/src/queue/peers.ts'
import { fakeClock } from '../../../support/fakes.ts'
import { makeMemory, memoryStore } from '../queue/memoryStore.ts'

interface Gateway {
  peers: Peers
  heard: PeerMessage[]
  /** Says that its worker was silent for so long, and gives what is known of `gpu`. */
  meet(silentMs?: number, session?: string): Promise<string>
  claim(session: string, polls?: boolean): Promise<boolean>
}

const test = suite<{ clock: Clock; a: Gateway; b: Gateway }>('what gateways know of each other')
const FORGOTTEN_MS = 30_000

function makeGateways(): Gateway[] {
  const memory = makeMemory()
  const listeners: ((message: string | undefined) => void)[] = []
  return [0, 1].map((index) => {
    const send = ({ messages }: { messages: readonly string[] }): void => {
      for (const message of messages) listeners[1 - index]!(message)
    }
    const store = memoryStore(memory, send)
    const peers = createPeers({ ...store, listen: (listener) => void listeners.splice(index, 1, listener) })
    const heard: PeerMessage[] = []
    peers.listen((message) => void heard.push(message))
    return {
      peers,
      heard,
      claim: (session, polls = true) => peers.claim('gpu', session, polls),
      async meet(silentMs, session = 's1') {
        const own: PeerServer[] =
          silentMs === undefined ? [] : [{ name: 'gpu', session, isUp: true, silentMs }]
        const [one] = await peers.meet(own, FORGOTTEN_MS)
        if (!one) return 'none'
        const { session: by, isUp, silentMs: silence, isAbroad } = one
        return `${by} ${isUp ? 'up' : 'down'} ${silence / 1_000} s ${isAbroad ? 'abroad' : 'here'}`
      },
    }
  })
}

test.before.each((context) => {
  const [a, b] = makeGateways()
  Object.assign(context, { clock: fakeClock('performance'), a, b })
})
test.after.each(({ clock }) => clock.uninstall())

/** A second after the other. */
async function seconds(clock: Clock, count: number, each: () => Promise<unknown>): Promise<void> {
  for (let second = 0; second < count; second++) {
    clock.tick(1_000)
    await each()
  }
}

test('a name belongs to the session that was heard in the last 5 s, at whichever gateway', async ({
  clock,
  a,
  b,
}) => {
  assert.is(await a.claim('s1'), true)
  assert.is(await b.meet(), 's1 down 0 s abroad')
  for (const hours of [0, 1, -2]) {
    // A clock that is set is no pause.
    clock.setSystemTime(Date.now() + hours * 3_600_000)
    await seconds(clock, 7, async () => {
      assert.is(await a.meet(0), 's1 up 0 s here')
      assert.is(await b.meet(), 's1 up 0 s abroad')
      assert.is(await b.claim('s2'), false)
    })
  }
  await seconds(clock, 4, b.meet)
  assert.is(await b.meet(), 's1 up 4 s abroad')
  assert.is(await b.claim('s2'), false)
  clock.tick(1_000)
  assert.is(await b.claim('s2'), true)
  assert.is(await b.meet(0, 's2'), 's2 up 0 s here')
  assert.is(await a.meet(0), 's2 up 0 s abroad')
  assert.is(await a.claim('s1'), false)
})

test('a gateway that its worker leaves is told, and knows that the other one has it', async ({
  clock,
  a,
  b,
}) => {
  await a.claim('s1')
  await a.meet(0)
  // Its worker asks somewhere else for an input: that moves nothing.
  assert.is(await b.claim('s1', false), true)
  assert.equal(a.heard, [])
  assert.is(await b.claim('s1'), true)
  assert.equal([a.heard, b.heard], [[{ moved: true, server: 'gpu' }], []])
  assert.is(await a.meet(9_000), 's1 up 0 s abroad')
  assert.is(await b.meet(0), 's1 up 0 s here')
  // Of two at one moment, one has it.
  await seconds(clock, 6, () => Promise.all([a.meet(), b.meet()]))
  const claims = await Promise.all([a.claim('s2'), b.claim('s3')])
  assert.equal(claims.sort(), [false, true])
})

test('the silence that a gateway tells counts, and a worker that was let go frees its name at once', async ({
  clock,
  a,
  b,
}) => {
  await a.claim('s1')
  await a.meet(3_000)
  await b.meet()
  clock.tick(1_000)
  assert.is(await b.meet(), 's1 up 4 s abroad')
  assert.is(await b.claim('s2'), false)
  await a.meet(15_000)
  assert.is(await b.claim('s2'), true)
  // What it says of the worker before counts no more.
  assert.is(await b.meet(20_000, 's1'), 's2 down 0 s here')
})

test('after a pause, or before the first look, nobody is silent', async ({ clock, a, b }) => {
  await a.claim('s1')
  await a.meet(0)
  clock.tick(60_000)
  assert.is(await b.claim('s2'), false)
  assert.is(await b.meet(), 's1 up 0 s abroad')
  await seconds(clock, 4, b.meet)
  // Both machines, or Redis, stood still.
  clock.tick(17_000)
  assert.is(await b.claim('s2'), false)
  assert.is(await b.meet(), 's1 up 0 s abroad')
  await seconds(clock, 5, b.meet)
  assert.is(await b.claim('s2'), true)
})

test('a server that was silent for long is forgotten by all', async ({ clock, a, b }) => {
  await a.claim('s1')
  await seconds(clock, 31, b.meet)
  assert.is(await b.meet(), 's1 down 30 s abroad')
  clock.tick(1_000)
  assert.equal([await b.meet(), await a.meet(0)], ['none', 'none'])
  assert.is(await a.claim('s1'), true)
  assert.is(await a.meet(FORGOTTEN_MS + 1), 'none')
})

test('messages reach the other gateways, and missed ones are told', async ({ a, b }) => {
  const told: PeerMessage[] = [
    { run: 'one', isOver: true },
    { ask: 'x', server: 'gpu', path: '/queue' },
  ]
  for (const message of told) await a.peers.tell(message)
  assert.equal([a.heard, b.heard], [[], told])
  const listeners: ((message: string | undefined) => void)[] = []
  const peers = createPeers({ ...memoryStore(), listen: (listener) => void listeners.push(listener) })
  const heard: PeerMessage[] = []
  peers.listen((message) => void heard.push(message))
  for (const message of [undefined, 'not JSON']) listeners[0]!(message)
  assert.equal(heard, [{ missed: true }])
})
