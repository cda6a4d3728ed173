// Uploads one file one way, and prints how long it took and how much memory.
import { openAsBlob } from 'node:fs'
import { createClient, executeWorkflow, toFile } from '@flowscale/client'

const [way, url, file] = process.argv.slice(2)
const client = createClient({ baseUrl: url, timeoutMs: 600_000 })

async function send(blob) {
  if (way === 'executeWorkflow') {
    return (await executeWorkflow(client, 'upload', { file: toFile(blob, 'large.bin') })).data.bytes
  }
  const form = new FormData()
  form.append('file', blob, 'large.bin')
  const response = await fetch(`${url}/api/v1/runs?workflow_id=upload`, { method: 'POST', body: form })
  return (await response.json()).data.bytes
}

// Once small, so that what is loaded at the first use counts as idle.
await send(new Blob(['warm']))
globalThis.gc()
const idle = process.memoryUsage().rss
let peak = idle
const timer = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss)
}, 5)
const start = performance.now()
const bytes = await send(await openAsBlob(file))
const seconds = (performance.now() - start) / 1000
clearInterval(timer)
console.log(
  JSON.stringify({ seconds, bytes, peakMb: (Math.max(peak, process.memoryUsage().rss) - idle) / 1e6 }),
)
process.exit()
