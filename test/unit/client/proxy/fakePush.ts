import type { PushConnection, RunUpdate } from '@flowscale/client'

/** A push connection that a test moves. */
export function fakePush(pauseMs = (ms: number) => ms * 10) {
  const listeners = new Set<(update: RunUpdate, isNews: boolean) => void>()
  const push = {
    connected: true,
    watched: 0,
    watch(_runId, listener) {
      push.watched++
      listeners.add(listener)
      return {
        pauseMs,
        stop: () => void listeners.delete(listener),
      }
    },
    tell(update: RunUpdate, isNews = false) {
      for (const listener of listeners) listener(update, isNews)
    },
    listeners,
  } satisfies PushConnection & Record<string, unknown>
  return push
}
