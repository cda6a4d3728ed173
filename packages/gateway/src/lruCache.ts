/** The last `most` things that were used, by id. */
export interface Memory<T> {
  get(id: string): T | undefined
  set(id: string, value: T): void
  /** Reads what it does not hold. */
  load(id: string, read: () => Promise<T | undefined>): Promise<T | undefined>
}

export function createLruCache<T>(most: number): Memory<T> {
  const things = new Map<string, T>()
  const memory: Memory<T> = {
    get(id) {
      const value = things.get(id)
      if (value !== undefined) memory.set(id, value)
      return value
    },
    set(id, value) {
      things.delete(id)
      things.set(id, value)
      if (things.size > most) things.delete(things.keys().next().value!)
    },
    async load(id, read) {
      const value = memory.get(id) ?? (await read())
      if (value !== undefined) memory.set(id, value)
      return value
    },
  }
  return memory
}
