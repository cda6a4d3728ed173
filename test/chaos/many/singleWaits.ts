import { createClient } from '@flowscale/client'
import { executeWorkflowAsync } from '@flowscale/client/poller'
import { CANARY } from '../../support/canary.ts'
import { inParallel, within } from '../lib/guard.ts'
import { AT_A_TIME, inputsOf, listOf, type Setup, STUCK_MS, WORKFLOW } from './setup.ts'

/** How often single waits ask, when as many are begun as `executeMany` begins, and nothing goes wrong. */
export async function singleWaits(setup: Setup): Promise<number> {
  const { fetch, counts } = listOf(setup, false)
  const client = createClient({ baseUrl: setup.server.url, apiKey: CANARY, fetch })
  const waits: Promise<unknown>[] = []
  await inParallel(setup.count, AT_A_TIME, async (index) => {
    await new Promise<void>((resolve, reject) => {
      const inputs = inputsOf(setup, index, 'completed')
      const onSubmitted = (): void => resolve()
      const wait = executeWorkflowAsync(client, WORKFLOW, inputs, { groupId: 'single', onSubmitted })
      waits.push(wait)
      wait.catch(reject)
    })
  })
  await within(STUCK_MS, 'the single waits', Promise.all(waits))
  return counts.lists + counts.runs + counts.outputs
}
