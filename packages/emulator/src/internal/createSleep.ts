const LONGEST_TIMER = 2 ** 31 - 1

/** A sleep for one run: `ms` divided by `speed`, always at least one turn of the event loop. */
export function createSleep(signal: AbortSignal, speed: number): (ms: number) => Promise<void> {
  // One listener for all sleeps of the run: Node warns from the eleventh on one signal.
  const wakers = new Set<() => void>()
  signal.addEventListener('abort', () => [...wakers].forEach((wake) => void wake()), { once: true })

  return (ms) => {
    const slept = new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const wake = (): void => {
        wakers.delete(wake)
        clearTimeout(timer)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      const duration = ms > 0 && speed !== Number.POSITIVE_INFINITY ? ms / speed : 0
      const timer = setTimeout(wake, Math.min(duration, LONGEST_TIMER))
      wakers.add(wake)
    })
    // A workflow that does not await its sleep must not end the process when its run is cancelled.
    slept.catch(() => {})
    return slept
  }
}
