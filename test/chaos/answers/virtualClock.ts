interface Timer {
  at: number
  run(): void
}

/**
 * A clock that stands still while there is work, and jumps to the next timer when there is none: a wait of a year is
 * over at once. For code that talks to nobody outside of the process.
 */
export function virtualClock(): { uninstall(): void } {
  const { setTimeout, clearTimeout } = globalThis
  const { now: realNow } = Date
  let now = 1_750_000_000_000
  let isPumping = false
  const timers = new Set<Timer>()

  const pump = () => {
    isPumping = true
    // Two turns of the event loop: what is settled by now has gone on.
    setImmediate(() =>
      setImmediate(() => {
        let next: Timer | undefined
        for (const timer of timers) if (!next || timer.at < next.at) next = timer
        isPumping = false
        if (!next) return
        now = Math.max(now, next.at)
        timers.delete(next)
        if (timers.size) pump()
        next.run()
      }),
    )
  }
  globalThis.setTimeout = ((run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const timer = { at: now + Math.max(0, Number(ms) || 0), run: () => run(...args) }
    timers.add(timer)
    if (!isPumping) pump()
    return timer
  }) as never
  globalThis.clearTimeout = ((timer: Timer) => timers.delete(timer)) as never
  Date.now = () => now
  return {
    uninstall() {
      Object.assign(globalThis, { setTimeout, clearTimeout })
      Date.now = realNow
    },
  }
}
