import type { PushConnection, RunUpdate } from '../types.ts'
import { text, toProgress } from './data.ts'

type Listener = Parameters<PushConnection['watch']>[1]

/** Where updates come from. */
interface Source {
  /** Whether updates of this run come now. */
  isLive(runId: string): boolean
  /** Called once for each subscription, and at its end. */
  say(action: 'subscribe' | 'unsubscribe', runId: string): void
}

/** The longest pause between two polls while updates come, in ms. */
const maxPauseMs = 30_000

/** What a connection tells the waits that have it as `push`, by one listener on its messages. */
export function createWatch(
  { isLive, say }: Source,
  listen: (listener: (...message: unknown[]) => void) => () => void,
): PushConnection['watch'] {
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
    const update: RunUpdate = {
      status: text(status) || undefined,
      progress: toProgress(Object(data)),
      position: typeof position === 'number' ? position : undefined,
    }
    for (const tell of runs.get(_id) ?? []) tell(update, false)
  }

  return (runId, listener) => {
    let last: unknown
    /** Pauses without news while updates came. */
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
    say('subscribe', runId)
    return {
      get connected() {
        return isLive(runId)
      },
      pauseMs(ms) {
        quiet = isLive(runId) ? quiet + 1 : 0
        return Math.max(ms, Math.min(ms * 2 ** quiet, maxPauseMs))
      },
      stop() {
        listeners.delete(own)
        if (!listeners.size) runs.delete(runId)
        if (!runs.size) unlisten()
        say('unsubscribe', runId)
      },
    }
  }
}
