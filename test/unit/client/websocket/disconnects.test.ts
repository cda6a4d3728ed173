// The server destroys real TCP sockets at random moments before, during and after the end of runs: each end is
// seen, once, and nothing is left behind.
import { getEventListeners } from 'node:events'
import { createClient, executeWorkflow } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { connectWebSocket } from '@flowscale/client/websocket'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'
import { assert, suite } from '#test'
import { CANARY } from '../../../support/canary.ts'
import { createRandom } from '../../../support/random.ts'

const test = suite('forced disconnects')
const seed = Number(process.env.SEED ?? 20261125)
const drops = 200

test(`${drops} of them`, async () => {
  const random = createRandom(seed)
  const emulator = createEmulator({ apiKey: CANARY, speed: 50, containers: 4 })
  const server = await serve(emulator)
  const client = createClient({ baseUrl: server.url, apiKey: CANARY })
  const control = new AbortController()
  const { signal } = control
  const connection = connectWebSocket(client, {
    signal,
    reconnectInterval: 3,
    maxReconnectAttempts: Number.POSITIVE_INFINITY,
  })
  await connection.opened
  const ends = new Map<string, number>()
  let dropped = 0
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  const work = async () => {
    while (dropped < drops) {
      const { data } = await executeWorkflow(client, 't3xtwr1ter00', { prompt: 'x' })
      ends.set(data.run_id, 0)
      const wait = waitForRun(client, data.run_id, {
        push: connection,
        pollIntervalMs: 20,
        signal,
        onUpdate: ({ _id, status }) => {
          if (status === 'completed') ends.set(_id, ends.get(_id)! + 1)
        },
      })
      // A run takes 20 ms: this is before, at or after its end.
      await pause(random() * 40)
      if (server.sockets > 0) dropped++
      server.dropSockets()
      assert.is((await wait).status, 'completed')
    }
  }
  await Promise.all([work(), work()])
  connection.close()
  for (let tries = 0; server.sockets > 0 && tries < 6000; tries++) await pause(5)
  const left = {
    sockets: server.sockets,
    listeners: getEventListeners(signal, 'abort').length,
    timers: 0,
  }
  await server.close()
  emulator.close()
  await pause(0)
  left.timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const once = [...ends.values()].filter((count) => count === 1).length
  console.log(
    `[show] forced disconnects: seed ${seed}, ${dropped} drops, ${ends.size} runs started, ${once} ends seen once`,
  )
  console.log(`[show] left: ${left.sockets} sockets, ${left.timers} timers, ${left.listeners} listeners`)
  assert.ok(dropped >= drops)
  assert.is(once, ends.size)
  assert.equal(left, { sockets: 0, listeners: 0, timers: 0 })
})
