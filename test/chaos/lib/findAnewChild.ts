import { createClient, downloadOutput } from '@flowscale/client'
import { waitForResult } from '@flowscale/client/poller'
import { CANARY } from '../../support/canary.ts'
import { inParallel } from './guard.ts'

process.once('message', async ({ url, runIds }: { url: string; runIds: string[] }) => {
  const client = createClient({ baseUrl: url, apiKey: CANARY, timeoutMs: 120_000 })
  const found: Record<string, string> = {}
  await inParallel(runIds.length, 20, async (index) => {
    const runId = runIds[index]!
    try {
      const { outputs } = await waitForResult(client, runId, { timeoutMs: 120_000 })
      // Once each, so that the server's ledger can tell that none was forgotten.
      const texts = await Promise.all(
        outputs.map(async (output) => await (await downloadOutput(client, output)).text()),
      )
      found[runId] = texts.length === 1 && texts[0]!.startsWith('got ') ? 'completed' : `${texts}`
    } catch (error) {
      const { name, status, message } = error as Error & { status?: string }
      found[runId] = name === 'RunError' ? String(status) : `${name}: ${message}`
    }
  })
  process.send!(found)
})
process.on('disconnect', () => process.exit())
