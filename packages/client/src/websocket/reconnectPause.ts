/** The longest pause between attempts, in ms, before jitter and unless the interval is longer. */
const maxPauseMs = 30_000

/** Doubles with each failure up to a cap; with jitter, so that clients don't come back all at once. */
export function reconnectPause(intervalMs: number, failures: number): number {
  const pauseMs = Math.min(intervalMs * 2 ** failures, Math.max(maxPauseMs, intervalMs))
  return pauseMs * (0.75 + Math.random() / 2)
}
