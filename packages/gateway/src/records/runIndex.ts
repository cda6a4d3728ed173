import { createLruCache } from '../lruCache.ts'
import type { EndedRun, IndexEntry, RecordStore, SubmittedRun } from './recordStore.ts'

const NAME =
  /(?:^|\/)([0-9a-z]+)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_([0-9a-z]*)_([0-9a-z]*)|(_refused))?$/

const written = (time: number | null): string => (time === null ? '' : Math.trunc(time).toString(36))
const read = (text: string | undefined): number | null => (text ? Number.parseInt(text, 36) : null)

/** So many loose marks of ended runs go into one file. */
const PACK = 500
const PACK_MS = 60_000

/**
 * A group's folder holds a mark for each run, whose name holds the sort keys of lists: one request gives all. As a
 * server takes its time to list many files, the marks of ended runs are packed: one file of many names. Of a mark that
 * two gateways pack, one is read.
 */
export interface RunIndex {
  start(run: SubmittedRun): Promise<unknown>
  end(ended: EndedRun): Promise<void>
  list(groupId: string | null): Promise<IndexEntry[]>
  /** The marks that a file of `groups` stands for, by its path. */
  read(path: string): Promise<IndexEntry[]>
}

export function createRunIndex(place: RecordStore): RunIndex {
  const packs = createLruCache<string[]>(500)
  let ends = 0
  /** A request may end before its packing does, on Workers. */
  let packingUntil = 0

  async function namesIn(path: string): Promise<string[]> {
    if (!/pack_[^/]*$/.test(path)) return [path]
    return (await packs.load(path, () => place.read(path))) ?? []
  }

  async function pack(folder: string): Promise<void> {
    const names = (await place.list(folder)).filter((name) => readMarks([name])[0]?.end)
    if (Date.now() < packingUntil || names.length < PACK) return
    packingUntil = Date.now() + PACK_MS
    try {
      const path = `${folder}/pack_${crypto.randomUUID()}.json`
      await place.write(path, names)
      // A server may refuse what it is given.
      if ((await namesIn(path)).length === 0) return
      for (const name of names) await place.remove(`${folder}/${name}`)
    } finally {
      packingUntil = 0
    }
  }

  return {
    start: async (run) => place.write(`${await folderOf(run.groupId)}/${startMark(run)}`, 1),
    async end(ended) {
      const folder = await folderOf(ended.run.groupId)
      await place.write(`${folder}/${endMark(ended)}`, 1)
      await place.remove(`${folder}/${startMark(ended.run)}`)
      // In passing: nobody waits for it, and nothing is lost where it fails.
      if (++ends % PACK === 0) void pack(folder).catch(() => {})
    },
    async list(groupId) {
      const folder = groupId === null ? 'groups' : await folderOf(groupId)
      const paths = await place.list(folder)
      if (groupId !== null && paths.length > 2 * PACK) void pack(folder).catch(() => {})
      const names = await Promise.all(paths.map((path) => namesIn(`${folder}/${path}`)))
      return readMarks(names.flat()).filter(({ end }) => end !== 'refused')
    },
    read: async (path) => readMarks(await namesIn(path)),
  }
}

/** The mark of a run that was submitted. */
function startMark({ id, createdAt }: SubmittedRun): string {
  return `${written(createdAt)}_${id}`
}

/** The mark of a run that has ended; it stands for the first one. */
export function endMark({ run, status, startedAt, completedAt }: EndedRun): string {
  const end = status === 'refused' ? 'refused' : `${written(startedAt)}_${written(completedAt)}`
  return `${startMark(run)}_${end}`
}

/** One mark a run, whatever else lies in the folder. */
export function readMarks(names: readonly string[]): IndexEntry[] {
  const marks = new Map<string, IndexEntry>()
  for (const name of names) {
    const [, created, id = '', started, completed, refused] = NAME.exec(name) ?? []
    const end = refused ? 'refused' : completed === undefined ? undefined : 'ended'
    if (!created || (!end && marks.has(id))) continue
    const createdAt = read(created)!
    marks.set(id, { id, createdAt, startedAt: read(started), completedAt: read(completed), end })
  }
  return [...marks.values()]
}

/** The name of a group may hold any character, the name of a file only some. */
async function folderOf(groupId: string | null): Promise<string> {
  if (groupId === null) return 'groups/none'
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(groupId))
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `groups/${hex.slice(0, 32)}`
}
