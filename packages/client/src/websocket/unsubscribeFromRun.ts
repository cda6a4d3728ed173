import { encodeId } from '../internal/options.ts'
import type { Connection } from './types.ts'

/**
 * Takes back {@link subscribeToRun}. Gives whether it was sent at once.
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
