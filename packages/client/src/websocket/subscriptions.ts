import { encodeId } from '../internal/options.ts'
import type { Connection } from './types.ts'

/**
 * Cancels one {@link subscribeToRun}. The message is sent only if nobody else on this connection needs the run, such as a
 * wait with `push`. Returns `false` while the connection is not open.
 *
 * @throws {@link ArgumentError} if the id is illegal.
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
