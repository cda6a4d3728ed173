import { text, toProgress } from '../internal/data.ts'
import type { Connection } from './types.ts'

type Listener = Parameters<Connection['watch']>[1]

/** The longest pause between two polls while the connection is healthy, in ms. */
const maxPauseMs = 30_000

/** What a connection tells the waits that have it as `push`, by one listener on its messages. */
export function createWatch(
  connection: Pick<Connection, 'connected' | 'send'>,
  listen: (listener: (...message: unknown[]) => void) => () => void,
): Connection['watch'] {
  const runs = new Map<unknown, Set<Listener>>()
  let unlisten = () => {}

  const hear = (...messages: unknown[]) => {
    // The connection is over: only the server can tell more.
    if (!messages.length) {
      for (const listeners of runs.values()) for (const tell of listeners) tell({}, true)
    }
    const { type, data } = Object(messages[0])
    if (type !== 'run_status_update') return
    const { run_id, _id = run_id, status, position } = Object(data)
    const update = {
      status: text(status) || undefined,
      progress: toProgress(Object(data)),
      position: typeof position === 'number' ? position : undefined,
    }
    for (const tell of runs.get(_id) ?? []) tell(update, false)
  }

  return (runId, listener) => {
    const say = (action: string) => connection.send({ type: 'client_event', data: { action, runId } })
    let last: unknown
    /** Pauses without news while the connection was healthy. */
    let quiet = 0
    const own: Listener = (update, isOver) => {
      const { status = last } = update
      // Progress alone is no reason to ask.
      const isNews = isOver || status !== last
      if (isNews) quiet = 0
      last = status
      listener(update, isNews)
    }
    const listeners = runs.get(runId) ?? new Set()
    if (!runs.size) unlisten = listen(hear)
    runs.set(runId, listeners.add(own))
    say('subscribe')
    return {
      pauseMs(ms) {
        quiet = connection.connected ? quiet + 1 : 0
        return Math.max(ms, Math.min(ms * 2 ** quiet, maxPauseMs))
      },
      stop() {
        listeners.delete(own)
        if (!listeners.size) runs.delete(runId)
        if (!runs.size) unlisten()
        say('unsubscribe')
      },
    }
  }
}
