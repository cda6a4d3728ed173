import { type ExecuteOptions, executeWorkflow } from '../api/executeWorkflow.ts'
import type { Client, Envelope, Execution, Inputs } from '../types.ts'
import { checkWorkflow } from './checkWorkflow.ts'
import type { TypedWorkflow } from './types.ts'

/**
 * Like {@link executeWorkflow}, for a workflow of {@link defineWorkflow}. It submits a run and does not wait for it. Pass
 * the result of a later wait to {@link nameOutputs}.
 *
 * @throws the errors of {@link executeWorkflow}
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow<{ text_51536: string }, 'image_output'>('bncu0a1kipv', ['image_output'])
 * const { data } = await submit(client, textToImage, { text_51536: 'a red fox' }, { groupId: 'foxes' })
 * const { outputs } = nameOutputs(textToImage, await waitForResult(client, data.run_id))
 * console.log(outputs.image_output)
 * ```
 */
export async function submit<I, O extends string>(
  client: Client,
  workflow: TypedWorkflow<I, O>,
  inputs: I & {},
  options?: ExecuteOptions,
): Promise<Envelope<Execution>> {
  checkWorkflow(workflow)
  return executeWorkflow(client, workflow.id, inputs as object as Inputs, options)
}
