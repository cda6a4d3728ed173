import type { Storage } from '../../../engine.ts'
import { EngineError } from '../../../engineErrors.ts'
import type { Place } from './types.ts'

/** Records in a storage of the caller's. */
export function createStored(storage: Storage): Place {
  const key = (path: string): string => `flowscale:${path.replaceAll('/', ':')}`

  async function guard<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (cause) {
      throw new EngineError(503, "The storage of records can't be used just now", { retryAfterS: 5, cause })
    }
  }

  async function read(path: string): Promise<unknown> {
    const value = await storage.getItem(key(path))
    // Some storages read JSON by themselves.
    return typeof value === 'string' ? JSON.parse(value) : (value ?? undefined)
  }

  return {
    read: (path) => guard(() => read(path)),
    write: (path, value) =>
      guard(async () => {
        if ((await read(path)) !== undefined) return false
        await storage.setItem(key(path), JSON.stringify(value))
        return true
      }),
    remove: (path) => guard(() => storage.removeItem(key(path))),
    list: (folder) =>
      guard(async () => {
        const base = key(folder)
        const keys = await storage.getKeys(base)
        return keys
          .filter((k) => k.startsWith(`${base}:`))
          .map((k) => k.slice(base.length + 1).replaceAll(':', '/'))
      }),
  }
}
