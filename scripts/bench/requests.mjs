// One request by a bare fetch, by the client of each clone and by the peers: prints the µs of each batch.
import { createPeers } from './peers/createPeers.mjs'
import { print, takeTurns } from './takeTurns.mjs'

const options = JSON.parse(process.argv[2])
const { url, key, clones, operation, texts, bytes, atOnce, batch, turns } = options
const logger = { debug() {}, info() {}, warn() {}, error() {} }

const inputs = bytes
  ? { image: new File([new Uint8Array(bytes).fill(65)], 'photo.png', { type: 'image/png' }) }
  : Object.fromEntries(
      Array.from({ length: texts }, (_, index) => [
        `text_${index}`,
        `${index} lighthouses at dusk, in oil on canvas`,
      ]),
    )
const form = () => {
  const form = new FormData()
  for (const name in inputs) form.append(name, inputs[name])
  return form
}

const args = { checkHealth: [], getRun: ['bench'], executeWorkflow: ['bench', inputs] }[operation]
const path = {
  checkHealth: '/comfy/health',
  getRun: '/runs/bench',
  executeWorkflow: '/runs?workflow_id=bench',
}[operation]
const isPost = operation === 'executeWorkflow'
const href = `${url}/api/v1${path}`
const headers = { 'x-api-key': key }
const bare = () => fetch(href, { headers, ...(isPost && { method: 'POST', body: form() }) })
const text = await (await bare()).text()
const senders = {
  floor: async () => (await bare()).json(),
  ...(await createPeers({ url, path, key, form: isPost ? form : undefined })),
}
for (const [who, folder] of Object.entries(clones)) {
  const api = await import(`${folder}/packages/client/dist/index.js`)
  const client = api.createClient({ baseUrl: url, apiKey: key, logger })
  const call =
    api[operation] ??
    (() => {
      throw new Error(`it has no ${operation}`)
    })
  senders[who] = () => call(client, ...args)
}

/** Sends a batch: µs a request, by the clock and of this process's CPU. */
const send = (one) => async () => {
  let left = batch
  const work = async () => {
    while (left-- > 0) await one()
  }
  const before = process.cpuUsage()
  const start = performance.now()
  await Promise.all(Array.from({ length: atOnce }, work))
  const us = (performance.now() - start) * 1000
  const { user, system } = process.cpuUsage(before)
  return { time: us / batch, cpu: (user + system) / batch }
}

const contestants = {}
for (const [who, one] of Object.entries(senders)) {
  const answer = who === 'beside' ? text : JSON.stringify(await one())
  if (!answer.includes('"success"')) throw new Error(`${who} got ${answer}`)
  contestants[who] = send(one)
}
print(await takeTurns(contestants, turns))
