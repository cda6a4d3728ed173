/** A timer for `ms`, up to the longest time that runtimes support. A longer timer would fire at once. */
export function startTimer(run: () => void, ms: number): ReturnType<typeof setTimeout> {
  return setTimeout(run, Math.min(Math.max(ms, 0), 0x7fff_ffff))
}

/**
 * A promise that `start` settles, or that rejects with the signal's reason. At its end the function that `start` has
 * returned is called, and the listener on the signal is removed.
 */
export async function untilAborted<T>(
  signal: AbortSignal | undefined,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => (() => void) | undefined,
): Promise<T> {
  signal?.throwIfAborted()
  let abort!: () => void
  let end: (() => void) | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      abort = () => reject(signal!.reason)
      // The listener comes before `start`, which may abort the signal.
      signal?.addEventListener('abort', abort)
      end = start(resolve, reject)
    })
  } finally {
    end?.()
    signal?.removeEventListener('abort', abort)
  }
}

/**
 * Runs `run` for at most `ms`, even if `run` ignores its signal. After that time the result is the one of `late`. On an abort
 * of `outer` it throws the reason. Code that reads a body after `run` has ended must listen on `outer` itself. Derive a
 * caller's signal (`AbortSignal.any`) before you pass it as `outer`, because Node warns at the eleventh listener on a signal.
 */
export async function withDeadline<T, L = undefined>(
  ms: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
  late?: () => L,
): Promise<T | L> {
  const own = new AbortController()
  let isLate = false
  try {
    return await untilAborted<T>(outer, (resolve, reject) => {
      const timer = startTimer(() => {
        isLate = true
        reject(undefined)
      }, ms)
      run(own.signal).then(resolve, reject)
      return () => clearTimeout(timer)
    })
  } catch (error) {
    own.abort(outer?.reason)
    outer?.throwIfAborted()
    if (isLate) return late?.() as L
    throw error
  }
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return untilAborted(signal, (resolve) => {
    const timer = startTimer(() => resolve(), ms)
    return () => clearTimeout(timer)
  })
}

/** The time that a body of this size may need besides the time limit of a request, in ms: 1 s for each 256 KiB. */
export const uploadMs = (bytes: number): number => Math.ceil(bytes / 262_144) * 1000

/** The part of a page's `document` that the pauses need. */
type Page = Pick<EventTarget, 'addEventListener' | 'removeEventListener'> & { readonly hidden: boolean }

/** The shortest pause in a hidden page, in ms. */
const hiddenMs = 10_000

/**
 * Pauses for `ms`, and for `hiddenMs` at least while the page is hidden. Once the page shows again, the whole pause is
 * `shownMs`. `onStart` gets the function that ends the pause early.
 */
export function pause(
  ms: number,
  shownMs: number,
  signal: AbortSignal,
  onStart: (wake: () => void) => void,
): Promise<void> {
  const start = Date.now()
  // Deno's types have no document.
  const { document: page } = globalThis as { document?: Page }
  return untilAborted<void>(signal, (end) => {
    const resolve = () => end()
    let timer: ReturnType<typeof setTimeout>
    const wait = (whole: number) => {
      clearTimeout(timer)
      const least = page?.hidden ? Math.max(whole, hiddenMs) : whole
      timer = startTimer(resolve, start + least - Date.now())
    }
    const changed = () => wait(page!.hidden ? ms : shownMs)
    wait(ms)
    page?.addEventListener('visibilitychange', changed)
    onStart(resolve)
    return () => {
      clearTimeout(timer)
      page?.removeEventListener('visibilitychange', changed)
    }
  })
}
