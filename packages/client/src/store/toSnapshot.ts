import type { RunRecord, Snapshot } from './record.ts'

/** A snapshot of a run; without `more`, of one that the server was not asked for yet. */
export function toSnapshot(
  { runId, startedAt, others }: RunRecord,
  more: { status: Snapshot['status']; [field: string]: unknown } = {
    status: runId ? 'queued' : 'submitting',
  },
): Snapshot {
  return Object.freeze({ ...more, runId, startedAt, ...(others && { others }) }) as Snapshot
}

/** How a run stands after an error; `isOpen`: it may go on all the same. */
export function toEnd(record: RunRecord, error: unknown, isOpen: unknown): Snapshot {
  if (isOpen) return toSnapshot(record, { status: 'lost', groupId: record.groupId, error })
  const isCancelled = ['cancelled', 'canceled'].includes(Object(error).status)
  return toSnapshot(record, isCancelled ? { status: 'cancelled' } : { status: 'failed', error })
}
