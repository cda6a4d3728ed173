// Starts runs, 25 at a time, and waits for all of them: prints when each end was known, the requests, and with `isMany` the
// most heap in use above idle, in MB.
import { print, repeat } from './measure.mjs'

const { url, key, folder, way, runs, ms, isMany } = JSON.parse(process.argv[2])
let requests = 0
const send = globalThis.fetch
globalThis.fetch = (...args) => {
  requests++
  return send(...args)
}

const load = (entry) => import(`${folder}/packages/client/dist/${entry}.js`)
/** By run, in ms. */
const ends = {}
const note = (runId) => {
  ends[runId] = performance.timeOrigin + performance.now()
}

const headers = { 'x-api-key': key }
const bare = {
  async submit(inputs) {
    const body = new FormData()
    body.append('ms', inputs.ms)
    const answer = await fetch(`${url}/api/v1/runs?workflow_id=nap`, { method: 'POST', headers, body })
    return (await answer.json()).data.run_id
  },
  async wait(runId) {
    for (;;) {
      const answer = await fetch(`${url}/api/v1/runs/${runId}`, { headers })
      if ((await answer.json()).data.status === 'completed') return
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  },
}

async function connect(client) {
  if (way.includes('events')) return (await load('events')).connectEvents(client, { maxStreams: runs })
  if (!way.includes('push')) return
  const socket = (await load('websocket')).connectWebSocket(client)
  await socket.opened
  return socket
}

/** Gives a function that starts all runs of a list and waits for them. */
async function prepare() {
  let { submit, wait } = bare
  if (way !== 'bare') {
    const { createClient, executeWorkflow } = await load('index')
    const { createRunWatcher, executeMany, waitForRun } = await load('poller')
    const client = createClient({ baseUrl: url, apiKey: key })
    if (way === 'executeMany') {
      const onResult = ({ runId }) => note(runId)
      const options = { concurrency: 25, timeoutMs: 600_000, onResult }
      return (list) => executeMany(client, 'nap', list, { groupId: `${list.length} runs`, ...options })
    }
    const push = await connect(client)
    const watcher = way.includes('watcher') ? createRunWatcher(client, { groupId: way, push }) : undefined
    submit = async (inputs) => {
      const { data } = await executeWorkflow(client, 'nap', inputs, { groupId: way })
      return data.run_id
    }
    wait = (runId) => (watcher ? watcher.wait(runId) : waitForRun(client, runId, { push }))
  }
  return async (list) => {
    const waits = []
    await repeat(list.length, 25, async (index) => {
      const runId = await submit(list[index])
      waits.push(wait(runId).then(() => note(runId)))
    })
    await Promise.all(waits)
  }
}

const play = await prepare()
if (isMany) {
  // What is loaded and compiled at the first use counts as idle.
  await play([{ ms: 50 }])
  for (const runId in ends) delete ends[runId]
}
const used = () => {
  globalThis.gc()
  return process.memoryUsage().heapUsed / 1e6
}
const idle = used()
let most = idle
const look = () => {
  most = Math.max(most, used())
}
if (isMany) setInterval(look, 1000)
requests = 0
/** The same durations for everyone. */
const inputs = Array.from({ length: runs }, (_, index) => ({
  ms: ms[0] + ((index * 7919) % (ms[1] - ms[0])),
}))
await play(inputs)
if (isMany) look()
print({ ends, requests, heapMb: most - idle })
