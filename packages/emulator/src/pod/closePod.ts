import { endRun } from './advance.ts'
import type { Pod } from './types.ts'

export function closePod(pod: Pod): void {
  pod.closed = true
  pod.faults.close()
  // The queues first: ending a running one would start the next.
  for (const container of pod.containers) {
    for (const run of [...container.pending]) endRun(pod, run, 'cancelled')
    if (container.running) endRun(pod, container.running, 'cancelled')
  }
}
