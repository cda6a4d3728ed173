/** One field of each of a list. */
export const pluck = <T, K extends keyof T>(list: Iterable<T>, field: K): T[K][] =>
  Array.from(list, (one) => one[field])
