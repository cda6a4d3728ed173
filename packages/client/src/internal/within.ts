/** The longest delay that a timer can take, in ms; above it runtimes fire at once. */
export const maxDelayMs = 0x7fff_ffff

/**
 * Runs `run` for at most `ms`, whether it obeys its signal or not. Gives what `late` gives when the time is over;
 * throws the outer signal's reason on abort. No timer and no listener stays behind.
 */
export async function within<T, L = undefined>(
  ms: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T> = () => new Promise(() => {}),
  late?: () => L,
): Promise<T | L> {
  outer?.throwIfAborted()
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), Math.min(ms, maxDelayMs))
  // A signal of our own: listeners on a shared one would pile up, and Node warns at the eleventh.
  const signal = outer ? AbortSignal.any([outer, timeout.signal]) : timeout.signal
  let stop!: () => void
  try {
    return await Promise.race([
      // Before `run`, which may abort right away.
      new Promise<never>((_, reject) => {
        stop = reject
        signal.addEventListener('abort', stop)
      }),
      run(signal),
    ])
  } catch (error) {
    outer?.throwIfAborted()
    if (timeout.signal.aborted) return late?.() as L
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return within(ms, signal)
}
