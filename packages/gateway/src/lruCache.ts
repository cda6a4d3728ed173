// A cache of the values that were used last.
export interface LruCache<T> {
  get(id: string): T | undefined
  set(id: string, value: T): void
  /** The value of the cache, or else the one that `read` gives. */
  load(id: string, read: () => Promise<T | undefined>): Promise<T | undefined>
}

/** Makes a cache of `most` values: the value that was used longest ago goes first. */
export function createLruCache<T>(most: number): LruCache<T> {
  const values = new Map<string, T>()
  const cache: LruCache<T> = {
    get(id) {
      const value = values.get(id)
      if (value !== undefined) cache.set(id, value)
      return value
    },
    set(id, value) {
      values.delete(id)
      values.set(id, value)
      if (values.size > most) values.delete(values.keys().next().value!)
    },
    async load(id, read) {
      const value = cache.get(id) ?? (await read())
      if (value !== undefined) cache.set(id, value)
      return value
    },
  }
  return cache
}
