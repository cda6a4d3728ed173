// The queue as an engine uses it, and as users hand it over.
import type { EndedRun } from '../records/recordStore.ts'
import type { createQueue } from './createQueue.ts'
import type { QueuedRun } from './runs.ts'

/** The queue of an engine that keeps such jobs, plans, needs and ends. */
export type RunQueue<
  Job extends QueuedRun = QueuedRun,
  Plan extends object = object,
  Needs extends object = object,
  Ended extends EndedRun = EndedRun,
> = ReturnType<typeof createQueue<Job, Plan, Needs, Ended>>

declare const opaque: unique symbol

/** The result of `folderQueue` and `redisQueue`, for a gateway only. */
export interface Queue {
  readonly [opaque]: never
}

export const toQueue = (queue: RunQueue): Queue => queue as unknown as Queue
export const ofQueue = (queue: Queue): RunQueue => queue as unknown as RunQueue
