import { executeWorkflow, type Inputs } from '@flowscale/client'
import type { Call } from '../types.ts'
import { beforeId } from './beforeId.ts'

/** Submits a run, and prints its id. */
export async function submit(
  { client, output, signal }: Call,
  inputs: Inputs,
  submission: { workflowId: string; groupId: string },
): Promise<void> {
  const { workflowId, groupId } = submission
  try {
    const { data } = await executeWorkflow(client, workflowId, inputs, { groupId, signal })
    const runId = data.run_id
    output.note(`Run ${runId} submitted`)
    output.result({ runId, status: 'submitted', ...submission }, runId)
  } catch (error) {
    throw beforeId(error, submission)
  }
}
