import { usageError } from './errors.ts'
import type { FlagValue } from './types.ts'

/** The whole number above 0 that a flag says. */
export function readCount(
  flags: Readonly<Record<string, FlagValue>>,
  name: string,
  byDefault: number,
): number {
  const value = flags[name]
  if (value === undefined) return byDefault
  const count = Number(value)
  if (/^\d+$/.test(value as string) && count > 0 && Number.isSafeInteger(count)) return count
  throw usageError(`--${name} takes a whole number above 0, not "${value}".`)
}
