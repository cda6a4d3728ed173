import { isDone, isFailed, isGoing } from '../internal/status.ts'
import type { PushConnection } from '../types.ts'

/** A push connection for many waits. What it tells is a hint only. */
export interface SharedPush {
  readonly connected: boolean
  /** The connection as the wait for a run is to see it; with `isEager` it wants to know of each state. */
  of(runId: string, isEager: boolean): PushConnection
  /** Numbers the moments, so that it is known which of two came first. */
  now(): number
  /** Whether there is news of a run that the server was not asked about since. */
  hasNews(runId: string): boolean
  /** The server was asked for a run, at `moment`, and has answered. */
  note(runId: string, moment: number): void
  /** Whether the run's end will be told, as far as anyone knows: the server need not be asked for it. */
  willTell(runId: string): boolean
}

interface Watched {
  readonly listeners: Set<(message?: unknown) => void>
  status?: string
  newsAt: number
  isEager: boolean
  isSeen?: true
}

const isOver = (status: string | undefined) => isDone(status) || isFailed(status)

/** One listener for all: each wait hears of its own run only. `onNews` is called when the server is to be asked. */
export function sharePush(push: PushConnection, onNews: () => void): SharedPush {
  const runs = new Map<unknown, Watched>()
  let moments = 0
  let unlisten = () => {}

  const hear = (message?: unknown) => {
    const { type, data } = Object(message)
    const { run_id, _id = run_id, status } = Object(data)
    const told = type === 'run_status_update' ? runs.get(_id) : undefined
    // Progress alone is no news, and a state on the way is for those only who want to know.
    if (told && told.status !== status && !isOver(told.status)) {
      told.status = status
      if (told.isEager || !isGoing(status)) {
        told.newsAt = ++moments
        onNews()
      }
    }
    for (const { listeners } of message === undefined ? runs.values() : told ? [told] : []) {
      for (const listener of listeners) listener(message)
    }
  }

  return {
    get connected() {
      return push.connected
    },
    of: (runId, isEager) => ({
      // Its pauses don't grow: it is here that it waits.
      connected: false,
      send: (message) => push.send(message),
      listen(listener) {
        if (!runs.size) unlisten = push.listen(hear)
        const own = runs.get(runId) ?? { listeners: new Set(), newsAt: 0, isEager }
        runs.set(runId, own)
        own.listeners.add(listener)
        own.isEager ||= isEager
        return () => {
          own.listeners.delete(listener)
          if (!own.listeners.size) runs.delete(runId)
          if (!runs.size) unlisten()
        }
      },
    }),
    now: () => ++moments,
    hasNews: (runId) => !!runs.get(runId)?.newsAt,
    note(runId, moment) {
      const own = runs.get(runId)
      if (!own) return
      own.isSeen = true
      if (own.newsAt < moment) own.newsAt = 0
    },
    willTell(runId) {
      const { isSeen, status } = runs.get(runId) ?? {}
      return !!isSeen && push.connected && !isOver(status)
    },
  }
}
