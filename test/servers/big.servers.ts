import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, executeWorkflow } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { assert, suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { startGateway, startSmallComfy } from '../support/startProcess.ts'
import { download, MB, megabytes, memoryOf, mostMemoryOf, upload } from './bigFile.ts'

// A large file through the gateway, up and down, in flat memory.

/** What a process takes for what is on its way, and for what is not yet collected. */
const MOST_MB = 80

const test = suite('gateway, large files')

test(`${megabytes} MB go up and down in flat memory`, async () => {
  const { before, up, down } = await moveBig()
  console.log(
    `[show] ${megabytes} MB through the gateway: RSS ${before.toFixed()} MB before, at most ${up.toFixed()} MB while it went up, ${down.toFixed()} MB while it went down`,
  )
  assert.ok(up - before < MOST_MB, `up: ${(up - before).toFixed()} MB more`)
  assert.ok(down - before < MOST_MB, `down: ${(down - before).toFixed()} MB more`)
})

/** The memory of a gateway in MB: before, and at most while a file went up, and down. */
async function moveBig(): Promise<{ before: number; up: number; down: number }> {
  const comfy = await startSmallComfy('--max-upload-bytes', String(2 ** 31))
  const flags = ['--port', '0', '--api-key', CANARY]
  const gateway = await startGateway(comfy.told.url, 'test/conformance/gateway', flags)
  const { url } = gateway.told
  const folder: string = comfy.told.folder
  try {
    const client = createClient({ baseUrl: url, apiKey: CANARY })
    // A small one first: code and pools are there from then on.
    await upload(url, 8)
    const { data } = await executeWorkflow(client, 'bncu0a1kipv', { text_51536: 'big' })
    const { outputs } = await waitForRun(client, data.run_id, { pollIntervalMs: 50 })
    const [picture] = readdirSync(join(folder, 'output'))
    truncateSync(join(folder, 'output', picture!), 8 * MB)
    await download(client, outputs[0]!, 8)
    const before = memoryOf(gateway.pid)

    const up = await mostMemoryOf(gateway.pid, () => upload(url, megabytes))
    const sizes = readdirSync(join(folder, 'input')).map((name) => statSync(join(folder, 'input', name)).size)
    if (!sizes.includes(megabytes * MB)) throw new Error(`the file did not arrive whole: ${sizes}`)
    truncateSync(join(folder, 'output', picture!), megabytes * MB)
    const down = await mostMemoryOf(gateway.pid, () => download(client, outputs[0]!, megabytes))
    return { before, up, down }
  } finally {
    await Promise.all([gateway.kill(), comfy.kill()])
  }
}
