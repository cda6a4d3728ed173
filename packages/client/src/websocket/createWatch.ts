import { text } from '../internal/data.ts'
import type { PushConnection, RunUpdate } from '../types.ts'

type Listener = (update?: RunUpdate) => void

/** Hands each update of a run to those who watch it, with one listener on the messages for all. */
export function createWatch(
  listen: (listener: (...message: unknown[]) => void) => () => void,
  send: (message: unknown) => unknown,
): PushConnection['watch'] {
  const runs = new Map<string, Set<Listener>>()
  let unlisten = () => {}

  const hear = (...messages: unknown[]) => {
    // The connection is over.
    if (!messages.length) for (const listeners of runs.values()) for (const listener of listeners) listener()
    const { type, data } = Object(messages[0])
    if (type !== 'run_status_update') return
    const { run_id, _id = run_id, status, progress, position } = Object(data)
    const update: RunUpdate = {
      status: text(status) || undefined,
      progress: typeof progress === 'number' ? progress : undefined,
      position: typeof position === 'number' ? position : undefined,
    }
    for (const listener of runs.get(_id) ?? []) listener(update)
  }

  return (runId, listener) => {
    const say = (action: string) => send({ type: 'client_event', data: { action, runId } })
    const listeners = runs.get(runId) ?? new Set()
    if (!runs.size) unlisten = listen(hear)
    runs.set(runId, listeners.add(listener))
    say('subscribe')
    return () => {
      listeners.delete(listener)
      if (!listeners.size) runs.delete(runId)
      if (!runs.size) unlisten()
      say('unsubscribe')
    }
  }
}
