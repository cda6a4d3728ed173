import type { EngineContext } from '../engine.ts'
import { createLruCache } from '../lruCache.ts'
import { hasOwnTimers } from '../runtime.ts'
import {
  type EndedRun,
  type IndexEntry,
  probeRecord,
  type RecordStore,
  recordPaths,
  type SubmittedRun,
} from './recordStore.ts'
import { createRunIndex, type RunIndex } from './runIndex.ts'

/** On Workers, a request may end in the middle of a write. */
const WRITING_MS = 30_000

/**
 * What is written down of runs, as their server forgets them. Each record is a fact, written once: `runs/ID.json` before
 * the server hears of the run, `cancelled/ID.json` before it hears of a cancel, and `ended/ID.json`, where the first
 * writer wins. So gateways can't undo each other, and a run is found by its id alone. Marks by group are what lists are
 * made of.
 */
export interface Records<Submitted, Ended> {
  getRun(id: string): Promise<Submitted | undefined>
  /** The facts about a run that this process remembers, without a request. */
  cachedRun(id: string): Submitted | undefined
  /** `anywhere`: also where there are only copies. */
  getEnd(id: string, anywhere?: boolean): Promise<Ended | undefined>
  /** The end that this process remembers, without a request. */
  cachedEnd(id: string): Ended | undefined
  isCancelRequested(id: string): Promise<boolean>
  addRun(run: Submitted): Promise<void>
  requestCancel(id: string): Promise<unknown>
  /** Gives the end that counts: the end that was written first. */
  addEnd(ended: Ended): Promise<Ended>
  list(groupId: string | null): Promise<IndexEntry[]>
  /** Finds out whether the place keeps records, and logs if it does not. */
  prepare(): Promise<void>
  /** Whether the place was seen to keep nothing. */
  refuses(): boolean
}

export function createRecords<Submitted extends SubmittedRun, Ended extends EndedRun<Submitted>>(
  place: RecordStore,
  log: EngineContext['log'],
): Records<Submitted, Ended> {
  const runs = createLruCache<Submitted>(5_000)
  const ends = createLruCache<Ended>(5_000)
  /** Ends that callers know, and that could not be written yet: they must not be forgotten. */
  const unwritten = new Map<string, Ended>()
  /** When the write of a run's end began, by the id of the run: nobody else has to write that end meanwhile. */
  const writing = new Map<string, number>()
  const marks = createRunIndex(place)
  const prune = createPrune(place, marks, log)
  let prepared = false

  async function write(ended: Ended): Promise<Ended> {
    const { id } = ended.run
    writing.set(id, Date.now())
    const { end } = recordPaths(id)
    const first = (await place.write(end, ended)) ? ended : ((await place.read<Ended>(end)) ?? ended)
    ends.set(id, first)
    unwritten.set(id, first)
    // Who asks for the run need not wait for its mark.
    const marked = marks
      .end(first)
      .then(() => unwritten.delete(id))
      .finally(() => writing.delete(id))
    if (hasOwnTimers()) marked.catch(() => {})
    else await marked
    return first
  }

  async function writeEnds(): Promise<void> {
    for (const ended of unwritten.values()) {
      if (Date.now() - (writing.get(ended.run.id) ?? 0) < WRITING_MS) continue
      try {
        await write(ended)
      } catch {
        return void writing.delete(ended.run.id)
      }
    }
  }

  return {
    getRun: (id) => runs.load(id, () => place.read(recordPaths(id).run)),
    cachedRun: runs.get,
    cachedEnd: (id) => (unwritten.has(id) ? undefined : ends.get(id)),
    async getEnd(id) {
      if (unwritten.size > 0) await writeEnds()
      return unwritten.get(id) ?? ends.load(id, () => place.read(recordPaths(id).end))
    },
    isCancelRequested: async (id) => (await place.read(recordPaths(id).cancel)) !== undefined,
    async addRun(run) {
      prune()
      runs.set(run.id, run)
      await Promise.all([place.write(recordPaths(run.id).run, run), marks.start(run)])
    },
    requestCancel: (id) => place.write(recordPaths(id).cancel, { askedAt: Date.now() }),
    async addEnd(ended) {
      const { id } = ended.run
      const known = unwritten.get(id) ?? ends.get(id)
      if (known) return known
      // In case two callers of this process see the end at once.
      ends.set(id, ended)
      unwritten.set(id, ended)
      return await write(ended).catch(() => {
        writing.delete(id)
        // Where only its mark is missing, another gateway may have written an end before.
        return ends.get(id) ?? ended
      })
    },
    list: marks.list,
    refuses: place.refuses,
    async prepare() {
      if (!prepared) await place.write(probeRecord.path, probeRecord.value)
      prepared = true
    },
  }
}

const DAY_MS = 86_400_000
const KEPT_MS = 30 * DAY_MS

/** Removes old records, once a day, in passing: nobody waits for it. */
export function createPrune(place: RecordStore, marks: RunIndex, log: EngineContext['log']): () => void {
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
