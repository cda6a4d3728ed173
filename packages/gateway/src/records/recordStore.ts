import { EngineError, type Run, type Storage } from '../engine.ts'

/** Records in a storage of the caller's. */
export function createStored(storage: Storage): RecordStore {
  const keyOf = (path: string): string => `flowscale:${path.replaceAll('/', ':')}`

  async function guard<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (cause) {
      throw new EngineError(503, "The storage of records can't be used just now", { retryAfterS: 5, cause })
    }
  }

  const place: RecordStore = {
    refuses: () => false,
    read: (path) =>
      guard(async () => {
        const value = await storage.getItem(keyOf(path))
        // Some storages read JSON by themselves.
        return typeof value === 'string' ? JSON.parse(value) : (value ?? undefined)
      }),
    write: (path, value) =>
      guard(async () => {
        if ((await place.read(path)) !== undefined) return false
        await storage.setItem(keyOf(path), JSON.stringify(value))
        return true
      }),
    remove: (path) => guard(() => storage.removeItem(keyOf(path))),
    list: (folder) =>
      guard(async () => {
        const base = `${keyOf(folder)}:`
        const keys = (await storage.getKeys(keyOf(folder))).filter((key) => key.startsWith(base))
        return keys.map((key) => key.slice(base.length).replaceAll(':', '/'))
      }),
  }
  return place
}

/** What an engine writes down of a run when it is submitted. */
export type SubmittedRun = Pick<Run, 'id' | 'groupId' | 'createdAt'>

/** What an engine writes down of its end. `refused`: it never was a run. */
export interface EndedRun<S extends SubmittedRun = SubmittedRun>
  extends Pick<Run, 'startedAt' | 'completedAt'> {
  readonly run: S
  readonly status: 'completed' | 'failed' | 'cancelled' | 'refused'
}

/** The facts in the name of a mark, so that a list of names is enough to sort and count. */
export interface IndexEntry extends Pick<Run, 'id' | 'createdAt' | 'startedAt' | 'completedAt'> {
  /** The kind of its end, where it has ended. */
  readonly end: 'ended' | 'refused' | undefined
}

/** Small files of JSON, by path. */
export interface RecordStore {
  read<T>(path: string): Promise<T | undefined>
  /** Writes what is not there yet, and says whether it was written. */
  write(path: string, value: unknown): Promise<boolean>
  remove(path: string): Promise<void>
  /** The paths inside a folder, from there. */
  list(folder: string): Promise<string[]>
  /** Whether it was seen to keep nothing. */
  refuses(): boolean
}

/** Where the records of a run are. */
export function recordPaths(id: string): { run: string; cancel: string; end: string } {
  return { run: `runs/${id}.json`, cancel: `cancelled/${id}.json`, end: `ended/${id}.json` }
}

/** The first record, which every place takes that keeps any. */
export const probeRecord: { readonly path: string; readonly value: object } = {
  path: 'about.json',
  // No text: some storages read JSON by themselves, and a text can't be told from what it stands for.
  value: { about: 'Records of runs, kept for 30 days' },
}
