// A ComfyUI that stands still (SIGSTOP): it accepts connections, and answers nothing.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  checkHealth,
  createClient,
  executeWorkflow,
  getRun,
  getWorkflows,
  HttpError,
  toFile,
} from '@flowscale/client'
import { assert, rejects, suite } from '#test'
import { CANARY } from '../support/canary.ts'
import { type Started, startGateway, startSmallComfy } from '../support/startProcess.ts'
import { until } from '../support/until.ts'
import { readLedger } from './cluster.ts'

const test = suite('a ComfyUI that stands still')
const photo = toFile(readFileSync('test/comfyui/workflows/example.png'), 'photo.png')

async function play(
  count: number,
  use: (
    client: ReturnType<typeof createClient>,
    servers: readonly Started[],
    ledgers: string[],
  ) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'still-'))
  const ledgers = Array.from({ length: count }, (_, at) => join(folder, `ledger-${at}`))
  const servers = await Promise.all(
    ledgers.map((ledger, at) => startSmallComfy('--folder', join(folder, `${at}`), '--ledger', ledger)),
  )
  // Before one, there is no queue.
  const data = count > 1 ? ['--data', join(folder, 'data')] : []
  const flags = ['--port', '0', '--api-key', CANARY, ...data]
  const urls = servers.map(({ told }) => told.url)
  const gateway = await startGateway(urls, 'test/servers/disasters', flags)
  try {
    const client = createClient({ baseUrl: gateway.told.url, apiKey: CANARY, maxRetries: 0 })
    await until(
      async () => (await checkHealth(client)).data,
      (all) => all.every(({ status }) => status === 'idle'),
    )
    await getWorkflows(client)
    await use(client, servers, ledgers)
  } finally {
    await Promise.all([gateway, ...servers].map((one) => one.kill()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A time that only a failure takes: runs stayed for longer, and submissions were answered after three such times. */
const inTime = <T>(work: Promise<T>, seconds: number): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`not within ${seconds} s`)), seconds * 1_000).unref()
    }),
  ])

async function standStill({ pid }: Started): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  // What was answered a moment ago counts.
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}

for (const [what, workflow, inputs] of [
  ['a run without files', 'brief', { seed: 1 }],
  ['a run whose upload hangs', 'copy', { photo }],
] as const) {
  test(`${what} leaves it for another`, async () => {
    await play(2, async (client, servers, ledgers) => {
      // The first of two that are free gets it.
      await standStill(servers[0]!)
      const since = performance.now()
      const { data } = await executeWorkflow(client, workflow, inputs)
      const ended = until(
        async () => (await getRun(client, data.run_id)).data.status,
        (status) => status === 'completed',
      )
      await inTime(ended, 45)
      console.log(`[show] ${what}: ${Math.round(performance.now() - since)} ms`)
      process.kill(servers[0]!.pid, 'SIGCONT')
      assert.equal(ledgers.map(readLedger), [[], [data.run_id]])
    })
  })
}

test('without a queue, a submission gets its 429 soon', async () => {
  await play(1, async (client, [server]) => {
    await standStill(server!)
    for (const inputs of [{ seed: 1 }, { seed: 2 }]) {
      const since = performance.now()
      await inTime(rejects(executeWorkflow(client, 'brief', inputs), HttpError, { status: 429 }), 15)
      console.log(`[show] a 429 after ${Math.round(performance.now() - since)} ms`)
    }
    process.kill(server!.pid, 'SIGCONT')
    await until(() => executeWorkflow(client, 'brief', { seed: 3 }).catch(() => undefined), Boolean)
  })
})
