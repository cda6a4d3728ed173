import { type ExecuteManyOptions, executeMany } from './poller/executeMany.ts'
import { checkWorkflow } from './typed/checkWorkflow.ts'
import { nameOutputs } from './typed/nameOutputs.ts'
import type { TypedManyResult, TypedWorkflow } from './typed/types.ts'
import type { Client, RunResult } from './types.ts'

/** Options of {@link runMany}. */
export interface RunManyOptions<O extends string> extends Omit<ExecuteManyOptions, 'onResult'> {
  /** Called with each item when it ends. */
  onResult?: ((result: TypedManyResult<O>) => unknown) | undefined
}

/**
 * Like {@link executeMany}, for a workflow of {@link defineWorkflow}. Each fulfilled result has its outputs by name. An
 * item with an output that fits no name is rejected with a {@link ResponseError} with `runId` and `result`.
 *
 * @throws the errors of {@link executeMany}
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow<{ text_51536: string }, 'image_output'>('bncu0a1kipv', ['image_output'])
 * const results = await runMany(client, textToImage, [{ text_51536: 'dawn' }, { text_51536: 'dusk' }])
 * for (const result of results)
 *   if (result.status === 'fulfilled') console.log(result.value.outputs.image_output[0]?.download_url)
 * ```
 */
export async function runMany<I, O extends string>(
  client: Client,
  workflow: TypedWorkflow<I, O>,
  inputsList: readonly (I & {})[],
  options?: RunManyOptions<O>,
): Promise<TypedManyResult<O>[]> {
  checkWorkflow(workflow)
  const toValue = (result: RunResult) => nameOutputs(workflow, result)
  const execute = executeMany as (...all: readonly unknown[]) => Promise<unknown>
  return (await execute(client, workflow.id, inputsList, options, toValue)) as TypedManyResult<O>[]
}
