import type { RunError } from '../errors.ts'
import type { RunRecord, Snapshot } from './openStorage.ts'

/** How a run stands after an error; `isOpen`: it may go on all the same. */
export function toEnd({ runId, startedAt, groupId }: RunRecord, error: unknown, isOpen: unknown): Snapshot {
  const own = { runId, startedAt }
  if (isOpen) return { status: 'lost', ...own, groupId, error }
  const { status } = Object(error) as RunError
  return /^cancel/.test(status) ? { status: 'cancelled', ...own } : { status: 'failed', ...own, error }
}
