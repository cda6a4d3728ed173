/** The longest pause between attempts, in ms, without jitter, unless the interval is longer. */
const maxPauseMs = 30_000

/** The pause doubles with each failure, up to a limit. Jitter keeps clients from reconnecting all at once. */
export function reconnectPause(intervalMs: number, failures: number): number {
  const pauseMs = Math.min(intervalMs * 2 ** failures, Math.max(maxPauseMs, intervalMs))
  return pauseMs * (0.75 + Math.random() / 2)
}
