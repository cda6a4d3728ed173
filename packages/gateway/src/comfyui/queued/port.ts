import type { IncomingFile } from '../../engine.ts'
import type { Answer } from '../api/client.ts'
import type { Ended, Progress, Submitted } from '../runRecord.ts'
import type { GraphNode } from '../workflows/types.ts'

/** A worker that was silent for so long has lost its name. */
export const LEASE_MS = 25_000

/** What a worker says of itself when it asks for news. */
export interface WorkerState {
  /** The runs that it has. */
  readonly has: readonly string[]
  /** Those of them that it was told to stop. */
  readonly stopping: readonly string[]
  /** Whether its ComfyUI answers. */
  readonly isUp: boolean
}

/** A run for a worker. */
export interface Assignment {
  readonly run: Submitted
  readonly graph: Readonly<Record<string, GraphNode>>
  readonly files: readonly string[]
  /** When the run was about to be sent, perhaps by an earlier worker of this server. It must not be sent again. */
  readonly sentAt?: number | undefined
}

export interface News {
  /** The runs that the worker does not have yet. */
  readonly runs: readonly Assignment[]
  /** All runs of this server: the worker drops any other that it has not sent. */
  readonly holds: readonly string[]
  readonly stop: readonly string[]
  /** Questions to ComfyUI. */
  readonly asks: readonly { readonly id: string; readonly path: string }[]
}

/** The end of a run as its worker saw it. */
export type Outcome = Pick<Ended, 'status' | 'error' | 'completedAt' | 'files' | 'fault'>

/** The gateway, as the worker of one server sees it: in the same process, or over HTTP. Any method may be called again. */
export interface Port {
  /** Gives news at once if there are any, or else as soon as they come, or none after a while. */
  poll(state: WorkerState, signal: AbortSignal): Promise<News>
  /** To be called before a run is sent. Gives a mark; `undefined`: another server has it now, or it was cancelled. */
  send(id: string): Promise<number | undefined>
  /** Gives back a run that surely was not sent after this mark. */
  giveBack(id: string, mark: number | undefined): Promise<void>
  /** `isDone`: the GPU is free, and the end follows. */
  report(id: string, progress: Progress, isDone: boolean): Promise<void>
  openInput(id: string, name: string): Promise<Response>
  putOutput(id: string, name: string, body: IncomingFile['body']): Promise<void>
  end(id: string, outcome: Outcome): Promise<void>
  answer(id: string, answer: Answer): Promise<void>
}

/** The gateway refuses what a worker asks for, and would refuse it again. */
export class Refused extends Error {
  override readonly name = 'Refused'
  /** `session`: another worker has this name now. `run`: the run is not this server's, or has ended. */
  readonly what: 'session' | 'run'

  constructor(what: 'session' | 'run') {
    super(what === 'run' ? 'The run is not of this server' : 'Another worker with this name is at work')
    this.what = what
  }
}

/** The gateway has as many workers as it takes. A worker tries again, since names are forgotten. */
export class Crowded extends Error {
  override readonly name = 'Crowded'

  constructor() {
    super('The gateway has as many workers as it takes: stop others, or give it a larger --max-workers')
  }
}

/** The gateway refuses the key, or takes no workers. */
export class NotWelcome extends Error {
  override readonly name = 'NotWelcome'
}
