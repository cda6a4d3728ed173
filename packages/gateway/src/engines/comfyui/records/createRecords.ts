import type { EngineContext } from '../../../engine.ts'
import { createMemory } from './createMemory.ts'
import { createPrune } from './createPrune.ts'
import { groupFolder } from './groupFolder.ts'
import { endMark, readMarks, startMark } from './marks.ts'
import { recordPaths } from './recordPaths.ts'
import type { Ended, Mark, Place, Submitted } from './types.ts'

/**
 * What is kept of runs. Each record is a fact, written once: `runs/ID.json` before ComfyUI hears of the run,
 * `cancelled/ID.json` before it hears of a cancel, and `ended/ID.json`, where the first writer wins. So gateways can't
 * undo each other, and a run is found by its id alone. A group's folder holds marks, whose names tell what a list is
 * sorted by: one request for the names, whatever the number of runs.
 */
export interface Records {
  submitted(id: string): Promise<Submitted | undefined>
  /** What this process remembers of it, without a request. */
  remembered(id: string): Submitted | undefined
  ended(id: string): Promise<Ended | undefined>
  cancelAsked(id: string): Promise<boolean>
  submit(run: Submitted): Promise<void>
  askCancel(id: string): Promise<void>
  /** Gives the end that counts: that of the first writer. */
  end(ended: Ended): Promise<Ended>
  marks(groupId: string | null): Promise<Mark[]>
  /** Writes what could not be written before. */
  settle(): Promise<void>
  /** Finds out whether records are kept at all, and says so where they are not. */
  prepare(): Promise<void>
}

const ABOUT = 'Records of the runs of @flowscale/gateway. They go after 30 days'

export function createRecords(place: Place, log: EngineContext['log']): Records {
  const runs = createMemory<Submitted>(5_000)
  const ends = createMemory<Ended>(5_000)
  /** Ends that are told, and not yet written: they must not be forgotten. */
  const owed = new Map<string, Ended>()
  const prune = createPrune(place, log)

  async function write(ended: Ended): Promise<Ended> {
    const { id, groupId } = ended.run
    const path = recordPaths(id).end
    const first = (await place.write(path, ended))
      ? ended
      : (((await place.read(path)) as Ended | undefined) ?? ended)
    const folder = await groupFolder(groupId)
    await place.write(`${folder}/${endMark(first)}`, 1)
    await place.remove(`${folder}/${startMark(first.run)}`)
    return first
  }

  const records: Records = {
    async submitted(id) {
      const known = runs.get(id) ?? ((await place.read(recordPaths(id).run)) as Submitted | undefined)
      if (known) runs.set(id, known)
      return known
    },
    remembered: (id) => runs.get(id),
    async ended(id) {
      if (owed.size > 0) await records.settle()
      const known =
        owed.get(id) ?? ends.get(id) ?? ((await place.read(recordPaths(id).end)) as Ended | undefined)
      if (known) ends.set(id, known)
      return known
    },
    cancelAsked: async (id) => (await place.read(recordPaths(id).cancel)) !== undefined,
    async submit(run) {
      prune()
      runs.set(run.id, run)
      const folder = await groupFolder(run.groupId)
      await Promise.all([
        place.write(recordPaths(run.id).run, run),
        place.write(`${folder}/${startMark(run)}`, 1),
      ])
    },
    async askCancel(id) {
      await place.write(recordPaths(id).cancel, { askedAt: Date.now() })
    },
    async end(ended) {
      const { id } = ended.run
      const known = owed.get(id) ?? ends.get(id)
      if (known) return known
      // In case two callers of this process see the end at once.
      ends.set(id, ended)
      owed.set(id, ended)
      await records.settle()
      return ends.get(id) ?? ended
    },
    marks: async (groupId) =>
      readMarks(await place.list(groupId === null ? 'groups' : await groupFolder(groupId))).filter(
        ({ end }) => end !== 'refused',
      ),
    prepare: async () => void (await place.write('about.json', { about: ABOUT })),
    async settle() {
      for (const [id, ended] of owed) {
        try {
          ends.set(id, await write(ended))
          owed.delete(id)
        } catch {
          return
        }
      }
    },
  }
  return records
}
