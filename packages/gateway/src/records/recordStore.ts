import type { Storage } from '../engine.ts'
import { EngineError } from '../engineErrors.ts'
import type { Place } from './types.ts'

/** Records in a storage of the caller's. */
export function createStored(storage: Storage): Place {
  const keyOf = (path: string): string => `flowscale:${path.replaceAll('/', ':')}`

  async function guard<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (cause) {
      throw new EngineError(503, "The storage of records can't be used just now", { retryAfterS: 5, cause })
    }
  }

  const place: Place = {
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
