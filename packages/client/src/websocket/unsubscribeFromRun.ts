import { encodeId } from '../internal/options.ts'
import type { Connection } from './types.ts'

/**
 * Takes back one {@link subscribeToRun}; the server is told when nobody else on this connection wants the run, such
 * as a wait with `push`. Gives whether that was done at once.
 *
 * @throws {@link ArgumentError} for an illegal id.
 *
 * @example
 * ```ts
 * unsubscribeFromRun(connection, runId)
 * ```
 */
export function unsubscribeFromRun(connection: Connection, runId: string): boolean {
  encodeId('runId', runId)
  return connection.send({ type: 'client_event', data: { action: 'unsubscribe', runId } })
}
