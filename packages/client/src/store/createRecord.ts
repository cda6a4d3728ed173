import type { RunSnapshot, RunStorage, StoredWorkflow } from './types.ts'

/** What is kept of a run, from before it is submitted. */
export interface RunRecord {
  /** Of this run alone: in it the run is found when its id was lost. */
  readonly groupId: string
  readonly startedAt: number
  /** The names of the outputs of a typed workflow. */
  readonly names?: readonly string[] | undefined
  readonly runId?: string | undefined
  /** The files that the server named when the run was submitted. */
  readonly files?: readonly string[] | undefined
}

export type Snapshot = RunSnapshot<StoredWorkflow>

export const prefix = 'flowscale-store-'

/** What is shown of a run that the server was not asked for yet. */
export const toSnapshot = ({ runId, startedAt }: RunRecord): Snapshot =>
  runId ? { status: 'queued', runId, startedAt } : { status: 'submitting', startedAt }

/** Keeps the record of one run in memory, and in the storage as far as that works. */
export function createRecord(storage: RunStorage | null | undefined, key: string) {
  let memory: RunRecord | undefined
  /** Whether the storage holds what was written last. */
  let isKept = true
  // Only in a page: a server that has the global would share it among its visitors.
  const place = () =>
    storage === undefined && 'document' in globalThis ? globalThis.sessionStorage : storage!

  return {
    /** Another tab, or another store of the page, may have written it. */
    read(): RunRecord | undefined {
      try {
        if (isKept) {
          const found = JSON.parse(place().getItem(key)!)
          // What another app wrote is no reason to forget a run.
          if (!found || `${found.groupId}`.startsWith(prefix)) memory = found || undefined
        }
      } catch {
        // There is no storage, or it is blocked.
      }
      return memory
    },
    write(next: RunRecord | undefined): void {
      memory = next
      isKept = false
      try {
        const text = JSON.stringify(next)
        if (next) place().setItem(key, text)
        else place().removeItem(key)
        isKept = !next || place().getItem(key) === text
      } catch {
        // It may be full, too.
      }
    },
  }
}
