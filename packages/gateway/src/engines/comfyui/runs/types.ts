import type { Run } from '../../../engine.ts'
import type { Memory } from '../records/createMemory.ts'
import type { Records } from '../records/createRecords.ts'
import type { Server } from '../server/createServer.ts'
import type { ReadQueue } from '../server/readQueue.ts'

/** How far a run is, and the title of the node at work. */
export type Progress = Pick<Run, 'progress' | 'node'>

/** One ComfyUI, and what is known of its runs. */
export interface Comfy {
  readonly server: Server
  readonly records: Records
  readonly readQueue: ReadQueue
  /** Runs that the server is known to have taken: where it has them no more, they are gone. */
  readonly taken: Memory<true>
  /** The latest of each run. */
  readonly progress: Memory<Progress>
  readonly lostAfterMs: number
}
