import { CommandError } from '../errors.ts'
import type { Printer } from '../terminal/printer.ts'
import type { Problem } from './types.ts'

/** Where several inputs are wrong, a person sees a line for each before the error. */
export function withProblems(error: unknown, { isJson, note }: Printer): unknown {
  if (isJson || !(error instanceof CommandError)) return error
  const problems = (error.fields.problems ?? []) as readonly Problem[]
  if (problems.length < 2) return error
  for (const { input, message } of problems) note(`  ${input} ${message}`)
  return new CommandError(error.failure, `${problems.length} inputs are wrong.`, error.fields)
}
