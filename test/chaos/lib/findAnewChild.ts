import { createClient } from '../../../packages/client/src/index.ts'
import { waitForResult } from '../../../packages/client/src/poller/index.ts'
import { CANARY } from '../../support/canary.ts'
import { inParallel } from './guard.ts'

process.once('message', async ({ url, runIds }: { url: string; runIds: string[] }) => {
  const client = createClient({ baseUrl: url, apiKey: CANARY, timeoutMs: 20_000 })
  const found: Record<string, string> = {}
  await inParallel(runIds.length, 20, async (index) => {
    const runId = runIds[index]!
    try {
      const { outputs } = await waitForResult(client, runId, { timeoutMs: 20_000 })
      found[runId] = outputs.length === 1 && outputs[0]!.download_url ? 'completed' : 'no output'
    } catch (error) {
      const { name, status, message } = error as Error & { status?: string }
      found[runId] = name === 'RunError' ? String(status) : `${name}: ${message}`
    }
  })
  process.send!(found)
})
process.on('disconnect', () => process.exit())
