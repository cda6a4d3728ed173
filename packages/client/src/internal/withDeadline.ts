/** The longest delay that a timer can take, in ms; above it runtimes fire at once. */
export const maxDelayMs = 0x7fff_ffff

/**
 * Runs `run` for at most `ms`, whether it obeys its signal or not. Gives the result of `late` when the time is over;
 * throws the outer signal's reason on abort. No timer and no listener stays behind: a body that is read later must follow
 * `outer` by itself. Derive `outer` where many may listen to it: Node warns at the eleventh listener.
 */
export async function withDeadline<T, L = undefined>(
  ms: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
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

/** Settles as `start` makes it, or rejects with the signal's reason; calls the function that `start` gave at either end. */
export async function untilAborted<T>(
  signal: AbortSignal | undefined,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => (() => void) | undefined,
): Promise<T> {
  signal?.throwIfAborted()
  let abort: (() => void) | undefined
  let end: (() => void) | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      abort = () => reject(signal!.reason)
      signal?.addEventListener('abort', abort)
      end = start(resolve, reject)
    })
  } finally {
    end?.()
    signal?.removeEventListener('abort', abort!)
  }
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return untilAborted(signal, (resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, maxDelayMs))
    return () => clearTimeout(timer)
  })
}
