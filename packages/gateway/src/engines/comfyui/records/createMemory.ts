/** The last `most` things that were used, by id. */
export interface Memory<T> {
  get(id: string): T | undefined
  set(id: string, value: T): void
}

export function createMemory<T>(most: number): Memory<T> {
  const things = new Map<string, T>()
  const set = (id: string, value: T): void => {
    things.delete(id)
    things.set(id, value)
    if (things.size > most) things.delete(things.keys().next().value!)
  }
  return {
    get(id) {
      const value = things.get(id)
      if (value !== undefined) set(id, value)
      return value
    },
    set,
  }
}
