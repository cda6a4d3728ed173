import { type ExecuteAsyncOptions, executeWorkflowAsync } from '../poller/run/executeWorkflowAsync.ts'
import type { Client, Inputs } from '../types.ts'
import { checkWorkflow } from './checkWorkflow.ts'
import { nameOutputs } from './nameOutputs.ts'
import type { TypedResult, TypedWorkflow } from './types.ts'

/**
 * As {@link executeWorkflowAsync}, for a workflow of {@link defineWorkflow}: its inputs are checked by the compiler, and
 * `outputs` are by name. How an output finds its name: {@link nameOutputs}.
 *
 * @throws what {@link executeWorkflowAsync} throws; give the result of `error.resume()` to {@link nameOutputs}.
 * {@link ResponseError} with `runId` and `result` where an output fits none of several names.
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
  // The workflow alone says what `I` is.
  inputs: I & {},
  options?: ExecuteAsyncOptions,
): Promise<TypedResult<O>> {
  checkWorkflow(workflow)
  return nameOutputs(
    workflow,
    await executeWorkflowAsync(client, workflow.id, inputs as object as Inputs, options),
  )
}
