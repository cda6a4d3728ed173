import { isObject } from '../internal/options.ts'

/** Keeps in mind to which runs a connection is subscribed, so that it can be again after a reconnect. */
export function noteSubscription(runIds: Set<unknown>, message: unknown): void {
  const { action, runId } = Object(isObject(message) && message.type === 'client_event' && message.data)
  if (action === 'subscribe') runIds.add(runId)
  if (action === 'unsubscribe') runIds.delete(runId)
}
