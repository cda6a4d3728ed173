// `executeMany` of N runs: `many.mjs "URLS" N`. Prints what was asked, the seconds, how late the results were
// and the memory.
import { createClient } from '@flowscale/client'
import { executeMany } from '@flowscale/client/poller'

const [urls, n] = process.argv.slice(2)
const [url, told] = urls.split(' ')
const client = createClient({ baseUrl: url, apiKey: 'fsk_bench_0123456789' })
const ask = async () => (await fetch(told)).json()
/** When each run was known to have ended. */
const known = new Map()
const run = (count, groupId) =>
  executeMany(
    client,
    'nap',
    Array.from({ length: count }, (_, index) => ({
      ms: (300 + ((index * 7919) % 600)) / (count > 1000 ? 3 : 1),
    })),
    {
      groupId,
      concurrency: 25,
      timeoutMs: 600_000,
      onResult: ({ runId }) => known.set(runId, performance.timeOrigin + performance.now()),
    },
  )

// What is loaded and compiled at the first use counts as idle.
await run(1, 'warm')
known.clear()
globalThis.gc()
const idle = process.memoryUsage()
let peak = idle.rss
const timer = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss)
}, 20)
const { requests: before } = await ask()
const start = performance.now()
const results = await run(Number(n), `many-${n}`)
const seconds = (performance.now() - start) / 1000
clearInterval(timer)
const { requests: after, ends } = await ask()
const requests = after - before
const delays = [...known].map(([runId, at]) => at - ends[runId]).sort((a, b) => a - b)
const p99 = delays[Math.floor((delays.length - 1) * 0.99)]
const failed = results.filter(({ status }) => status !== 'fulfilled').length
globalThis.gc()
const heapMb = (process.memoryUsage().heapUsed - idle.heapUsed) / 1e6
const kept = JSON.stringify(results).length / 1e6
console.log(JSON.stringify({ requests, seconds, failed, p99, peakMb: (peak - idle.rss) / 1e6, heapMb, kept }))
process.exit()
