// Runs of the emulator one after the other, in many lines at once: a third is polled each second by a bare fetch, a third
// so by the client, a third by a history: `adaptive.mjs "URLS" MEDIAN SIGMA RUNS`. Prints the polls a run and the mean
// delay, in ms, of each.
import { createClient, executeWorkflow } from '@flowscale/client'
import { createPollHistory, executeWorkflowAsync } from '@flowscale/client/poller'

const lines = 40
const key = 'fsk_bench_0123456789'
const [urls, ...numbers] = process.argv.slice(2)
const [url, told] = urls.split(' ')
const [medianMs, sigma, runs] = numbers.map(Number)

async function line(wait) {
  let polls = 0
  const get = (href, init) => {
    if (init.method !== 'POST') polls++
    return fetch(href, init)
  }
  const client = createClient({ baseUrl: url, apiKey: key, fetch: get })
  const bare = async (runId) => {
    for (;;) {
      const response = await get(`${url}/api/v1/runs/${runId}`, { headers: { 'x-api-key': key } })
      if ((await response.json()).data.status === 'completed') return
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  const ends = []
  for (let run = 0; run < runs; run++) {
    const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
    const ms = Math.round(medianMs * Math.exp(sigma * normal))
    const runId = await wait(client, { ms }, bare)
    ends.push({ runId, at: performance.timeOrigin + performance.now() })
  }
  return { polls, ends }
}

const bare = () => async (client, inputs, poll) => {
  const { data } = await executeWorkflow(client, 'nap', inputs)
  await poll(data.run_id)
  return data.run_id
}
const waited = (pollIntervalMs) => async (client, inputs) =>
  (await executeWorkflowAsync(client, 'nap', inputs, { pollIntervalMs })).runId

const third = (make) => Promise.all(Array.from({ length: lines }, () => line(make())))
const thirds = await Promise.all([
  third(bare),
  third(() => waited()),
  third(() => waited(createPollHistory())),
])
const { ends } = await (await fetch(told)).json()
const [byFetch, fixed, adaptive] = thirds.map((third) => {
  const all = third.flatMap((one) => one.ends)
  const polls = third.reduce((sum, one) => sum + one.polls, 0)
  const delay = all.reduce((sum, { runId, at }) => sum + at - ends[runId], 0)
  return { polls: polls / all.length, delay: delay / all.length }
})
console.log(JSON.stringify({ bare: byFetch, fixed, adaptive }))
process.exit()
