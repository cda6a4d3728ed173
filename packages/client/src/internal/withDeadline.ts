/** The longest delay that a timer can take, in ms; above it runtimes fire at once. */
export const maxDelayMs = 0x7fff_ffff

/**
 * Runs `run` for at most `ms`, whether it obeys its signal or not. Gives what `late` gives when the time is over;
 * throws the outer signal's reason on abort. No timer and no listener stays behind: what outlives it, as the body of a
 * response does, must follow `outer` by itself. Where many may listen to `outer`, derive one: Node warns at the eleventh.
 */
export async function withDeadline<T, L = undefined>(
  ms: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T> = () => new Promise(() => {}),
  late?: () => L,
): Promise<T | L> {
  outer?.throwIfAborted()
  const own = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let stop!: () => void
  try {
    return await new Promise<T>((resolve, reject) => {
      stop = () => {
        reject()
        own.abort(outer?.reason)
      }
      timer = setTimeout(stop, Math.min(ms, maxDelayMs))
      // Before `run`, which may abort right away.
      outer?.addEventListener('abort', stop)
      run(own.signal).then(resolve, reject)
    })
  } catch (error) {
    outer?.throwIfAborted()
    if (own.signal.aborted) return late?.() as L
    throw error
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', stop)
  }
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return withDeadline(ms, signal)
}
