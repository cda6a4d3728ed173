import { check, isId } from '../internal/options.ts'
import type { Inputs } from '../types.ts'
import { areNames } from './checkWorkflow.ts'
import type { Sendable, TypedWorkflow } from './types.ts'

/**
 * Gives a workflow the types of its inputs and the names of its outputs, for {@link run}, {@link submit} and
 * {@link runMany}. Pass both type arguments, with all names of `outputNames` in the second one. Without type arguments it
 * accepts any {@link Inputs}.
 *
 * With several outputs, the name of each file must be one of `outputNames`, or start with one and a `_`, `.` or `-`.
 *
 * @throws {@link ArgumentError} if `id` is illegal, or if a name is empty or comes twice.
 *
 * @example
 * ```ts
 * const textToImage = defineWorkflow<{ text_51536: string; seed?: number }, 'image_output'>(
 *   'bncu0a1kipv',
 *   ['image_output'],
 * )
 * const { outputs } = await run(client, textToImage, { text_51536: 'a red fox' })
 * console.log(outputs.image_output[0]?.download_url)
 * ```
 */
export function defineWorkflow<
  I extends object & Sendable<I> = Inputs,
  O extends string = 'name the outputs in a second type argument',
>(id: string, outputNames: readonly O[]): TypedWorkflow<I, O> {
  check('id', id, isId)
  check('outputNames', outputNames, (names) => areNames(names) || 'an array of different, non-empty names')
  return Object.freeze({ id, outputNames: Object.freeze([...outputNames]) })
}
