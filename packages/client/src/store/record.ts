import { parse } from '../internal/values.ts'
import type { Execution } from '../types.ts'
import type { RunSnapshot, RunStorage, RunStoreOptions, StoredWorkflow } from './types.ts'

/** The saved record of a run. It is saved before the run is submitted. Records lie in browsers, so no field is renamed. */
export interface RunRecord {
  /** The group of this run alone. If the id of the run is lost, the run is found by its group. */
  readonly groupId: string
  readonly startedAt: number
  /** The names of the outputs of a typed workflow. */
  readonly names?: readonly string[] | undefined
  readonly runId?: string | undefined
  readonly others?: readonly Execution[] | undefined
  /** Whether the submission has ended. */
  readonly isOver?: boolean | undefined
}

export type Snapshot = RunSnapshot<StoredWorkflow>

const prefix = 'flowscale-store-'

export function newRecord(names: readonly string[] | undefined): RunRecord {
  const startedAt = Date.now()
  return { groupId: `${prefix}${startedAt}-${Math.random()}`, startedAt, names }
}

/** Reads and writes the record in the storage. It also works where the storage is missing, blocked or full. */
export function openStorage(
  storage: NonNullable<RunStoreOptions['storage']> | null,
  key: string,
): {
  /**
   * Gives the record in the storage if somebody else has written or removed one meanwhile, and `known` otherwise. It also
   * gives `known` for a run that goes on (`isGoing`) and could not be saved.
   */
  load(known: RunRecord | undefined, isGoing: boolean): RunRecord | undefined
  save(next: RunRecord | undefined): void
} {
  /** The text in the storage when this store last looked. */
  let seen: string | null | undefined
  let isKept = true
  // A server may have a global `localStorage`, which all its visitors would share, so only a page uses it.
  const place = () =>
    (typeof storage === 'string' ? 'document' in globalThis && globalThis[storage] : storage) as RunStorage
  const read = () => {
    try {
      return place().getItem(key)
    } catch {
      return seen
    }
  }

  return {
    load(known, isGoing) {
      const text = read()
      if (text === seen || (isGoing && !isKept)) return known
      seen = text
      const found = Object(parse(text!))
      if (`${found.groupId}`.startsWith(prefix)) return found
      // Another app has written a text of its own. That is no reason to forget a run.
      return text === null ? undefined : known
    },
    save(next) {
      // Another tab has written its own run. That record stays, because that run has to be paid for, too.
      if (read() !== seen) return
      isKept = false
      try {
        if (next) place().setItem(key, JSON.stringify(next))
        else place().removeItem(key)
        isKept = true
      } catch {}
      seen = read()
    },
  }
}

/** The snapshot of a run. Without `more`, the run was not read yet. */
export function toSnapshot(
  { runId, startedAt, others }: RunRecord,
  more: { status: Snapshot['status']; [field: string]: unknown } = {
    status: runId ? 'queued' : 'submitting',
  },
): Snapshot {
  return Object.freeze({ ...more, runId, startedAt, ...(others && { others }) }) as Snapshot
}

/** The snapshot of a run after an error. `isOpen` means that the run may go on all the same. */
export function endSnapshot(record: RunRecord, error: unknown, isOpen: unknown): Snapshot {
  if (isOpen) return toSnapshot(record, { status: 'lost', groupId: record.groupId, error })
  const isCancelled = /^cancell?ed$/.test(Object(error).status)
  return toSnapshot(record, isCancelled ? { status: 'cancelled' } : { status: 'failed', error })
}
