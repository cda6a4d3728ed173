import { check, checkOptions, isFunction, isRecord } from '../internal/options.ts'
import { type ExecuteManyOptions, executeMany, type ManyResult } from '../poller/many/executeMany.ts'
import type { Client, Inputs } from '../types.ts'
import { checkWorkflow } from './checkWorkflow.ts'
import { nameOutputs } from './nameOutputs.ts'
import type { TypedManyResult, TypedWorkflow } from './types.ts'

/** Options of {@link runMany}. */
export interface RunManyOptions<O extends string> extends Omit<ExecuteManyOptions, 'onResult'> {
  /** Called with each item as it ends. */
  onResult?: ((result: TypedManyResult<O>) => unknown) | undefined
}

/**
 * As {@link executeMany}, for a workflow of {@link defineWorkflow}: each result that is fulfilled has its outputs by name. An
 * item whose outputs fit no name is rejected with a {@link ResponseError} that has `runId` and `result`.
 *
 * @throws what {@link executeMany} throws
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
  options: RunManyOptions<O> = {},
): Promise<TypedManyResult<O>[]> {
  checkWorkflow(workflow)
  check('options', options, isRecord)
  const { onResult } = options
  checkOptions({ onResult }, { onResult: isFunction })
  const results: TypedManyResult<O>[] = []
  await executeMany(client, workflow.id, inputsList as readonly object[] as Inputs[], {
    ...options,
    onResult(result) {
      const named = name(workflow, result)
      results[named.index] = named
      return onResult?.(named)
    },
  })
  return results
}

/** The result of an item; naming that fails is the item's own failure. */
function name<O extends string>(workflow: TypedWorkflow<never, O>, result: ManyResult): TypedManyResult<O> {
  if (result.status === 'rejected') return result
  const { value, ...item } = result
  try {
    return { ...item, value: nameOutputs(workflow, value) }
  } catch (reason) {
    return { ...item, status: 'rejected', reason }
  }
}
