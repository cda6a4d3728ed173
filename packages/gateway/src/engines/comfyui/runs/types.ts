import type { Memory } from '../records/createMemory.ts'
import type { Records } from '../records/createRecords.ts'
import type { Server } from '../server/createServer.ts'
import type { ReadQueue } from '../server/readQueue.ts'

/** What a running node is at. */
export interface Progress {
  readonly progress: number
  /** The title of the node. */
  readonly node?: string | undefined
}

/** One server, and what is known of its runs. */
export interface Shop {
  readonly server: Server
  readonly records: Records
  readonly readQueue: ReadQueue
  /** Runs that the server is known to have taken: where it has them no more, they are gone. */
  readonly taken: Memory<true>
  /** What was heard of runs last. */
  readonly progress: Memory<Progress>
  readonly lostAfterMs: number
}
