import { startTimer, untilAborted } from './withDeadline.ts'

/** What is used of a page's document. */
type Page = Pick<EventTarget, 'addEventListener' | 'removeEventListener'> & { readonly hidden: boolean }

/** The shortest pause in a hidden page, in ms. */
const hiddenMs = 10_000

/**
 * Pauses for `ms`, in a page that is hidden for longer, and in one that shows again for `shownMs` in all. `onStart` is given
 * the function that ends the pause.
 */
export function pause(
  ms: number,
  shownMs: number,
  signal: AbortSignal,
  onStart: (wake: () => void) => void,
): Promise<void> {
  const start = Date.now()
  // Deno's types know no document.
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
