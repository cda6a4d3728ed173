// Runs by a gateway and by ComfyUI alone, in turn: `gateway.mjs GATEWAY COMFYUI SECONDS RUNS AT_ONCE ROUNDS`. Prints the ms of
// each round. Both are asked every 5 ms for the end, and the file is read.
import { readFileSync } from 'node:fs'

const [gatewayUrl, comfyUrl, ...numbers] = process.argv.slice(2)
const [seconds, runs, atOnce, rounds] = numbers.map(Number)
const headers = { 'x-api-key': 'fsk_bench_0123456789' }
const graph = readFileSync('test/gateway/disasters/brief.json', 'utf8')
let seed = Math.floor(Math.random() * 1e9)

const pause = () => new Promise((resolve) => setTimeout(resolve, 5))

async function bare() {
  const prompt = JSON.parse(graph)
  Object.assign(prompt[2].inputs, { seconds, seed: seed++ })
  const prompt_id = crypto.randomUUID()
  const body = JSON.stringify({ prompt, prompt_id, client_id: prompt_id })
  await (await fetch(`${comfyUrl}/prompt`, { method: 'POST', body })).json()
  for (;;) {
    const entry = (await (await fetch(`${comfyUrl}/history/${prompt_id}`)).json())[prompt_id]
    if (entry) {
      const file = new URLSearchParams(entry.outputs[3].images[0])
      return await (await fetch(`${comfyUrl}/view?${file}`)).arrayBuffer()
    }
    await pause()
  }
}

async function byGateway() {
  const body = new FormData()
  body.set('seconds', `${seconds}`)
  body.set('seed', `${seed++}`)
  const answer = await fetch(`${gatewayUrl}/api/v1/runs?workflow_id=brief`, { method: 'POST', headers, body })
  const { run_id } = (await answer.json()).data
  for (;;) {
    const { data } = await (await fetch(`${gatewayUrl}/api/v1/runs/${run_id}`, { headers })).json()
    if (data.status === 'completed') return await (await fetch(data.outputs[0].url)).arrayBuffer()
    if (data.status === 'failed') throw new Error(data.error)
    await pause()
  }
}

async function time(run) {
  const start = performance.now()
  let left = runs
  const work = async () => {
    while (left-- > 0) await run()
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return performance.now() - start
}

// What is compiled and connected at first use.
const ways = { bare, gateway: byGateway }
for (const run of Object.values(ways)) for (let count = 0; count < 10; count++) await run()
const told = { bare: [], gateway: [] }
for (let round = 0; round < rounds; round++) {
  const names = round % 2 ? ['gateway', 'bare'] : ['bare', 'gateway']
  for (const name of names) told[name].push(await time(ways[name]))
}
console.log(JSON.stringify(told))
process.exit()
