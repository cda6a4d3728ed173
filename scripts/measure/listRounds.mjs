// What a round of a watcher makes, whose list answers 100 waits, by 10 rounds: `listRounds.mjs FOLDER`. A `fetch` of our own
// answers, so that nothing of the runtime's is counted.
import { countGlobals, perRound } from './countGlobals.mjs'

const [folder] = process.argv.slice(2)
const { createClient } = await import(`${folder}/packages/client/dist/index.js`)
const { createRunWatcher } = await import(`${folder}/packages/client/dist/poller.js`)
const rounds = 10
const ids = Array.from({ length: 100 }, (_, index) => `run_${index}`)
const items = ids.map((_id) => ({ _id, status: 'running', group_id: 'g', inputs: [], outputs: [] }))
const list = JSON.stringify({ status: 'success', data: items, meta: { total_pages: 1 } })
const counts = countGlobals()
let lists = 0
let first

async function fetch(href) {
  const { pathname, search } = new URL(href)
  if (!search) {
    if (lists < 3) return new Response(JSON.stringify({ status: 'success', data: items[0] }))
    console.error(`${pathname} was requested instead of the list`)
    process.exit(1)
  }
  lists++
  // The first ones may find waits that have only begun.
  if (lists === 3) first = { ...counts }
  if (lists === 3 + rounds) {
    console.log(JSON.stringify(perRound(first, counts, rounds)))
    process.exit()
  }
  return new Response(list)
}

const client = createClient({ baseUrl: 'http://127.0.0.1:9', apiKey: 'fsk_measure', fetch })
await createRunWatcher(client, { groupId: 'g', pollIntervalMs: 100 }).waitAll(ids)
