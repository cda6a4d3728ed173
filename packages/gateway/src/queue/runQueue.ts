// The queue as engines see it, and as users pass it to a gateway.
import type { createQueue } from './createQueue.ts'

export type RunQueue = ReturnType<typeof createQueue>

declare const opaque: unique symbol

/** The result of `folderQueue` and `redisQueue`, for a gateway only. */
export interface Queue {
  readonly [opaque]: never
}

export const toQueue = (queue: RunQueue): Queue => queue as unknown as Queue
export const ofQueue = (queue: Queue): RunQueue => queue as unknown as RunQueue
