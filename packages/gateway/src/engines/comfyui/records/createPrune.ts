import type { EngineContext } from '../../../engine.ts'
import { readMarks } from './marks.ts'
import { recordPaths } from './recordPaths.ts'
import type { Place } from './types.ts'

const DAY_MS = 86_400_000
const KEPT_MS = 30 * DAY_MS

/** Removes old records, once a day, in passing: nobody waits for it. */
export function createPrune(place: Place, log: EngineContext['log']): () => void {
  let prunedAt = 0
  return () => {
    if (Date.now() - prunedAt < DAY_MS) return
    prunedAt = Date.now()
    void prune().catch(() => log('debug', 'Old records could not be removed; another try follows in a day'))
  }

  async function prune(): Promise<void> {
    for (const name of await place.list('groups')) {
      const [mark] = readMarks([name])
      if (!mark || Date.now() - mark.createdAt < KEPT_MS) continue
      const { run, cancel, end } = recordPaths(mark.id)
      // The mark last: with it, what is left is found again.
      for (const path of [run, cancel, end, `groups/${name}`]) await place.remove(path)
    }
  }
}
