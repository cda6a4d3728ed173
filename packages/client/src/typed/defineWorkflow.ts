import { check, isId } from '../internal/options.ts'
import type { Inputs } from '../types.ts'
import { areNames } from './checkWorkflow.ts'
import type { Sendable, TypedWorkflow } from './types.ts'

/**
 * Gives a workflow the types of its inputs and the names of its outputs, for {@link run}, {@link submit} and
 * {@link runMany}. Pass both type arguments, the second with the names that are in `outputNames`, all of them; or none: then
 * the inputs are any {@link Inputs}.
 *
 * Where there are several outputs, `outputNames` are what the names of their files are or start with, up to a `_`, `.`
 * or `-`.
 *
 * @throws {@link ArgumentError} for an `id` that is none, and for names that are empty or not different.
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
  check(
    'outputNames',
    outputNames,
    (names) => areNames(names) || 'an array of names, each another, none empty',
  )
  return Object.freeze({ id, outputNames: Object.freeze([...outputNames]) })
}
