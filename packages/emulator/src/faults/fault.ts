import type { ApiOperation, Operation } from '@flowscale/gateway/face'

/** Where: a request of the API, of a file, a WebSocket handshake, or one message of a WebSocket. */
export type FaultOperation = Operation | 'connect' | 'message'

/** A request that is to meet a fault. */
export interface FaultCall {
  readonly request: Request
  readonly operation: FaultOperation
  /** Another origin than the API's. */
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

/** Those whose answer is one JSON text. */
export const JSONS: readonly ApiOperation[] = [
  'checkHealth',
  'getQueue',
  'getWorkflows',
  'executeWorkflow',
  'getOutput',
  'cancelRun',
  'getRun',
  'getRuns',
]

export const API: readonly ApiOperation[] = [...JSONS, 'connectEvents']

/** All that are HTTP requests. */
export const HTTP: readonly FaultOperation[] = [...API, 'downloadOutput']

export const OPERATIONS: readonly FaultOperation[] = [...HTTP, 'connect', 'message']
