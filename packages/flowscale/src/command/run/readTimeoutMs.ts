import { usageError } from '../errors.ts'
import type { Call } from '../types.ts'

/** An hour: longer than most runs, and a wait without an end would hide that a server is gone. */
const usualMs = 3_600_000

/** The limit of a wait, in ms, of the flag `--timeout`, in seconds. */
export function readTimeoutMs({ timeout }: Call['flags']): number {
  if (timeout === undefined) return usualMs
  const seconds = /^\d+(?:\.\d+)?$/.test(`${timeout}`) ? Number(timeout) : 0
  if (seconds > 0) return seconds * 1000
  throw usageError(
    `--timeout takes a number of seconds above 0, such as 600; not ${JSON.stringify(timeout)}.`,
  )
}
