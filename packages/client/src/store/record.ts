import { parse } from '../internal/values.ts'
import type { Execution } from '../types.ts'
import type { RunSnapshot, RunStorage, RunStoreOptions, StoredWorkflow } from './types.ts'

/** The saved record of a run. It is saved before the run is submitted. */
export interface RunRecord {
  /** Of this run alone: in it the run is found when its id was lost. */
  readonly groupId: string
  readonly startedAt: number
  /** The names of the outputs of a typed workflow. */
  readonly names?: readonly string[] | undefined
  readonly runId?: string | undefined
  readonly others?: readonly Execution[] | undefined
  /** Whether its submission has ended. */
  readonly isOver?: boolean | undefined
}

export type Snapshot = RunSnapshot<StoredWorkflow>

/**
 * Keeps a record if the storage works. `load` gives `known` unless somebody else has written or removed a record. It
 * always gives `known` for a run that goes on (`isGoing`) but could not be saved.
 */
export function openStorage(storage: NonNullable<RunStoreOptions['storage']> | null, key: string) {
  /** What stood there when this store looked last. */
  let seen: string | null | undefined
  let isKept = true
  // Only in a page: a server that has the global would share it among its visitors.
  const place = () =>
    (typeof storage === 'string' ? 'document' in globalThis && globalThis[storage] : storage) as RunStorage
  const read = () => {
    try {
      return place().getItem(key)
    } catch {
      // There is no storage, or it is blocked.
      return seen
    }
  }

  return {
    load(known: RunRecord | undefined, isGoing: boolean): RunRecord | undefined {
      const text = read()
      if (text === seen || (isGoing && !isKept)) return known
      seen = text
      const found = Object(parse(text!))
      // What another app wrote is no reason to forget a run.
      if (`${found.groupId}`.startsWith('flowscale-store-')) return found
      return text === null ? undefined : known
    },
    save(next: RunRecord | undefined): void {
      // Another tab has its run there, which is paid for, too.
      if (read() !== seen) return
      isKept = false
      try {
        if (next) place().setItem(key, JSON.stringify(next))
        else place().removeItem(key)
        isKept = true
      } catch {
        // It may be full, too.
      }
      seen = read()
    },
  }
}

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
export function endSnapshot(record: RunRecord, error: unknown, isOpen: unknown): Snapshot {
  if (isOpen) return toSnapshot(record, { status: 'lost', groupId: record.groupId, error })
  const isCancelled = ['cancelled', 'canceled'].includes(Object(error).status)
  return toSnapshot(record, isCancelled ? { status: 'cancelled' } : { status: 'failed', error })
}
