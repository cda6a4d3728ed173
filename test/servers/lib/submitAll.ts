import { type Client, executeWorkflow, type Inputs, isFlowScaleError } from '@flowscale/client'
import { createLimit } from '../../support/createLimit.ts'

export interface SubmittedRuns {
  readonly ids: readonly string[]
  /** Submissions that may have started a run whose id is not known. */
  readonly lost: number
  /** What was refused for good. */
  readonly refused: readonly unknown[]
}

/** Submits each once: only what surely started no run is sent again, that is a refused connection and a 429. */
export async function submitAll(
  client: Client,
  workflowId: string,
  list: readonly Inputs[],
  groupId: string,
): Promise<SubmittedRuns> {
  const ids: string[] = []
  const refused: unknown[] = []
  let lost = 0
  const limit = createLimit(8)

  async function submit(inputs: Inputs): Promise<void> {
    for (const deadline = Date.now() + 20_000; ; ) {
      try {
        const { data } = await executeWorkflow(client, workflowId, inputs, { groupId, maxRetries: 0 })
        return void ids.push(data.run_id)
      } catch (error) {
        if (!isFlowScaleError(error)) throw error
        const { runId, maybeSubmitted } = error
        if (runId) return void ids.push(runId)
        const isBusy = 'status' in error && error.status === 429
        if ((isRefused(error) || isBusy) && Date.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 100))
          continue
        }
        if (maybeSubmitted) lost++
        else refused.push(error)
        return
      }
    }
  }

  await Promise.all(list.map((inputs) => limit(() => submit(inputs))))
  return { ids, lost, refused }
}

function isRefused(error: unknown): boolean {
  const { code, cause } = Object(error)
  return code === 'ECONNREFUSED' || (cause !== undefined && isRefused(cause))
}
