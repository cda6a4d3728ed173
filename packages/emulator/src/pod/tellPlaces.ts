import { notify } from './notify.ts'
import type { Container, Pod } from './types.ts'

/** Notifies about the followed runs that have moved up, from this index of the queue on. */
export function tellPlaces(pod: Pod, container: Container, from: number): void {
  for (const id of [...pod.followers.keys()]) {
    const run = pod.runs.get(id)
    if (run && container.pending.indexOf(run) >= Math.max(0, from)) notify(pod, run)
  }
}
