// Runs of the emulator one after the other, in many lines at once, half of which poll by a history: `adaptive.mjs "URLS"
// MEDIAN SIGMA RUNS`. Prints the polls a run and the mean delay, in ms, of both halves.
import { createClient } from '@flowscale/client'
import { createPollHistory, executeWorkflowAsync } from '@flowscale/client/poller'

const lines = 80
const [urls, ...numbers] = process.argv.slice(2)
const [url, told] = urls.split(' ')
const [medianMs, sigma, runs] = numbers.map(Number)

async function line(pollIntervalMs) {
  let polls = 0
  const fetch = (href, init) => {
    if (init.method === 'GET') polls++
    return globalThis.fetch(href, init)
  }
  const client = createClient({ baseUrl: url, apiKey: 'fsk_bench_0123456789', fetch })
  const ends = []
  for (let run = 0; run < runs; run++) {
    const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
    const ms = Math.round(medianMs * Math.exp(sigma * normal))
    const { runId } = await executeWorkflowAsync(client, 'nap', { ms }, { pollIntervalMs })
    ends.push({ runId, at: performance.timeOrigin + performance.now() })
  }
  return { polls, ends }
}

const half = (make) => Promise.all(Array.from({ length: lines / 2 }, () => line(make())))
const halves = await Promise.all([half(() => undefined), half(createPollHistory)])
const { ends } = await (await fetch(told)).json()
const [fixed, adaptive] = halves.map((half) => {
  const all = half.flatMap((one) => one.ends)
  const polls = half.reduce((sum, one) => sum + one.polls, 0)
  const delay = all.reduce((sum, { runId, at }) => sum + at - ends[runId], 0)
  return { polls: polls / all.length, delay: delay / all.length }
})
console.log(JSON.stringify({ fixed, adaptive }))
process.exit()
