// Runs by ComfyUI alone and by gateways: prints the ms a run of each round. All are asked every 5 ms for the end, and the
// file is read.
import { readFileSync } from 'node:fs'
import { print, takeTurns } from './takeTurns.mjs'

const { comfyUrl, gateways, key, seconds, runs, atOnce, turns } = JSON.parse(process.argv[2])
const headers = { 'x-api-key': key }
const graph = readFileSync('test/servers/disasters/brief.json', 'utf8')
let seed = Math.floor(Math.random() * 1e9)

/** Asks until `read` gives something. */
async function poll(url, read) {
  for (;;) {
    const found = read(await (await fetch(url, { headers })).json())
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function runAlone() {
  const prompt = JSON.parse(graph)
  Object.assign(prompt[2].inputs, { seconds, seed: seed++ })
  const id = crypto.randomUUID()
  const body = JSON.stringify({ prompt, prompt_id: id, client_id: id })
  await (await fetch(`${comfyUrl}/prompt`, { method: 'POST', body })).json()
  const { outputs } = await poll(`${comfyUrl}/history/${id}`, (history) => history[id])
  return `${comfyUrl}/view?${new URLSearchParams(outputs[3].images[0])}`
}

const runBy = (url) => async () => {
  const body = new FormData()
  body.set('seconds', `${seconds}`)
  body.set('seed', `${seed++}`)
  const answer = await fetch(`${url}/api/v1/runs?workflow_id=brief`, { method: 'POST', headers, body })
  const { run_id } = (await answer.json()).data
  const run = await poll(
    `${url}/api/v1/runs/${run_id}`,
    ({ data }) => /completed|failed/.test(data.status) && data,
  )
  if (run.error) throw new Error(run.error)
  return run.outputs[0].url
}

const time = (run) => async () => {
  const start = performance.now()
  let left = runs
  const work = async () => {
    while (left-- > 0) await (await fetch(await run())).arrayBuffer()
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return { ms: (performance.now() - start) / runs }
}

const contestants = { floor: time(runAlone) }
for (const [who, url] of Object.entries(gateways)) contestants[who] = time(runBy(url))
print(await takeTurns(contestants, turns))
