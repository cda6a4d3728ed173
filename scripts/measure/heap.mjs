// The KB of heap that each waiting run of `executeMany` takes, while 1,000 go on: `node --expose-gc heap.mjs FOLDER`.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const [folder] = process.argv.slice(2)
const { createClient } = await import(`${folder}/packages/client/dist/index.js`)
const { executeMany } = await import(`${folder}/packages/client/dist/poller.js`)
const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), { execArgv: [] })
const [baseUrl] = await once(server, 'message')
const client = createClient({ baseUrl, apiKey: 'fsk_measure' })
const runs = 1000

const used = () => {
  globalThis.gc()
  return process.memoryUsage().heapUsed
}
const inputs = (count) => Array.from({ length: count }, (_, index) => ({ text_1: `${index} lighthouses` }))
const options = { concurrency: 25 }
// What is loaded, compiled and connected at the first use is there before.
await executeMany(client, 'short', inputs(100), { ...options, groupId: 'short' })
const list = inputs(runs)
const before = used()
let submitted = 0
await new Promise((resolve, reject) => {
  const onSubmitted = () => ++submitted === runs && resolve()
  executeMany(client, 'long', list, { ...options, groupId: 'long', onSubmitted }).catch(reject)
})
// At several moments of a round: what is under way then differs.
const samples = []
for (let index = 0; index < 15; index++) {
  await new Promise((resolve) => setTimeout(resolve, 170))
  samples.push((used() - before) / 1000 / runs)
}
samples.sort((a, b) => a - b)
console.log(samples[Math.floor(samples.length / 2)])
process.exit()
