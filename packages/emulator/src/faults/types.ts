import type { BodyFault } from './body.ts'
import type { ConnectionFault } from './connection.ts'
import type { FaultOperation } from './fault.ts'
import type { RedirectFault } from './redirect.ts'
import type { SocketFault } from './socket.ts'
import type { StateFault } from './state.ts'
import type { StatusFault } from './status.ts'
import type { TimeFault } from './time.ts'

/** What goes wrong; the README says what each does. */
export type FaultKind =
  | ConnectionFault
  | TimeFault
  | StatusFault
  | BodyFault
  | RedirectFault
  | StateFault
  | SocketFault

/** What a plan decides about. */
export interface FaultRequest {
  readonly operation: FaultOperation
  /** The number of this request among the requests for the same target, from 1: retries and polls count. */
  readonly attempt: number
  /** The number of this request among the requests for the same operation, from 1 */
  readonly number: number
  /** Path and query as they came in. For a file: only the path. For a message: the run's id */
  readonly target: string
}

/** The option `faults` of `createEmulator`. */
export interface FaultOptions {
  /** Seed of the random choices. Default: the emulator's seed */
  seed?: number | undefined
  /** How often a request meets a fault, from 0 to 1. Default: 0.1, and 0 with a plan */
  chance?: number | undefined
  /** Default: all */
  kinds?: readonly FaultKind[] | undefined
  /** Default: all */
  operations?: readonly FaultOperation[] | undefined
  /** Decides first; where it gives nothing, chance does */
  plan?: ((request: FaultRequest) => FaultKind | undefined) | undefined
  /** Called at each fault */
  onFault?: ((kind: FaultKind, request: FaultRequest) => void) | undefined
}
