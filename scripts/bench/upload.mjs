// Uploads a file by a bare fetch, a client or a peer: prints the seconds, the CPU's seconds, and the MB above idle at most.
import { openAsBlob, statSync } from 'node:fs'
import { print } from './measure.mjs'

const { url, key, file, client, peer } = JSON.parse(process.argv[2])
const path = '/runs?workflow_id=upload'
let blob = new Blob(['warm'])
const form = () => {
  const form = new FormData()
  form.append('file', blob, 'large.bin')
  return form
}

let send = async () => {
  const answer = await fetch(`${url}/api/v1${path}`, { method: 'POST', body: form() })
  return answer.json()
}
if (client) {
  const { createClient, executeWorkflow, toFile } = await import(client)
  const own = createClient({ baseUrl: url, timeoutMs: 600_000 })
  send = () => executeWorkflow(own, 'upload', { file: toFile(blob, 'large.bin') })
} else if (peer) {
  const { createPeers } = await import('./peers/createPeers.mjs')
  send = (await createPeers({ url, path, key, form }))[peer]
}

// What is loaded at the first use counts as idle.
await send()
globalThis.gc()
const idle = process.memoryUsage().rss
let peak = idle
const look = () => {
  peak = Math.max(peak, process.memoryUsage().rss)
}
setInterval(look, 5)
blob = await openAsBlob(file)
const before = process.cpuUsage()
const start = performance.now()
const { bytes } = (await send()).data
const seconds = (performance.now() - start) / 1000
const { user, system } = process.cpuUsage(before)
look()
if (bytes < statSync(file).size) throw new Error(`the server got ${bytes} bytes`)
print({ seconds, cpu: (user + system) / 1e6, mb: (peak - idle) / 1e6 })
