import { asText } from './internal/values.ts'
import { toPreview, toProgress } from './run.ts'
import type { Client, PushConnection, RunUpdate } from './types.ts'

type Listener = Parameters<PushConnection['watch']>[1]

interface Watch extends Pick<PushConnection, 'watch'> {
  /** Passes an update of a run to its waits. Without `data`, no more updates come for now, so the waits poll. */
  publish(runId: unknown, data?: unknown): void
}

/** The longest pause between two polls while updates come, in ms. */
const maxPauseMs = 30_000

/**
 * The `watch` of a connection. `isLive` says whether updates of a run come now. `want` is called when the first wait for a
 * run begins, and when the last one ends.
 */
export function createWatch(
  client: Client,
  isLive: (runId: string) => boolean,
  want: (runId: string, isWanted: boolean) => void,
): Watch {
  const runs = new Map<unknown, Set<Listener>>()
  return {
    publish(runId, data) {
      const { status, position, node } = Object(data)
      const update: RunUpdate = {
        status: asText(status) || undefined,
        progress: toProgress(Object(data)),
        position: typeof position === 'number' ? position : undefined,
        node,
        ...toPreview(client, Object(data)),
      }
      for (const listener of runs.get(runId) ?? []) listener(update, !data)
    },
    watch(runId, listener) {
      let last: unknown
      /** How many pauses in a row had no news while updates came. */
      let quiet = 0
      const own: Listener = (update, isLost) => {
        const { status = last } = update
        // Progress alone is no reason to poll.
        const isNews = isLost || status !== last
        if (isNews) quiet = 0
        last = status
        listener(update, isNews)
      }
      const listeners = runs.get(runId) ?? new Set()
      runs.set(runId, listeners.add(own))
      if (listeners.size < 2) want(runId, true)
      return {
        get connected() {
          return isLive(runId)
        },
        pauseMs(ms) {
          quiet = isLive(runId) ? quiet + 1 : 0
          return Math.max(ms, Math.min(ms * 2 ** quiet, maxPauseMs))
        },
        stop() {
          if (!listeners.delete(own) || listeners.size) return
          runs.delete(runId)
          want(runId, false)
        },
      }
    },
  }
}
