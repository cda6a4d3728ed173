// Runs many prompts, some at a time, into batch-output/. Stop it whenever you like: started again, it goes on with the
// runs that it has paid for, and submits anew only what failed.
//   node examples/node-batch.mjs ["a red fox in snow" "desert dawn" …]
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createClient, executeWorkflow, getRuns, RunError } from '@flowscale/client'
import { saveOutput } from '@flowscale/client/node'
import { waitForResult } from '@flowscale/client/poller'

const baseUrl = process.env.FLOWSCALE_API_URL || 'http://127.0.0.1:4188'
const apiKey = process.env.FLOWSCALE_API_KEY || 'fsk_local_demo_key'

const concurrency = 2
const folder = 'batch-output'
const stateFile = join(folder, 'batch.json')
const builtIn = ['a lighthouse at dusk', 'a red fox in snow', 'a storm over the sea', 'desert dawn']
const prompts = new Set(process.argv.length > 2 ? process.argv.slice(2) : builtIn)

const client = createClient({ baseUrl, apiKey })
mkdirSync(folder, { recursive: true })
const jobs = new Map(existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, 'utf8')) : [])

/** Notes something about a prompt, on the disk before anything else happens. */
function save(prompt, job) {
  if (job) jobs.set(prompt, job)
  else jobs.delete(prompt)
  writeFileSync(`${stateFile}.new`, JSON.stringify([...jobs], null, 2))
  renameSync(`${stateFile}.new`, stateFile)
  return job
}

/** Submits a prompt, unless an earlier process has. */
async function submit(prompt) {
  const known = jobs.get(prompt)
  if (known?.runId) return known
  if (known) {
    // It ended between the request and the answer: the group, made for this prompt alone, tells.
    const { data } = await getRuns(client, { groupId: known.groupId })
    if (data.runs[0]) return save(prompt, { ...known, runId: data.runs[0]._id })
  }
  const job = known ?? save(prompt, { groupId: `node-batch/${randomUUID()}` })
  const { data } = await executeWorkflow(
    client,
    'bncu0a1kipv',
    { text_51536: prompt },
    { groupId: job.groupId },
  )
  const submitted = save(prompt, { ...job, runId: data.run_id })
  console.log(`Submitted ${data.run_id}  ${prompt}`)
  return submitted
}

async function work(prompt) {
  if (jobs.get(prompt)?.files) return
  const job = await submit(prompt)
  const { runId } = job
  const { outputs } = await waitForResult(client, runId, { timeoutMs: 3_600_000 })
  const files = []
  for (const output of outputs) {
    const { path } = await saveOutput(client, output, join(folder, `${runId}-${basename(output.filename)}`))
    files.push(path)
  }
  save(prompt, { ...job, files })
  console.log(`Saved ${files.join(', ')}  ${prompt}`)
}

let failures = 0
const queue = prompts.values()
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    for (const prompt of queue) {
      try {
        await work(prompt)
      } catch (error) {
        failures++
        console.error(`Failed: ${error.message}  ${prompt}`)
        // There is nothing left to wait for: the next start pays for a new run. After any other error it waits on.
        if (error instanceof RunError) save(prompt, undefined)
      }
    }
  }),
)
console.log(`${prompts.size - failures} of ${prompts.size} done; see ${stateFile}`)
process.exitCode = failures ? 1 : 0
