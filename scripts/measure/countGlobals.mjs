/** Counts from now on what code makes by the globals that waits use. */
export function countGlobals() {
  const counts = { controllers: 0, any: 0, timers: 0, parses: 0 }
  globalThis.AbortController = class extends AbortController {
    constructor() {
      super()
      counts.controllers++
    }
  }
  for (const [owner, method, name] of [
    [AbortSignal, 'any', 'any'],
    [AbortSignal, 'timeout', 'timers'],
    [globalThis, 'setTimeout', 'timers'],
    [JSON, 'parse', 'parses'],
  ]) {
    const original = owner[method]
    owner[method] = (...args) => {
      counts[name]++
      return original.apply(owner, args)
    }
  }
  return counts
}

/** The counts between `before` and `after`, divided by `rounds`. */
export const perRound = (before, after, rounds) =>
  Object.fromEntries(Object.keys(after).map((name) => [name, (after[name] - before[name]) / rounds]))
