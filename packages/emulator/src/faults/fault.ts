import type { Operation, PlainRequest } from '@flowscale/gateway/http'
import { OPERATIONS, operations } from '../../../gateway/src/internal.ts'

/** What a fault is played at: a request of the API or of a file, a WebSocket handshake, a message of a WebSocket, or a webhook. */
export type FaultOperation = Operation | 'connect' | 'message' | 'webhook'

/** A request that is to meet a fault. */
export interface FaultCall {
  readonly request: PlainRequest
  readonly operation: FaultOperation
  /** The origin of the files, which is another than the API's. */
  readonly filesUrl: string
  /** Handles the request, once, and returns the true answer. */
  perform(): Promise<Response>
  /** Calls `end` when the emulator is closed, unless the returned function was called before. */
  onClose(end: () => void): () => void
}

/** One row of the table. */
export interface Fault {
  /** What happens, in a line, for people. */
  readonly text: string
  /** The operations that the fault can be played at. */
  readonly operations: readonly FaultOperation[]
  /** No answer ever comes, so the fault counts as played when it begins. */
  readonly isMute?: true
  /** Returns a false answer, or undefined if the true one can't be spoiled. Faults of sockets and webhooks have none: their sender plays them. */
  play?(call: FaultCall): Promise<Response | undefined>
}

/** Operations whose answer is one JSON text, in the envelope of the API. */
export const JSONS: readonly Operation[] = OPERATIONS.filter((operation) => operations[operation].data)

/** Operations that are HTTP requests. */
export const HTTP: readonly Operation[] = OPERATIONS

export const API: readonly Operation[] = HTTP.filter((operation) => operation !== 'downloadOutput')

export const FAULT_OPERATIONS: readonly FaultOperation[] = [...HTTP, 'connect', 'message', 'webhook']
