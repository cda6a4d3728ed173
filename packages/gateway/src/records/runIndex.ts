// The lists of runs where there is no queue.

import type { Run, RunsQuery } from '../engine.ts'
import { createLruCache } from '../lruCache.ts'
import { hashOf } from '../runtime.ts'
import type { EndedRun, RecordStore, SubmittedRun } from './recordStore.ts'

/**
 * The lists of runs, by owner and group. The folder of a group holds a mark for each run: a file whose name has the facts of an
 * {@link IndexEntry}. So one request gives a whole list. A server takes its time to list many files, so the marks of
 * ended runs are packed: their names go into one file. A mark that two gateways packed counts once.
 */
export type RunIndex = ReturnType<typeof createRunIndex>

/** The facts that sort and count a run in a list. */
export interface IndexEntry extends Pick<Run, 'id' | 'createdAt' | 'startedAt' | 'completedAt'> {
  /** How the run ended, if it has. */
  readonly end: 'ended' | 'refused' | undefined
}

export type Listed = Pick<RunsQuery, 'groupId' | 'owner'>

/** The number of marks of ended runs that go into one file. */
const PACK = 500
const PACK_MS = 60_000

export function createRunIndex(store: RecordStore) {
  const packs = createLruCache<string[]>(500)
  let ends = 0
  /** No other packing begins before this time. On Workers, a request may end before its packing does. */
  let packingUntil = 0

  async function namesIn(path: string): Promise<string[]> {
    if (!/pack_[^/]*$/.test(path)) return [path]
    return (await packs.load(path, () => store.read(path))) ?? []
  }

  async function pack(folder: string): Promise<void> {
    const names = (await store.list(folder)).filter((name) => readMarks([name])[0]?.end)
    if (Date.now() < packingUntil || names.length < PACK) return
    packingUntil = Date.now() + PACK_MS
    try {
      const path = `${folder}/pack_${crypto.randomUUID()}.json`
      await store.write(path, names)
      // A server may refuse the pack: the marks go only once it can be read.
      if ((await namesIn(path)).length === 0) return
      for (const name of names) await store.remove(`${folder}/${name}`)
    } finally {
      packingUntil = 0
    }
  }

  return {
    start: async (run: SubmittedRun): Promise<boolean> =>
      store.write(`${await folderOf(run)}/${startMark(run)}`, 1),
    async end(ended: EndedRun): Promise<void> {
      const folder = await folderOf(ended.run)
      await store.write(`${folder}/${endMark(ended)}`, 1)
      await store.remove(`${folder}/${startMark(ended.run)}`)
      // In the background: nobody waits for the pack, and nothing is lost if it fails.
      if (++ends % PACK === 0) void pack(folder).catch(() => {})
    },
    async list(of: Listed): Promise<IndexEntry[]> {
      const { groupId, owner } = of
      const folder = groupId === null ? await folderOfAll(owner) : await folderOf(of)
      const paths = await store.list(folder)
      if (groupId !== null && paths.length > 2 * PACK) void pack(folder).catch(() => {})
      const names = await Promise.all(paths.map((path) => namesIn(`${folder}/${path}`)))
      return readMarks(names.flat()).filter(({ end }) => end !== 'refused')
    },
    /** The entries of one file in `groups`, by its path. */
    read: async (path: string): Promise<IndexEntry[]> => readMarks(await namesIn(path)),
  }
}

const folderOf = async ({ groupId, owner }: Listed): Promise<string> =>
  `${await folderOfAll(owner)}/${groupId === null ? 'none' : await hash(groupId)}`

/** The folder of all groups of an owner. The folder of everybody has the folders of owners, too. */
const folderOfAll = async (owner: string | undefined): Promise<string> =>
  owner === undefined ? 'groups' : `groups/of-${await hash(owner)}`

/** The name of a group may hold any character, the name of a file only some. */
const hash = async (name: string): Promise<string> => (await hashOf(name)).slice(0, 32)

const toText = (time: number | null): string => (time === null ? '' : Math.trunc(time).toString(36))
const toTime = (text: string | undefined): number | null => (text ? Number.parseInt(text, 36) : null)

/** The mark of a run that was submitted. */
const startMark = ({ id, createdAt }: SubmittedRun): string => `${toText(createdAt)}_${id}`

/** The mark of a run that has ended. It replaces the mark of its start. */
export function endMark({ run, status, startedAt, completedAt }: EndedRun): string {
  const end = status === 'refused' ? 'refused' : `${toText(startedAt)}_${toText(completedAt)}`
  return `${startMark(run)}_${end}`
}

const MARK =
  /(?:^|\/)([0-9a-z]+)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_([0-9a-z]*)_([0-9a-z]*)|(_refused))?$/

/** One entry a run, from the names of marks; other names are ignored. */
export function readMarks(names: readonly string[]): IndexEntry[] {
  const entries = new Map<string, IndexEntry>()
  for (const name of names) {
    const [, created, id = '', started, completed, refused] = MARK.exec(name) ?? []
    const end = refused ? 'refused' : completed === undefined ? undefined : 'ended'
    if (!created || (!end && entries.has(id))) continue
    const createdAt = toTime(created)!
    entries.set(id, { id, createdAt, startedAt: toTime(started), completedAt: toTime(completed), end })
  }
  return [...entries.values()]
}
