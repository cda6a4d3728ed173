// How long after the end of a run a wait for it is over: `waits.mjs "URLS" WAY RUNS`. Prints ms, and how much was asked.
import { createClient, executeWorkflow } from '@flowscale/client'
import {
  createPollHistory,
  createRunWatcher,
  executeWorkflowAsync,
  waitForRun,
} from '@flowscale/client/poller'
import { connectWebSocket } from '@flowscale/client/websocket'
import { WebSocket } from 'ws'

// Node 20 has none of its own; which one it is makes no difference here.
globalThis.WebSocket ??= WebSocket
const [urls, way, runs] = process.argv.slice(2)
const [url, told] = urls.split(' ')
const key = 'fsk_bench_0123456789'
const client = createClient({ baseUrl: url, apiKey: key })
const groupId = `${way} ${runs}`
const push = way.includes('push') ? connectWebSocket(client) : undefined
await push?.opened
const watcher = way.includes('watcher') ? createRunWatcher(client, { groupId, push }) : undefined

// A hundred run at a time.
const draw = () => Math.round(runs > 100 ? 300 + 600 * Math.random() : 2000 + 3000 * Math.random())
const history = way.includes('adaptive') ? createPollHistory() : undefined
// It knows the last runs, as that of an app does which has run for a while.
for (let earlier = history ? 12 : 0; earlier > 0; earlier -= 4) {
  const run = () => executeWorkflowAsync(client, 'nap', { ms: draw() }, { pollIntervalMs: history })
  await Promise.all(Array.from({ length: 4 }, run))
}

async function poll(runId) {
  for (;;) {
    const response = await fetch(`${url}/api/v1/runs/${runId}`, { headers: { 'x-api-key': key } })
    if ((await response.json()).data.status === 'completed') return
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

const wait = (runId) =>
  way === 'floor'
    ? poll(runId)
    : watcher
      ? watcher.wait(runId)
      : waitForRun(client, runId, { push, pollIntervalMs: history })

const ask = async () => (await fetch(told)).json()
const before = await ask()
const delays = new Map()
const waits = []
let left = Number(runs)
const submit = async () => {
  while (left-- > 0) {
    const { data } = await executeWorkflow(client, 'nap', { ms: draw() }, { groupId })
    waits.push(
      wait(data.run_id).then(() => delays.set(data.run_id, performance.timeOrigin + performance.now())),
    )
  }
}
await Promise.all(Array.from({ length: 25 }, submit))
await Promise.all(waits)
const after = await ask()
// A wait asks at least once: what is left is what came on top of the submissions.
const asked = after.requests - before.requests - Number(runs)
console.log(JSON.stringify({ delays: [...delays].map(([runId, at]) => at - after.ends[runId]), asked }))
process.exit()
