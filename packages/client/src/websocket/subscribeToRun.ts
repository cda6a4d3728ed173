import { encodeId } from '../internal/options.ts'
import type { Connection } from './types.ts'

/**
 * Subscribes to the updates of a run, also after a reconnect. Returns whether the message was sent at once.
 *
 * @throws {@link ArgumentError} if the id is illegal.
 *
 * @example
 * ```ts
 * subscribeToRun(connection, runId)
 * ```
 */
export function subscribeToRun(connection: Connection, runId: string): boolean {
  encodeId('runId', runId)
  return connection.send({ type: 'client_event', data: { action: 'subscribe', runId } })
}
