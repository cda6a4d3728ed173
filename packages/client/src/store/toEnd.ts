import { RunError } from '../errors.ts'
import type { RunRecord, Snapshot } from './openStorage.ts'

/** How a run stands after an error; `isOpen`: it may go on all the same. */
export function toEnd({ runId, startedAt, groupId }: RunRecord, error: unknown, isOpen: unknown): Snapshot {
  const own = { runId, startedAt }
  if (error instanceof RunError)
    return /^cancel/.test(error.status)
      ? { status: 'cancelled', ...own }
      : { status: 'failed', ...own, error }
  return isOpen ? { status: 'lost', ...own, groupId, error } : { status: 'failed', ...own, error }
}
