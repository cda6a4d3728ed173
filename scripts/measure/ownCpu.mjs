// The µs of CPU that a request takes in the client's own code, with a `fetch` that costs nothing, by the bench's race, whose
// rounds begin with a garbage collection; and in a race without those, after which the engine compiles much anew.
// `node --expose-gc ownCpu.mjs FOLDER…` measures the folders in turn, in one process.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { race } from '../bench/workers/race.mjs'

const folders = process.argv.slice(2)
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const answers = {
  checkHealth: [{ container: 'container #1', status: 'idle' }],
  getRun: {
    _id: 'bench',
    status: 'completed',
    inputs: [{ path: 'text_51536', category: 'prompt', value: 'a lighthouse at dusk' }],
    outputs: [{ filename: 'image_1.png', url: 'http://127.0.0.1/bench.png?signature=0123456789' }],
    created_at: '2026-01-01T00:00:00.000Z',
  },
}
/** By real requests, after which the engine has seen what a signal is used for, and compiles less. */
const warmUps = 5000

const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)), { execArgv: [] })
const [baseUrl] = await once(server, 'message')
const contestants = {}
for (const [name, data] of Object.entries(answers)) {
  const answer = JSON.stringify({ status: 'success', data })
  const fetch = async () => ({ ok: true, status: 200, text: async () => answer })
  contestants[name] = async () => JSON.parse(await (await fetch()).text())
  for (const folder of folders) {
    const { createClient, [name]: call } = await import(`${folder}/packages/client/dist/index.js`)
    const options = { baseUrl, apiKey: 'fsk_measure', logger }
    const args = name === 'getRun' ? ['bench'] : []
    const real = createClient(options)
    for (let index = 0; index < warmUps; index++) await call(real, ...args)
    const free = createClient({ ...options, fetch })
    contestants[`${name} ${folder}`] = () => call(free, ...args)
  }
}

const limits = { concurrency: 1, batch: 500, rounds: 100, budgetMs: 20_000 }
const collected = await race(contestants, limits)
globalThis.gc = undefined
const uncollected = await race(contestants, limits)

const us = (samples, name) => {
  const sorted = samples[name].cpu.sort((a, b) => a - b)
  return 1000 * sorted[Math.floor(sorted.length / 2)]
}
const own = (folder) =>
  Object.fromEntries(
    Object.keys(answers).flatMap((name) => [
      [name, us(collected, `${name} ${folder}`)],
      [`${name}Uncollected`, us(uncollected, `${name} ${folder}`)],
      [`${name}Floor`, us(collected, name)],
    ]),
  )
console.log(JSON.stringify(folders.map(own)))
process.exit()
