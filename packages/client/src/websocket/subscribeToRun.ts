import { encodeId } from '../internal/options.ts'
import type { Connection } from './types.ts'

/**
 * Asks for the updates of one run; asked again by itself after a reconnect. Gives whether it was sent at once.
 *
 * @throws {@link ArgumentError} for an illegal id.
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
