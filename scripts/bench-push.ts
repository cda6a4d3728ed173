// How long after the server's event a wait is over: by plain polling, and with push by each connection.
// `npm run bench:push -- --runs 50`.
import { parseArgs } from 'node:util'
import { createClient, executeWorkflow, type PushConnection } from '@flowscale/client'
import { connectEvents } from '@flowscale/client/events'
import { waitForRun } from '@flowscale/client/poller'
import { connectWebSocket } from '@flowscale/client/websocket'
import { createEmulator } from '@flowscale/emulator'
import { serve } from '@flowscale/emulator/node'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '50' } } })
const runs = Number(values.runs)
/** For the median, in ms; what the README says of push. */
const limitMs = 20

const emulator = createEmulator({ containers: 8, speed: 1 })
const server = await serve(emulator)
let requests = 0
const client = createClient({
  baseUrl: server.url,
  apiKey: emulator.apiKey,
  fetch(url, init) {
    requests++
    return fetch(url, init)
  },
})
const ends = new Map<string, number>()
emulator.watch(({ run_id, status }) => {
  if (status === 'completed') ends.set(run_id, performance.now())
})

async function measure(push?: PushConnection): Promise<number[]> {
  const delays: number[] = []
  const one = async () => {
    const { data } = await executeWorkflow(client, 't3xtwr1ter00', { prompt: 'bench' })
    await waitForRun(client, data.run_id, { push })
    delays.push(performance.now() - ends.get(data.run_id)!)
  }
  for (let index = 0; index < runs; index += 8) {
    await Promise.all(Array.from({ length: Math.min(8, runs - index) }, one))
  }
  return delays.sort((a, b) => a - b)
}

const socket = connectWebSocket(client)
await socket.opened
const events = connectEvents(client, { maxStreams: 8 })
console.log(`${runs} runs each, from the server's event to the end of the wait`)
console.log(`${''.padEnd(16)}${'median'.padStart(10)}${'p99'.padStart(10)}${'requests'.padStart(10)}`)
let isSlow = false
for (const [name, push] of [
  ['polling, 1 s', undefined],
  ['by WebSocket', socket],
  ['by events', events],
] as const) {
  requests = 0
  const delays = await measure(push)
  const median = delays[Math.floor(delays.length / 2)]!
  const p99 = delays[Math.min(delays.length - 1, Math.floor(delays.length * 0.99))]!
  const columns = [`${median.toFixed(1)} ms`, `${p99.toFixed(1)} ms`, `${requests}`]
  console.log(name.padEnd(16) + columns.map((text) => text.padStart(10)).join(''))
  if (push && median > limitMs) isSlow = true
}
socket.close()
events.close()
await server.close()
emulator.close()
if (isSlow) {
  console.error(`with push the median is over ${limitMs} ms`)
  process.exitCode = 1
}
