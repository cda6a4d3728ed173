// One operation by the client, by bare fetches and by the peers: `requests.mjs URL OPERATION CONCURRENCY BUDGET_MS`.
// Prints the samples.
import { getEventListeners } from 'node:events'
import { checkHealth, createClient, executeWorkflow, getRun } from '@flowscale/client'
import { createPeers } from '../peers/requests.mjs'
import { race } from './race.mjs'

const [url, operation, concurrency, budgetMs] = process.argv.slice(2)
const key = 'fsk_bench_0123456789'
const user = new AbortController()
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const client = createClient({ baseUrl: url, apiKey: key, logger })
const headers = { 'x-api-key': key }
const inputs = Object.fromEntries(
  Array.from({ length: 10 }, (_, index) => [
    `text_${index}`,
    `${index} lighthouses at dusk, in oil on canvas`,
  ]),
)
const form = () => {
  const form = new FormData()
  for (const name in inputs) form.append(name, inputs[name])
  return form
}

const paths = {
  checkHealth: '/comfy/health',
  getRun: '/runs/bench',
  executeWorkflow: '/runs?workflow_id=bench',
}
const path = paths[operation]
const href = `${url}/api/v1${path}`
const isPost = operation === 'executeWorkflow'
const init = () => (isPost ? { method: 'POST', headers, body: form() } : { headers })
const ours = {
  checkHealth: (options) => checkHealth(client, options),
  getRun: (options) => getRun(client, 'bench', options),
  executeWorkflow: (options) => executeWorkflow(client, 'bench', inputs, options),
}[operation]

async function withTimer() {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), 60_000)
  try {
    const redirect = isPost ? 'error' : 'manual'
    return await (await fetch(href, { ...init(), redirect, signal: controller.signal })).json()
  } finally {
    clearTimeout(timer)
  }
}

const contestants = {
  floor: async () => (await fetch(href, init())).json(),
  'fetch with our options': withTimer,
  'fetch with a signal': async () => (await fetch(href, { ...init(), signal: user.signal })).json(),
  client: () => ours(),
  'client with a signal': () => ours({ signal: user.signal }),
  ...(await createPeers({
    url,
    path,
    key,
    form: isPost ? form : undefined,
    isHealth: operation === 'checkHealth',
  })),
}
for (const name in contestants) {
  const answer = await contestants[name]()
  if (!JSON.stringify(answer).includes('"success"')) throw new Error(`${name} got ${JSON.stringify(answer)}`)
}

const samples = await race(contestants, {
  concurrency: Number(concurrency),
  batch: concurrency === '1' ? 30 : 100,
  rounds: 150,
  budgetMs: Number(budgetMs),
})

// What each leaves on a signal of its own; a bare fetch's go at the next garbage collection.
const left = {}
for (const [name, send] of [
  ['client', (signal) => ours({ signal })],
  ['floor', async (signal) => (await fetch(href, { ...init(), signal })).json()],
]) {
  const { signal } = new AbortController()
  for (let index = 0; index < 100; index++) await send(signal)
  left[name] = getEventListeners(signal, 'abort').length
}
// The code of the client alone: with a fetch that costs nothing, beside reading the same JSON.
let own
if (concurrency === '1') {
  const answer = await (await fetch(href, init())).text()
  const free = async () => ({ ok: true, status: 200, text: async () => answer })
  const local = createClient({ baseUrl: url, apiKey: key, logger, fetch: free })
  const call = { checkHealth: () => checkHealth(local), getRun: () => getRun(local, 'bench') }[operation]
  const both = { client: call, floor: async () => JSON.parse(await (await free()).text()) }
  if (call) own = await race(both, { concurrency: 1, batch: 500, rounds: 60, budgetMs: 3000 })
}
console.log(JSON.stringify({ samples, left, own }))
process.exit()
