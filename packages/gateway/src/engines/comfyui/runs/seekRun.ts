import { type History, readHistory } from '../server/readHistory.ts'
import type { QueueItem } from '../server/readQueue.ts'
import type { Comfy } from './types.ts'

/** Where a server has a run: in its queue, in its history, or in neither. */
export interface Sighting {
  readonly item?: QueueItem | undefined
  /** Its place in the queue, of which so many run. */
  readonly position?: number | undefined
  readonly running?: number | undefined
  readonly history?: History | 'unreadable' | undefined
  /** How long the queue is. */
  readonly waiting: number
}

/** `maxAgeMs`: how old an earlier answer about the queue may be. */
export async function seekRun(
  { server, readQueue }: Pick<Comfy, 'server' | 'readQueue'>,
  id: string,
  maxAgeMs?: number,
): Promise<Sighting> {
  let waiting = 0
  // Twice: what is in neither may have gone from the one to the other, or have come just now.
  for (const age of [maxAgeMs, 0]) {
    const { items, running } = await readQueue(age)
    waiting = items.length
    const position = items.findIndex((item) => item.id === id)
    if (position >= 0) return { item: items[position], position, running, waiting }
    const history = await readHistory(server, id)
    if (history) return { history, waiting }
  }
  return { waiting }
}
