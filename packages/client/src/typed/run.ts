import { type ExecuteAsyncOptions, executeWorkflowAsync } from '../poller/executeWorkflowAsync.ts'
import type { Client, Inputs } from '../types.ts'
import { checkWorkflow } from './checkWorkflow.ts'
import { nameOutputs } from './nameOutputs.ts'
import type { TypedResult, TypedWorkflow } from './types.ts'

/**
 * Like {@link executeWorkflowAsync}, for a workflow of {@link defineWorkflow}. The compiler checks the inputs, and
 * `outputs` are sorted by name, as by {@link nameOutputs}.
 *
 * @throws the errors of {@link executeWorkflowAsync}. Pass the result of `error.resume()` to {@link nameOutputs}.
 * {@link ResponseError} with `runId` and `result` if an output fits none of several names.
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow<{ text_51536: string }, 'image_output'>('bncu0a1kipv', ['image_output'])
 * const { outputs, runId } = await run(client, textToImage, { text_51536: 'a red fox' }, { timeoutMs: 60_000 })
 * console.log(runId, outputs.image_output[0]?.download_url)
 * ```
 */
export async function run<I, O extends string>(
  client: Client,
  workflow: TypedWorkflow<I, O>,
  // Only the workflow determines `I`.
  inputs: I & {},
  options?: ExecuteAsyncOptions,
): Promise<TypedResult<O>> {
  checkWorkflow(workflow)
  return nameOutputs(
    workflow,
    await executeWorkflowAsync(client, workflow.id, inputs as object as Inputs, options),
  )
}
