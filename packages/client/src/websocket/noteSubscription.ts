import { isObject } from '../run.ts'

/**
 * Counts the subscriptions of each run, for a new subscription after a reconnect. Returns whether to send `message`: an
 * unsubscription is not sent while another subscriber needs the run.
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
