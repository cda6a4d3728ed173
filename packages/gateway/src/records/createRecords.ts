import type { EngineContext } from '../engine.ts'
import { about } from './about.ts'
import { createMarks } from './createMarks.ts'
import { createMemory } from './createMemory.ts'
import { createPrune } from './createPrune.ts'
import { recordPaths } from './recordPaths.ts'
import type { EndedRun, Mark, Place, SubmittedRun } from './types.ts'

/**
 * What is written down of runs, as their server forgets them. Each record is a fact, written once: `runs/ID.json` before
 * the server hears of the run, `cancelled/ID.json` before it hears of a cancel, and `ended/ID.json`, where the first
 * writer wins. So gateways can't undo each other, and a run is found by its id alone. Marks by group are what lists are
 * made of.
 */
export interface Records<Submitted, Ended> {
  submitted(id: string): Promise<Submitted | undefined>
  /** What this process remembers of it, without a request. */
  remembered(id: string): Submitted | undefined
  ended(id: string): Promise<Ended | undefined>
  cancelAsked(id: string): Promise<boolean>
  submit(run: Submitted): Promise<void>
  askCancel(id: string): Promise<unknown>
  /** Gives the end that counts: that of the first writer. */
  end(ended: Ended): Promise<Ended>
  marks(groupId: string | null): Promise<Mark[]>
  /** Finds out whether records are kept at all, and says so where they are not. */
  prepare(): Promise<void>
  /** Whether the place was seen to keep nothing. */
  refuses(): boolean
}

export function createRecords<Submitted extends SubmittedRun, Ended extends EndedRun<Submitted>>(
  place: Place,
  log: EngineContext['log'],
): Records<Submitted, Ended> {
  const runs = createMemory<Submitted>(5_000)
  const ends = createMemory<Ended>(5_000)
  /** Ends that callers know, and that could not be written yet: they must not be forgotten. */
  const unwritten = new Map<string, Ended>()
  const marks = createMarks(place)
  const prune = createPrune(place, marks, log)
  let prepared = false

  async function writeEnds(): Promise<void> {
    for (const [id, ended] of unwritten) {
      try {
        const path = recordPaths(id).end
        const first = (await place.write(path, ended)) ? ended : ((await place.read<Ended>(path)) ?? ended)
        await marks.end(first)
        ends.set(id, first)
        unwritten.delete(id)
      } catch {
        return
      }
    }
  }

  return {
    submitted: (id) => runs.load(id, () => place.read(recordPaths(id).run)),
    remembered: runs.get,
    async ended(id) {
      if (unwritten.size > 0) await writeEnds()
      return unwritten.get(id) ?? ends.load(id, () => place.read(recordPaths(id).end))
    },
    cancelAsked: async (id) => (await place.read(recordPaths(id).cancel)) !== undefined,
    async submit(run) {
      prune()
      runs.set(run.id, run)
      await Promise.all([place.write(recordPaths(run.id).run, run), marks.start(run)])
    },
    askCancel: (id) => place.write(recordPaths(id).cancel, { askedAt: Date.now() }),
    async end(ended) {
      const { id } = ended.run
      const known = unwritten.get(id) ?? ends.get(id)
      if (known) return known
      // In case two callers of this process see the end at once.
      ends.set(id, ended)
      unwritten.set(id, ended)
      await writeEnds()
      return ends.get(id) ?? ended
    },
    marks: marks.list,
    refuses: place.refuses,
    async prepare() {
      if (!prepared) await place.write(about.path, about.value)
      prepared = true
    },
  }
}
