// Clients that wait for runs: `waiting.mjs GATEWAY events|polls CLIENTS SECONDS`. Prints how many waited, asked and failed.
import http from 'node:http'

const [url, way, ...numbers] = process.argv.slice(2)
const [clients, seconds] = numbers.map(Number)
const headers = { 'x-api-key': 'fsk_bench_0123456789' }
const agent = new http.Agent({
  keepAlive: true,
  maxSockets: way === 'events' ? Number.POSITIVE_INFINITY : 64,
})
const told = { open: 0, asked: 0, failed: 0 }

const ids = []
for (let count = 0; count < 100; count++) {
  const body = new URLSearchParams({ seconds: '600', seed: `${count}` })
  const answer = await fetch(`${url}/api/v1/runs?workflow_id=brief`, { method: 'POST', headers, body })
  ids.push((await answer.json()).data.run_id)
}

/** Resolves at the first event, or at the whole answer. */
const ask = (path) =>
  new Promise((resolve) => {
    told.asked++
    const fail = () => {
      told.failed++
      resolve()
    }
    http
      .get(url + path, { headers, agent }, (response) => {
        if (response.statusCode !== 200) told.failed++
        response.on('error', () => {})
        response.once(way === 'events' ? 'data' : 'end', resolve)
        response.resume()
      })
      .on('error', fail)
  })

const pathOf = (client) => `/api/v1/runs/${ids[client % ids.length]}${way === 'events' ? '/events' : ''}`
const end = () => performance.now() > until
let until = Number.POSITIVE_INFINITY
for (let client = 0; client < clients; client += 100) {
  await Promise.all(Array.from({ length: 100 }, (_, index) => ask(pathOf(client + index))))
  told.open += 100
}
told.asked = 0
until = performance.now() + seconds * 1000
if (way === 'events') await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
else {
  // Each comes again every 10 s, evenly.
  for (let client = 0; !end(); client++) {
    void ask(pathOf(client))
    if (client % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
console.log(JSON.stringify(told))
process.exit()
