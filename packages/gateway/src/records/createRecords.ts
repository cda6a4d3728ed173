// The records of runs where there is no queue.
import type { EngineContext } from '../engine.ts'
import { createLruCache } from '../lruCache.ts'
import { hasOwnTimers } from '../runtime.ts'
import {
  type EndedRun,
  KEEP_DAYS,
  probeRecord,
  type RecordStore,
  recordPaths,
  type SubmittedRun,
} from './recordStore.ts'
import { createRunIndex, type IndexEntry, type Listed, type RunIndex } from './runIndex.ts'

/**
 * The records of runs, as ComfyUI forgets runs. Each record is a fact that is written once. `runs/ID.json` is written
 * before the server hears of the run, `cancelled/ID.json` before it hears of a cancel. The first writer of
 * `ended/ID.json` wins. So gateways can't undo each other, and a run is found by its id alone. The index makes the lists.
 */
export type Records<Submitted extends SubmittedRun, Ended extends EndedRun<Submitted>> = ReturnType<
  typeof createRecords<Submitted, Ended>
>

/** The longest time for one write: on Workers, a request may end in the middle of a write. */
const WRITING_MS = 30_000

export function createRecords<Submitted extends SubmittedRun, Ended extends EndedRun<Submitted>>(
  store: RecordStore,
  log: EngineContext['log'],
  keepDays: number = KEEP_DAYS,
  /** Called once this process has written an end. */
  wrote: (ended: Ended) => void = () => {},
) {
  const runs = createLruCache<Submitted>(5_000)
  const ends = createLruCache<Ended>(5_000)
  /** Ends that callers know, and that could not be written yet: they must not be forgotten. */
  const unwritten = new Map<string, Ended>()
  /** When the write of an end began, and whether only the lists miss it: meanwhile, nobody else writes that end. */
  const writing = new Map<string, { readonly since: number; readonly isRecorded: boolean }>()
  const index = createRunIndex(store)
  const prune = createPrune(store, index, log, keepDays)
  let prepared = false

  async function write(ended: Ended): Promise<Ended> {
    const { id } = ended.run
    const since = Date.now()
    writing.set(id, { since, isRecorded: false })
    const { end } = recordPaths(id)
    const isFirst = await store.write(end, ended)
    const first = isFirst ? ended : ((await store.read<Ended>(end)) ?? ended)
    if (isFirst) wrote(ended)
    ends.set(id, first)
    unwritten.set(id, first)
    writing.set(id, { since, isRecorded: true })
    // A caller who asks for the run need not wait for the index.
    const indexed = index
      .end(first)
      .then(() => unwritten.delete(id))
      .finally(() => writing.delete(id))
    if (hasOwnTimers()) indexed.catch(() => {})
    else await indexed
    return first
  }

  async function writeEnds(): Promise<void> {
    for (const ended of unwritten.values()) {
      if (Date.now() - (writing.get(ended.run.id)?.since ?? 0) < WRITING_MS) continue
      try {
        await write(ended)
      } catch {
        return void writing.delete(ended.run.id)
      }
    }
  }

  return {
    getRun: (id: string): Promise<Submitted | undefined> =>
      runs.load(id, () => store.read(recordPaths(id).run)),
    /** The facts about a run that this process remembers, without a request. */
    cachedRun: (id: string): Submitted | undefined => runs.get(id),
    /** The end that this process remembers, without a request. */
    cachedEnd: (id: string): Ended | undefined =>
      unwritten.has(id) && !writing.get(id)?.isRecorded ? undefined : ends.get(id),
    async getEnd(id: string): Promise<Ended | undefined> {
      if (unwritten.size > 0) await writeEnds()
      return unwritten.get(id) ?? ends.load(id, () => store.read(recordPaths(id).end))
    },
    isCancelRequested: async (id: string): Promise<boolean> =>
      (await store.read(recordPaths(id).cancel)) !== undefined,
    async addRun(run: Submitted): Promise<void> {
      prune()
      runs.set(run.id, run)
      await Promise.all([store.write(recordPaths(run.id).run, run), index.start(run)])
    },
    requestCancel: (id: string): Promise<boolean> =>
      store.write(recordPaths(id).cancel, { askedAt: Date.now() }),
    /** Gives the end that counts: the end that was written first. */
    async addEnd(ended: Ended): Promise<Ended> {
      const { id } = ended.run
      const known = unwritten.get(id) ?? ends.get(id)
      if (known) return known
      // Another caller in this process may see the end at the same moment.
      ends.set(id, ended)
      unwritten.set(id, ended)
      return await write(ended).catch(() => {
        writing.delete(id)
        // If only the index failed, `ends` has the end that counts, perhaps another gateway's.
        return ends.get(id) ?? ended
      })
    },
    /** Writes a record anew, to see whether that works. */
    async probe(): Promise<void> {
      await store.remove('probe.json')
      await store.write('probe.json', 1)
    },
    // The index hears of an end a moment later.
    list: async (of: Listed): Promise<IndexEntry[]> =>
      (await index.list(of)).filter(({ id, end }) => end || ends.get(id)?.status !== 'refused'),
    /** Finds out whether the store keeps records, and logs if it does not. */
    async prepare(): Promise<void> {
      if (!prepared) await store.write(probeRecord.path, probeRecord.value)
      prepared = true
    },
  }
}

const DAY_MS = 86_400_000

/** Removes old records in the background, once a day. */
export function createPrune(
  store: RecordStore,
  index: RunIndex,
  log: EngineContext['log'],
  keepDays: number = KEEP_DAYS,
): () => void {
  let prunedAt = 0
  return () => {
    if (Date.now() - prunedAt < DAY_MS) return
    prunedAt = Date.now()
    void prune().catch(() => log('warn', 'Old records could not be removed. The next attempt is tomorrow'))
  }

  async function prune(): Promise<void> {
    for (const name of await store.list('groups')) {
      const entries = await index.read(`groups/${name}`)
      const oldest = Date.now() - keepDays * DAY_MS
      if (entries.length === 0 || entries.some(({ createdAt }) => createdAt > oldest)) continue
      for (const { id } of entries) {
        for (const path of Object.values(recordPaths(id))) await store.remove(path)
      }
      // Remove this file last: if something fails before, the next attempt finds the runs by it.
      await store.remove(`groups/${name}`)
    }
  }
}
