/** What a test gives as a time limit that is to be over when the test says so, in ms. */
export const HELD_MS = 7_654_321

/** What may be added to it, for the size of an upload. */
const MORE_MS = 100_000

/** Timers of `HELD_MS` or a little more, which fire only when the test says so: how fast the machine is does not count. */
export interface HeldTimers {
  /** How many there are. */
  readonly count: number
  /** Fires so many of them, the oldest first, or all. */
  fire(most?: number): void
  /** The clock is as it was. */
  release(): void
}

/** All other timers go on as they do. */
export function holdTimers(): HeldTimers {
  const { setTimeout, clearTimeout } = globalThis
  const held = new Map<unknown, () => void>()
  globalThis.setTimeout = ((callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const timer = setTimeout(callback, ms, ...args)
    if (ms >= HELD_MS && ms < HELD_MS + MORE_MS) {
      held.set(timer, () => callback(...args))
      // It would keep the process for hours.
      timer.unref()
    }
    return timer
  }) as typeof setTimeout
  globalThis.clearTimeout = (timer) => {
    held.delete(timer)
    clearTimeout(timer)
  }
  return {
    get count() {
      return held.size
    },
    fire(most = held.size) {
      for (const [timer, run] of [...held].slice(0, most)) {
        globalThis.clearTimeout(timer as NodeJS.Timeout)
        run()
      }
    },
    release: () => void Object.assign(globalThis, { setTimeout, clearTimeout }),
  }
}
