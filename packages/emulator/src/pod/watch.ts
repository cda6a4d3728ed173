import type { Run } from '@flowscale/gateway/face'
import type { Pod } from './types.ts'

/** Calls the listener at each change of a run's status or progress, until the function that it gives is called. */
export function watch(pod: Pod, listener: (run: Run) => void): () => void {
  // An object of its own: the same function may watch twice.
  const watcher = { listener }
  pod.listeners.add(watcher)
  return () => void pod.listeners.delete(watcher)
}
