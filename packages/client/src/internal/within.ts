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
  // A signal of our own: listeners on a shared one would pile up, and Node warns at the eleventh. It outlives the call,
  // for the body of a response that is given away.
  const signal = outer ? AbortSignal.any([outer, timeout.signal]) : timeout.signal
  let timer: ReturnType<typeof setTimeout> | undefined
  let stop!: () => void
  try {
    return await new Promise<T>((resolve, reject) => {
      stop = reject
      timer = setTimeout(
        () => {
          reject()
          timeout.abort()
        },
        Math.min(ms, maxDelayMs),
      )
      // Before `run`, which may abort right away.
      if (outer) signal.addEventListener('abort', stop)
      run(signal).then(resolve, reject)
    })
  } catch (error) {
    outer?.throwIfAborted()
    if (timeout.signal.aborted) return late?.() as L
    throw error
  } finally {
    clearTimeout(timer)
    if (outer) signal.removeEventListener('abort', stop)
  }
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return within(ms, signal)
}
