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
let submitted = 0
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
      onSubmitted() {
        submitted++
      },
      onResult: ({ runId }) => known.set(runId, performance.timeOrigin + performance.now()),
    },
  )

// What is loaded and compiled at the first use counts as idle.
await run(1, 'warm')
known.clear()
submitted = 0
globalThis.gc()
const idle = process.memoryUsage()
let peak = idle.rss
/** The most of the heap that was in use, and how many runs waited then. */
let inUse = 0
let waiting = 0
const timers = [
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 20),
  setInterval(() => {
    globalThis.gc()
    const now = process.memoryUsage().heapUsed - idle.heapUsed
    if (now <= inUse) return
    inUse = now
    waiting = submitted - known.size
  }, 1000),
]
const { requests: before } = await ask()
const start = performance.now()
const results = await run(Number(n), `many-${n}`)
const seconds = (performance.now() - start) / 1000
timers.forEach(clearInterval)
const { requests: after, ends } = await ask()
const requests = after - before
const delays = [...known].map(([runId, at]) => at - ends[runId]).sort((a, b) => a - b)
const p99 = delays[Math.floor((delays.length - 1) * 0.99)]
const failed = results.filter(({ status }) => status !== 'fulfilled').length
globalThis.gc()
const kept = process.memoryUsage().heapUsed - idle.heapUsed
inUse = Math.max(inUse, kept)
const mb = { peak: (peak - idle.rss) / 1e6, inUse: inUse / 1e6, kept: kept / 1e6 }
console.log(JSON.stringify({ requests, seconds, failed, p99, waiting, mb }))
process.exit()
