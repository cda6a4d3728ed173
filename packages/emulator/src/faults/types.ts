import type { BodyFault } from './body.ts'
import type { ConnectionFault } from './connection.ts'
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

/** Where: a request of the API, of a file, a WebSocket handshake, or one message of a WebSocket. */
export type FaultOperation = ApiOperation | 'downloadOutput' | 'connect' | 'message'

export type ApiOperation =
  | 'checkHealth'
  | 'getQueue'
  | 'getWorkflows'
  | 'executeWorkflow'
  | 'getOutput'
  | 'cancelRun'
  | 'getRun'
  | 'getRuns'

/** What a plan decides about. */
export interface FaultRequest {
  readonly operation: FaultOperation
  /** How often this very target was asked for by now, from 1: retries and polls count. */
  readonly attempt: number
  /** How often this operation was asked for by now, from 1 */
  readonly number: number
  /** Path and query as they came in; of a file only the path; of a message the run's id */
  readonly target: string
}

/** The option `faults` of `createEmulator`. */
export interface FaultOptions {
  /** Of what is random. Default: that of the emulator */
  seed?: number | undefined
  /** How often a request meets a fault, from 0 to 1. Default: 0.1, and 0 with a plan */
  chance?: number | undefined
  /** Default: all */
  kinds?: readonly FaultKind[] | undefined
  /** Default: all */
  operations?: readonly FaultOperation[] | undefined
  /** Decides first; where it gives nothing, chance does */
  plan?: ((request: FaultRequest) => FaultKind | undefined) | undefined
  /** Told of each fault that is played */
  onFault?: ((kind: FaultKind, request: FaultRequest) => void) | undefined
}

/** A request that is to meet a fault. */
export interface FaultCall {
  readonly request: Request
  readonly operation: FaultOperation
  /** Another origin than that of the API. */
  readonly filesUrl: string
  /** Handles the request, once, and gives the true answer. */
  perform(): Promise<Response>
  /** Calls `end` when the emulator is closed, unless the function that it gives was called before. */
  onClose(end: () => void): () => void
}

/** One row of the table. */
export interface Fault {
  /** What happens, in a line, for people. */
  readonly text: string
  /** Where it fits. */
  readonly operations: readonly FaultOperation[]
  /** There is never an answer, so it is played before it is known how it ends. */
  readonly isMute?: true
  /** Gives the answer, or nothing where the true answer leaves nothing to spoil. Sockets play theirs themselves. */
  play?(call: FaultCall): Promise<Response | undefined>
}
