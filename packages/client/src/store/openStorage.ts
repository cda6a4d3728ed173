import type { RunSnapshot, RunStorage, StoredWorkflow } from './types.ts'

/** What is kept of a run, from before it is submitted. */
export interface RunRecord {
  /** Of this run alone: in it the run is found when its id was lost. */
  readonly groupId: string
  readonly startedAt: number
  /** The names of the outputs of a typed workflow. */
  readonly names?: readonly string[] | undefined
  readonly runId?: string | undefined
  /** Whether its submission has ended, and told no id. */
  readonly isOver?: boolean | undefined
}

export type Snapshot = RunSnapshot<StoredWorkflow>

/** Keeps a record as far as the storage works; `load` gives `known` where it does not. */
export function openStorage(storage: RunStorage | null | undefined, key: string) {
  /** Whether it holds what was saved last. */
  let isKept = true
  // Only in a page: a server that has the global would share it among its visitors.
  const place = () =>
    storage === undefined && 'document' in globalThis ? globalThis.sessionStorage : storage!

  return {
    load(known: RunRecord | undefined): RunRecord | undefined {
      try {
        const found = JSON.parse(place().getItem(key)!)
        // What another app wrote is no reason to forget a run.
        return isKept && (!found || /^flowscale-store-/.test(found.groupId)) ? found || undefined : known
      } catch {
        // There is no storage, it is blocked, or it holds no JSON.
        return known
      }
    },
    save(next: RunRecord | undefined): void {
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
