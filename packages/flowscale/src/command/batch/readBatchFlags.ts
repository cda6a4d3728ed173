import { usageError } from '../CommandError.ts'
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
  const { output: folder, concurrency = '4', timeout, retryFailed } = flags
  if (typeof folder !== 'string' || !folder) {
    throw usageError('-o DIR is missing: a batch keeps its outputs and its state there.')
  }
  if (!/^[1-9]\d{0,2}$/.test(`${concurrency}`)) {
    throw usageError(`--concurrency must be a whole number from 1 to 999, not "${concurrency}".`)
  }
  const timeoutMs = timeout === undefined ? undefined : Number(timeout) * 1000
  // What a timer can hold.
  if (timeoutMs !== undefined && !(timeoutMs >= 1 && timeoutMs < 2 ** 31)) {
    throw usageError(`--timeout must be a number of seconds above 0, and below 2147483; not "${timeout}".`)
  }
  return { folder, concurrency: Number(concurrency), timeoutMs, isRetry: retryFailed === true }
}
