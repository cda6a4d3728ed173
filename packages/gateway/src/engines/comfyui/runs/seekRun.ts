import type { QueueItem } from '../../../comfyui/api/queue.ts'
import type { Comfy } from '../../../comfyui/runRecord.ts'
import { type History, readHistory } from '../server/readHistory.ts'

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
  const askedAt = Date.now()
  const { items, running, readAt } = await readQueue(maxAgeMs)
  const position = items.findIndex((item) => item.id === id)
  const seen = { item: items[position], position, running, waiting: items.length }
  // What runs in an earlier answer, or was the next to run, may have ended since.
  if (position > running || (position >= 0 && readAt >= askedAt)) return seen
  const history = await readHistory(server, id)
  if (history) return { history, waiting: items.length }
  if (position >= 0) return seen
  // Once more: what is in neither may have gone from the one to the other, or have come just now.
  const again = await readQueue(0)
  const waiting = again.items.length
  const place = again.items.findIndex((item) => item.id === id)
  if (place >= 0) return { item: again.items[place], position: place, running: again.running, waiting }
  return { history: await readHistory(server, id), waiting }
}
