import { NoAnswer } from '../../engines/comfyui/server/NoAnswer.ts'
import { hasOwnTimers } from '../../hasOwnTimers.ts'
import type { Server } from './client.ts'

export interface QueueItem {
  readonly number: number
  readonly id: string
  /** The data that was sent with the graph. */
  readonly extra: unknown
}

export interface Queue {
  /** What runs, and then what waits, in the order in which it will run. */
  readonly items: readonly QueueItem[]
  /** How many of them run. */
  readonly running: number
  readonly readAt: number
}

/** `maxAgeMs`: how old an earlier answer may be. Default: ten times what it took, 250 at most. */
export type ReadQueue = (maxAgeMs?: number) => Promise<Queue>

const MOST_MS = 250

/** The queue comes with all graphs, so that callers of the same moment share an answer. */
export function createReadQueue(server: Server): ReadQueue {
  let latest: Queue | undefined
  let ageMs = MOST_MS
  /** The pending request. On Workers no request may wait for a fetch of another. */
  let coming: { readonly readAt: number; readonly queue: Promise<Queue> } | undefined

  return async (maxAgeMs = ageMs) => {
    const now = Date.now()
    const isRecent = ({ readAt }: { readonly readAt: number }): boolean =>
      maxAgeMs > 0 && now - readAt <= maxAgeMs
    if (latest && isRecent(latest)) return latest
    if (coming && isRecent(coming) && hasOwnTimers()) return await coming.queue
    const mine = { readAt: now, queue: read(now) }
    coming = mine
    try {
      return await mine.queue
    } finally {
      if (coming === mine) coming = undefined
    }
  }

  async function read(readAt: number): Promise<Queue> {
    const { queue_running, queue_pending } = Object(await server.read('/queue'))
    const running = readItems(queue_running)
    // It comes as a heap.
    const pending = readItems(queue_pending).sort((a, b) => a.number - b.number || (a.id < b.id ? -1 : 1))
    const queue = { items: [...running, ...pending], running: running.length, readAt }
    ageMs = Math.min(MOST_MS, 10 * (Date.now() - readAt + 1))
    if (!latest || latest.readAt <= readAt) latest = queue
    return queue
  }
}

function readItems(list: unknown): QueueItem[] {
  if (!Array.isArray(list)) throw new NoAnswer('its queue can not be read', true)
  const items = list.filter((item) => Array.isArray(item))
  return items.map(([number, id, , extra]) => ({ number: Number(number), id: String(id), extra }))
}
