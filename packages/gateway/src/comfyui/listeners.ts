import type { Run } from '../engine.ts'

type Listener = (run: Run) => void

/** Who hears of runs: of all of them, or of one. A change of a run wakes nobody who waits for another. */
export function createListeners(): {
  /** `id`: the only run of interest. Gives the function that ends it. */
  add(listener: Listener, id?: string): () => void
  has(id: string): boolean
  tell(run: Run): void
  clear(): void
} {
  const byRun = new Map<string | undefined, Set<{ readonly listener: Listener }>>()
  return {
    add(listener, id) {
      // A caller may pass the same function twice.
      const entry = { listener }
      byRun.set(id, (byRun.get(id) ?? new Set()).add(entry))
      return () => {
        byRun.get(id)?.delete(entry)
        if (byRun.get(id)?.size === 0) byRun.delete(id)
      }
    },
    has: (id) => byRun.has(id) || byRun.has(undefined),
    tell(run) {
      for (const key of [undefined, run.id])
        for (const { listener } of [...(byRun.get(key) ?? [])]) listener(run)
    },
    clear: () => byRun.clear(),
  }
}
