import { CommandError, exitCodes, type Failure } from '../CommandError.ts'
import { describeError } from '../describeError.ts'

/** Which failure decides the exit code, the worst first. */
const order: readonly Failure[] = ['failed', 'notAuthorised', 'notFound', 'usage', 'tryAgain', 'timedOut']

/** One error for several: each was told before. A program finds them in `errors`, beside what went well. */
export function worstOf(
  errors: readonly unknown[],
  count: number,
  what: string,
  fields: Readonly<Record<string, unknown>>,
): CommandError {
  const described = errors.map(describeError)
  const failure =
    order.find((one) => described.some(({ exitCode }) => exitCode === exitCodes[one])) ?? 'failed'
  const message = `${errors.length} of ${count} ${what}.`
  return new CommandError(failure, message, { ...fields, errors: described.map(({ fields }) => fields) })
}
