// What 20 rounds of a plain `waitForRun` make, for each round: `plainRounds.mjs FOLDER`. A `fetch` of our own answers, so
// that nothing of the runtime's is counted; what is made once for the whole wait is not in it.
import { countGlobals, perRound } from './countGlobals.mjs'

const [folder] = process.argv.slice(2)
const { createClient } = await import(`${folder}/packages/client/dist/index.js`)
const { waitForRun } = await import(`${folder}/packages/client/dist/poller.js`)
const rounds = 20
const answer = JSON.stringify({ status: 'success', data: { _id: 'r', status: 'running', outputs: [] } })
const counts = countGlobals()
let polls = 0
let first

async function fetch() {
  polls++
  if (polls === 1) first = { ...counts }
  if (polls === 1 + rounds) {
    console.log(JSON.stringify(perRound(first, counts, rounds)))
    process.exit()
  }
  return new Response(answer)
}

await waitForRun(createClient({ baseUrl: 'http://127.0.0.1:9', apiKey: 'fsk_measure', fetch }), 'r', {
  pollIntervalMs: 5,
})
