/** A timer for `ms`, or for the longest time that runtimes support: above that they fire at once. */
export function startTimer(run: () => void, ms: number): ReturnType<typeof setTimeout> {
  return setTimeout(run, Math.min(Math.max(ms, 0), 0x7fff_ffff))
}

/**
 * Settles as `start` resolves or rejects it, or rejects with the signal's reason. In both cases the function that `start`
 * returned is called, and no listener is left.
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
      // Before `start`, which may abort at once.
      signal?.addEventListener('abort', abort)
      end = start(resolve, reject)
    })
  } finally {
    end?.()
    signal?.removeEventListener('abort', abort)
  }
}

/**
 * Runs `run` for at most `ms`, whether it obeys its signal or not. Gives the result of `late` when the time is over.
 * Throws the outer signal's reason on abort. If a body is read later, its reader must follow `outer`. Derive `outer` if
 * many may listen to it: Node warns at the eleventh listener.
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

/** The part of a page's document that is used. */
type Page = Pick<EventTarget, 'addEventListener' | 'removeEventListener'> & { readonly hidden: boolean }

/** The shortest pause in a hidden page, in ms. */
const hiddenMs = 10_000

/**
 * Pauses for `ms`, and longer in a hidden page. When the page shows again, the pause is `shownMs` in all. `onStart` gets
 * the function that ends the pause.
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
