import { describeError } from '../describeError.ts'
import { CommandError } from '../errors.ts'
import { worstOf } from '../worstOf.ts'

/** One error for several errors that were shown before. A program finds them in `errors`, together with the results. */
export function errorOfMany(
  errors: readonly unknown[],
  message: string,
  fields: Readonly<Record<string, unknown>>,
): CommandError {
  const described = errors.map((error) => describeError(error))
  const failure = worstOf(described.map(({ failure }) => failure ?? 'failed'))
  return new CommandError(failure, message, { ...fields, errors: described.map(({ fields }) => fields) })
}
