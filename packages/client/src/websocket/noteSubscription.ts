import { isObject } from '../internal/data.ts'

/**
 * Counts who wants the updates of which run, so that they can be asked for again after a reconnect. Gives whether
 * `message` is to be sent: not if it takes back what somebody else still wants.
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
