export interface ClientEvent {
  action: 'subscribe' | 'unsubscribe'
  runId: string
}

/** The one kind of message that clients send, or `null` for anything else. */
export function readEvent(text: string): ClientEvent | null {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return null
  }
  const { type, data } = fields(message)
  const { action, runId } = fields(data)
  if (type !== 'client_event' || (action !== 'subscribe' && action !== 'unsubscribe')) return null
  return typeof runId === 'string' ? { action, runId } : null
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
