/** Calls `abort` when `signal` is aborted, or at once if it already is. Gives the function that stops following. */
export type Follow = (signal: AbortSignal, abort: () => void) => () => void

/** Follows signals with one listener on each signal for all followers: Node warns at the eleventh listener. */
export function createFollow(): Follow {
  const all = new Map<AbortSignal, Set<() => void>>()
  const abortAll = ({ target }: Event) => {
    for (const abort of all.get(target as AbortSignal) ?? []) abort()
  }
  return (signal, abort) => {
    const own = all.get(signal) ?? new Set()
    if (!own.size) {
      all.set(signal, own)
      signal.addEventListener('abort', abortAll)
    }
    own.add(abort)
    if (signal.aborted) abort()
    return () => {
      own.delete(abort)
      if (own.size) return
      all.delete(signal)
      signal.removeEventListener('abort', abortAll)
    }
  }
}
