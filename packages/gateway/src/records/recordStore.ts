// The contract of a store of records, and the facts about a run that all engines keep.
import { EngineError, type Run, type Storage } from '../engine.ts'

/** Small files of JSON, by path. */
export interface RecordStore {
  read<T>(path: string): Promise<T | undefined>
  /** Writes a record that is not there yet, and says whether it was written. */
  write(path: string, value: unknown): Promise<boolean>
  remove(path: string): Promise<void>
  /** The paths inside a folder, relative to the folder. */
  list(folder: string): Promise<string[]>
}

/** The facts about a run that an engine writes down when it submits the run. */
export type SubmittedRun = Pick<Run, 'id' | 'groupId' | 'owner' | 'createdAt'>

/** The facts about the end of a run. `refused`: the run never began. */
export interface EndedRun<S extends SubmittedRun = SubmittedRun>
  extends Pick<Run, 'startedAt' | 'completedAt' | 'webhook'> {
  readonly run: S
  readonly status: 'completed' | 'failed' | 'cancelled' | 'refused'
}

const SECRET = 'secret.json'

/** How many days after the end of its run a record is kept, by default. */
export const KEEP_DAYS = 30

export function recordPaths(id: string): { run: string; cancel: string; end: string } {
  return { run: `runs/${id}.json`, cancel: `cancelled/${id}.json`, end: `ended/${id}.json` }
}

/** The first record: a store that refuses it keeps no records at all. */
export const probeRecord: { readonly path: string; readonly value: object } = {
  path: 'about.json',
  // Not a text: some storages parse JSON themselves, and then a text can't be told from its JSON.
  value: { about: 'Records of runs' },
}

/** The secret in a store, made once. */
export async function keepSecret(store: RecordStore): Promise<string> {
  const made = { secret: crypto.randomUUID() }
  await store.write(SECRET, made)
  // Another gateway may have been first. Some stores show a record only after a while.
  return ((await store.read<typeof made>(SECRET)) ?? made).secret
}

/** A store in the option `storage` of the gateway. */
export function createStored(storage: Storage): RecordStore {
  const keyOf = (path: string): string => `flowscale:${path.replaceAll('/', ':')}`

  async function guard<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (cause) {
      throw new EngineError(503, "The storage of records can't be used just now", { retryAfterS: 5, cause })
    }
  }

  const store: RecordStore = {
    read: (path) =>
      guard(async () => {
        const value = await storage.getItem(keyOf(path))
        // Some storages parse JSON themselves.
        return typeof value === 'string' ? JSON.parse(value) : (value ?? undefined)
      }),
    write: (path, value) =>
      guard(async () => {
        if ((await store.read(path)) !== undefined) return false
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
  return store
}
