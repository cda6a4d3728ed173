import { encodeId } from '../internal/options.ts'
import { isObject } from '../internal/values.ts'
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

/**
 * Counts the subscriptions of each run, which are sent again after a reconnect. Returns whether `message` has to be sent: an
 * unsubscription has not, while another subscriber needs the run.
 */
export function noteSubscription(runIds: Map<unknown, number>, message: unknown): boolean {
  const { action, runId } = Object(isObject(message) && message.type === 'client_event' && message.data)
  const count = runIds.get(runId) ?? 0
  if (action === 'subscribe') runIds.set(runId, count + 1)
  if (action !== 'unsubscribe') return true
  if (count > 1) runIds.set(runId, count - 1)
  else runIds.delete(runId)
  return count < 2
}
