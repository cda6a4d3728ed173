import { TimeoutError } from '../errors.ts'
import type { ResumeOptions } from '../types.ts'

/** Runs a wait with a signal of its own, which follows `outer`. */
export type WithSignal = <T>(
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
) => Promise<T>

type Around = <T>(run: () => Promise<T>) => Promise<T>

/**
 * For many waits on the same signals: on each of those there is one listener for all, as long as any of them goes on, and
 * nothing is derived from it. All of them also follow `closing`, and are run by `around`, those that are resumed, too.
 */
export function shareSignal(closing?: AbortSignal, around: Around = (run) => run()): WithSignal {
  const all = new Map<unknown, Set<AbortController>>()

  const abort = ({ target }: Event) => {
    for (const one of all.get(target)!) one.abort((target as AbortSignal).reason)
  }

  const follow = (outer: AbortSignal, controller: AbortController) => {
    const own = all.get(outer) ?? new Set()
    if (!own.size) {
      all.set(outer, own)
      outer.addEventListener('abort', abort)
    }
    own.add(controller)
    if (outer.aborted) controller.abort(outer.reason)
    return () => {
      own.delete(controller)
      if (own.size) return
      all.delete(outer)
      outer.removeEventListener('abort', abort)
    }
  }

  return async function withSignal(outer, run) {
    const controller = new AbortController()
    const ends = [outer, closing].map((one) => one && follow(one, controller))
    try {
      return await around(() => run(controller.signal))
    } catch (error) {
      // The signal follows no more, and a wait that is resumed needs one that does.
      if (error instanceof TimeoutError && error.resume && !controller.signal.aborted) {
        const { resume } = error
        Reflect.set(error, 'resume', (more: ResumeOptions = {}) =>
          withSignal(more.signal ?? outer, (signal) => resume({ ...more, signal })),
        )
      }
      throw error
    } finally {
      for (const end of ends) end?.()
    }
  }
}
