import { ArgumentError } from '@flowscale/client'
import { toSdkError } from './toSdkError.ts'

/** Refuses what is no object, and names that are not known: a word with a slip in it would be ignored. */
export function refuse(what: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    throw toSdkError(new ArgumentError(`${what} must be an object`))
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw toSdkError(new ArgumentError(`${what} has no "${unknown}"; it has ${known.join(', ')}`))
  }
}
