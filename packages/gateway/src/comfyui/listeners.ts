// Tells listeners about changes of all runs, or of one run only.
import type { Run } from '../engine.ts'

type Listener = (run: Run) => void

export type Listeners = ReturnType<typeof createListeners>

export function createListeners() {
  const byRun = new Map<string | undefined, Set<Listener>>()
  return {
    /** `id`: the only run of interest. Gives the function that ends it. */
    add(listener: Listener, id?: string): () => void {
      byRun.set(id, (byRun.get(id) ?? new Set()).add(listener))
      return () => {
        byRun.get(id)?.delete(listener)
        if (byRun.get(id)?.size === 0) byRun.delete(id)
      }
    },
    has: (id: string): boolean => byRun.has(id) || byRun.has(undefined),
    tell(run: Run): void {
      for (const key of [undefined, run.id]) for (const listener of [...(byRun.get(key) ?? [])]) listener(run)
    },
    clear: (): void => byRun.clear(),
  }
}
