// Runs each row of prompts.csv, whose first line names inputs of the workflow, and saves an image for each into images/.
// If it is killed, start it again: the group of a row names its run, so no row is paid for twice.
//   npm install @flowscale/client csv-parse && node csv-batch.mjs
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { checkHealth, createClient } from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import { executeMany } from '@flowscale/client/poller'
import { parse } from 'csv-parse/sync'

const client = createClient({
  baseUrl: process.env.FLOWSCALE_API_URL ?? 'http://127.0.0.1:4188',
  apiKey: process.env.FLOWSCALE_API_KEY ?? 'fsk_local_demo_key',
})
await checkHealth(client) // a wrong address or key ends the script here

// A row gets its name from its cells, so you may add, move and remove rows. Equal rows run once.
const rows = new Map()
const [header = [], ...lines] = parse(readFileSync('prompts.csv'), { bom: true, skip_empty_lines: true })
for (const cells of lines) {
  const filled = header.map((input, column) => [input, cells[column]]).filter(([, cell]) => cell)
  if (!filled.length) continue
  const name = createHash('sha256').update(JSON.stringify(filled)).digest('hex').slice(0, 16)
  rows.set(name, Object.fromEntries(filled))
}
const names = [...rows.keys()]
mkdirSync('images', { recursive: true })
const saves = new Set()
let failed = 0

console.log(`Submitting ${rows.size} rows`)
await executeMany(client, 'bncu0a1kipv', [...rows.values()], {
  // A new word before the `/` runs everything again. In the queue of a gateway, all its runs take turns as one caller.
  groupId: (index) => `prompts/${names[index]}`,
  timeoutMs: 24 * 3_600_000, // from each submission: a long queue is no failure
  onResult(result) {
    const name = names[result.index]
    const file = `images/${name}.png`
    if (result.status === 'rejected') {
      failed++
      return console.error(rows.get(name), String(result.reason))
    }
    const [output] = result.value.outputs
    if (!output) {
      failed++
      return console.error(rows.get(name), 'the run has no output')
    }
    if (existsSync(file)) return
    const save = saveOutput(client, output, file).then(
      () => console.log(file, rows.get(name)),
      (error) => {
        failed++
        console.error(file, String(error))
      },
    )
    saves.add(save)
  },
})
await Promise.all(saves)
console.log(`${rows.size - failed} done, ${failed} failed`)
process.exitCode = failed ? 1 : 0
