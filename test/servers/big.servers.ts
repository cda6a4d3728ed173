import { execFileSync } from 'node:child_process'
import { readdirSync, statSync, truncateSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createClient, downloadOutput, executeWorkflow } from '@flowscale/client'
import { waitForRun } from '@flowscale/client/poller'
import { assert, suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { startGateway, startSmallComfy } from '../support/startProcess.ts'

// A large file through the gateway, up and down, in flat memory. `BIG_MB=1024` moves a gigabyte.

const megabytes = process.env.BIG_MB ? Number(process.env.BIG_MB) : 128
/** What a process takes for what is on its way, and for what is not yet collected. */
const MOST_MB = 80

const test = suite('gateway, large files')

test(`${megabytes} MB go up and down in flat memory`, async () => {
  const { before, up, down } = await moveBig(megabytes)
  console.log(
    `[show] ${megabytes} MB through the gateway: RSS ${before.toFixed()} MB before, at most ${up.toFixed()} MB while it went up, ${down.toFixed()} MB while it went down`,
  )
  assert.ok(up - before < MOST_MB, `up: ${(up - before).toFixed()} MB more`)
  assert.ok(down - before < MOST_MB, `down: ${(down - before).toFixed()} MB more`)
})

const MB = 2 ** 20
const CHUNK = Buffer.alloc(MB, 65)
const BOUNDARY = 'a-big-file'

/** Moves a file of so many MB up and down through a gateway: how much memory it had before, and at most. */
async function moveBig(megabytes: number) {
  const comfy = await startSmallComfy('--max-upload-bytes', String(2 ** 31))
  const flags = ['--port', '0', '--api-key', CANARY]
  const gateway = await startGateway(comfy.told.url, 'test/conformance/gateway', flags)
  const { url } = gateway.told
  const folder: string = comfy.told.folder
  const memory = (): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(gateway.pid)])) / 1024
  try {
    const client = createClient({ baseUrl: url, apiKey: CANARY })
    // A small one first: code and pools are there from then on.
    await upload(url, 8)
    const { data } = await executeWorkflow(client, 'bncu0a1kipv', { text_51536: 'big' })
    const run = await waitForRun(client, data.run_id, { pollIntervalMs: 50 })
    const [picture] = readdirSync(join(folder, 'output'))
    truncateSync(join(folder, 'output', picture!), 8 * MB)
    await download()
    const before = memory()

    const up = await most(() => upload(url, megabytes))
    const sizes = readdirSync(join(folder, 'input')).map((name) => statSync(join(folder, 'input', name)).size)
    if (!sizes.includes(megabytes * MB)) throw new Error(`the file did not arrive whole: ${sizes}`)
    truncateSync(join(folder, 'output', picture!), megabytes * MB)
    const down = await most(async () => {
      const bytes = await download()
      if (bytes !== megabytes * MB) throw new Error(`${bytes} bytes came`)
    })
    return { before, up, down }

    async function download(): Promise<number> {
      const response = await downloadOutput(client, run.outputs[0]!, { timeoutMs: 600_000 })
      let bytes = 0
      for await (const part of response.body!) bytes += part.byteLength
      return bytes
    }
  } finally {
    await Promise.all([gateway.kill(), comfy.kill()])
  }

  async function most(move: () => Promise<void>): Promise<number> {
    let peak = memory()
    const timer = setInterval(() => {
      peak = Math.max(peak, memory())
    }, 100)
    await move().finally(() => clearInterval(timer))
    return Math.max(peak, memory())
  }
}

/** A file, and a field that is refused, so that nothing has to look at the file. */
async function upload(url: string, megabytes: number): Promise<void> {
  const part = (name: string, more = ''): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`
  function* body(): Generator<string | Buffer> {
    yield part('image_input', '; filename="big.png"')
    for (let count = 0; count < megabytes; count++) yield CHUNK
    yield `\r\n${part('unknown')}x\r\n--${BOUNDARY}--\r\n`
  }
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { 'x-api-key': CANARY, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
    const path = `${url}/api/v1/runs?workflow_id=a9bc45rt2kpm`
    const sent = request(path, { method: 'POST', headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode))
    })
    sent.on('error', reject)
    Readable.from(body(), { objectMode: true, highWaterMark: 1 }).pipe(sent)
  })
  if (status !== 422) throw new Error(`expected 422, got ${status}`)
}
