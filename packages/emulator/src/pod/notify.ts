import { toRun } from './toRun.ts'
import type { Pod, Run } from './types.ts'

/** Calls every listener with the state of a run. All listeners see all changes in the same order. */
export function notify(pod: Pod, run: Run): void {
  if (pod.listeners.size === 0) return
  pod.updates.push(toRun(run))
  // A change that a listener has made waits until everybody knows of the one before.
  if (pod.updates.length > 1) return
  for (let update = pod.updates[0]; update; update = pod.updates[0]) {
    for (const { listener } of [...pod.listeners]) {
      try {
        listener(update)
      } catch (error) {
        // Nobody is there to catch it, and the run and the other listeners must go on.
        void Promise.reject(error)
      }
    }
    pod.updates.shift()
  }
}
