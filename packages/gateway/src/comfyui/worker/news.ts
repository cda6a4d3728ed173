// The news that a gateway sends to a worker, and its refusals.
import { EngineError } from '../../engine.ts'
import type { WorkerPort } from '../../workerPort.ts'
import type { Submitted } from '../runRecord.ts'
import type { GraphNode } from '../workflows/types.ts'

/** A worker that was silent for so long has lost its name. */
export const LEASE_MS = 25_000

/** A question to the worker itself: whether it has a key for the nodes of partners. Any status but 200 means no. */
export const HAS_KEY = '/partner_key'

export type Port = WorkerPort<News>

export interface News {
  /** The runs that the worker does not have yet. */
  readonly runs: readonly Assignment[]
  /** All runs of this server. The worker drops each other run that it has not sent. */
  readonly holds: readonly string[]
  readonly stop: readonly string[]
  /** The runs whose pictures somebody asks for. Default: none */
  readonly previews?: readonly string[] | undefined
  /** Questions to ComfyUI. */
  readonly asks: readonly { readonly id: string; readonly path: string }[]
}

/** A run for a worker. */
export interface Assignment {
  readonly run: Submitted
  readonly graph: Readonly<Record<string, GraphNode>>
  readonly files: readonly string[]
  /** When a worker of this server was about to send the run: it must not be sent again. */
  readonly sentAt?: number | undefined
  /** A run that this server had before that. */
  readonly after?: string | undefined
}

/** The gateway refuses a request of a worker, and would refuse it again. */
export class Refused extends EngineError {
  /** `session`: another worker has this name now. `run`: the run is not this server's, or has ended. */
  readonly what: 'session' | 'run'

  constructor(what: 'session' | 'run') {
    if (what === 'run') super(410, 'The run is not of this server')
    else super(409, 'Another worker with this name is at work')
    this.what = what
  }
}

/** The gateway has as many workers as it takes. Names are forgotten after a while, so a worker tries again. */
export class Crowded extends EngineError {
  constructor() {
    super(429, 'The gateway has as many workers as it takes: stop others, or give it a larger --max-workers')
  }
}

/** The gateway refuses the key, or takes no workers. */
export class NotWelcome extends Error {
  override readonly name = 'NotWelcome'
}

/** What answers is no gateway. One may come there later, so a worker tries again. */
export class NoGateway extends Error {
  override readonly name = 'NoGateway'
}
