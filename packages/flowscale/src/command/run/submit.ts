import { type Execution, executeWorkflow, type Inputs } from '@flowscale/client'
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
    const others = noteSubmitted(output, runId, data.others)
    output.result({ runId, status: 'submitted', ...submission, ...others }, runId)
  } catch (error) {
    throw beforeId(error, submission)
  }
}

/** Says that a run was submitted, and which others the server started for the same request. Gives those for the JSON. */
export function noteSubmitted(
  output: Call['output'],
  runId: string,
  others: readonly Execution[] = [],
): { others?: string[] } {
  const ids = others.map(({ run_id }) => run_id)
  output.note(`Run ${runId} submitted${ids.length ? `. The server also started ${ids.join(', ')}` : ''}`)
  return ids.length ? { others: ids } : {}
}
