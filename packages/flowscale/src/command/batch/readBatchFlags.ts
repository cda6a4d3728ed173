import { usageError } from '../CommandError.ts'
import { readCount } from '../readCount.ts'
import type { FlagValue } from '../types.ts'

export interface BatchFlags {
  readonly folder: string
  readonly concurrency: number
  /** Left out: no limit. */
  readonly timeoutMs: number | undefined
  /** Whether rows whose runs failed are run anew. */
  readonly isRetry: boolean
}

export function readBatchFlags(flags: Readonly<Record<string, FlagValue>>): BatchFlags {
  const { output: folder, timeout, retryFailed } = flags
  if (typeof folder !== 'string' || !folder) {
    throw usageError('-o DIR is missing: a batch keeps its outputs and its state there.')
  }
  const timeoutMs = timeout === undefined ? undefined : Number(timeout || Number.NaN) * 1000
  // What a timer can hold.
  if (timeoutMs !== undefined && !(timeoutMs >= 1 && timeoutMs < 2 ** 31)) {
    throw usageError(
      `--timeout takes a number of seconds above 0 and below 2147483, such as 3600; not "${timeout}".`,
    )
  }
  return {
    folder,
    concurrency: readCount(flags, 'concurrency', 4),
    timeoutMs,
    isRetry: retryFailed === true,
  }
}
