import type { Server } from './createServer.ts'
import { NoAnswer } from './NoAnswer.ts'

export interface QueueItem {
  readonly number: number
  readonly id: string
  /** What was sent beside the graph. */
  readonly extra: unknown
}

export interface Queue {
  readonly running: readonly QueueItem[]
  /** In the order in which they will run. */
  readonly pending: readonly QueueItem[]
  readonly readAt: number
}

/** `maxAgeMs`: how old an earlier answer may be. */
export type ReadQueue = (maxAgeMs?: number) => Promise<Queue>

/** The queue comes with all graphs, so that callers of the same moment share an answer that has arrived. */
export function createReadQueue(server: Server): ReadQueue {
  let latest: Queue | undefined
  return async (maxAgeMs = 250) => {
    const readAt = Date.now()
    if (latest && readAt - latest.readAt <= maxAgeMs && maxAgeMs > 0) return latest
    const body = (await server.read('/queue')) as { queue_running?: unknown; queue_pending?: unknown } | null
    const running = items(body?.queue_running)
    const pending = items(body?.queue_pending)
    if (!running || !pending) throw new NoAnswer('its queue can not be read', true)
    // It comes as a heap.
    pending.sort((a, b) => a.number - b.number || (a.id < b.id ? -1 : 1))
    const queue = { running, pending, readAt }
    if (!latest || latest.readAt <= readAt) latest = queue
    return queue
  }
}

function items(list: unknown): QueueItem[] | undefined {
  if (!Array.isArray(list)) return undefined
  return list.flatMap((item) =>
    Array.isArray(item) ? [{ number: Number(item[0]), id: String(item[1]), extra: item[3] }] : [],
  )
}
