import type { EngineContext } from '../engine.ts'
import { recordPaths } from './recordPaths.ts'
import type { Marks } from './runIndex.ts'
import type { Place } from './types.ts'

const DAY_MS = 86_400_000
const KEPT_MS = 30 * DAY_MS

/** Removes old records, once a day, in passing: nobody waits for it. */
export function createPrune(place: Place, marks: Marks, log: EngineContext['log']): () => void {
  let prunedAt = 0
  return () => {
    if (Date.now() - prunedAt < DAY_MS) return
    prunedAt = Date.now()
    void prune().catch(() => log('debug', 'Old records could not be removed. The next attempt is tomorrow'))
  }

  async function prune(): Promise<void> {
    for (const name of await place.list('groups')) {
      const old = await marks.read(`groups/${name}`)
      if (old.length === 0 || old.some(({ createdAt }) => Date.now() - createdAt < KEPT_MS)) continue
      for (const { id } of old) for (const path of Object.values(recordPaths(id))) await place.remove(path)
      // The last of all: with it, what is left is found again.
      await place.remove(`groups/${name}`)
    }
  }
}
