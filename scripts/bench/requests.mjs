// One request by a bare fetch, by the client of each clone and by the peers: prints the µs of each batch.
import { print, repeat, takeTurns } from './measure.mjs'
import { createPeers } from './peers/createPeers.mjs'

const { url, key, clones, operation, texts, bytes, atOnce, batch, turns } = JSON.parse(process.argv[2])
const logger = { debug() {}, info() {}, warn() {}, error() {} }

const prompts = Array.from({ length: texts }, (_, index) => [
  `text_${index}`,
  `${index} lighthouses at dusk, in oil on canvas`,
])
const inputs = bytes
  ? { image: new File([new Uint8Array(bytes).fill(65)], 'photo.png', { type: 'image/png' }) }
  : Object.fromEntries(prompts)
const form = () => {
  const form = new FormData()
  for (const name in inputs) form.append(name, inputs[name])
  return form
}

const [path, ...args] = {
  checkHealth: ['/comfy/health'],
  getRun: ['/runs/bench', 'bench'],
  executeWorkflow: ['/runs?workflow_id=bench', 'bench', inputs],
}[operation]
const isPost = operation === 'executeWorkflow'
const href = `${url}/api/v1${path}`
const headers = { 'x-api-key': key }
const senders = {
  floor: async () => (await fetch(href, { headers, ...(isPost && { method: 'POST', body: form() }) })).json(),
  ...(await createPeers({ url, path, key, form: isPost ? form : undefined })),
}
for (const [who, folder] of Object.entries(clones)) {
  const api = await import(`${folder}/packages/client/dist/index.js`)
  const client = api.createClient({ baseUrl: url, apiKey: key, logger })
  senders[who] = () => api[operation](client, ...args)
}

for (const [who, send] of Object.entries(senders)) {
  if (who === 'beside') continue
  const answer = JSON.stringify(await send())
  if (!answer.includes('"success"')) throw new Error(`${who} got ${answer}`)
}

/** Sends a batch: µs a request, by the clock and of this process's CPU. */
async function measure(send) {
  const before = process.cpuUsage()
  const ms = await repeat(batch, atOnce, send)
  const { user, system } = process.cpuUsage(before)
  return { time: (ms * 1000) / batch, cpu: (user + system) / batch }
}
print(await takeTurns(senders, measure, turns))
