import { isCount, isHeaders, isMs, type Rule, requestRules } from '../internal/options.ts'
import type { HeadersSource, PollHistory, PushConnection } from '../types.ts'

/** Options of every wait. */
export interface PollOptions {
  /**
   * Pause between the end of one poll and the start of the next, in ms; or a {@link createPollHistory}, by which it
   * adapts to how long the last runs took. Default 1000.
   */
  pollIntervalMs?: number | PollHistory | undefined
  /** Limit of the whole wait, in ms. Default 300000. */
  timeoutMs?: number | undefined
  /** Limit of rounds, for runtimes that count requests. Default: none. */
  maxPolls?: number | undefined
  /** Ends the wait; its reason comes back as it is. */
  signal?: AbortSignal | undefined
  /** Merged over the client's. */
  headers?: HeadersSource | undefined
}

/** Options of a wait on a run. */
export interface WatchOptions extends PollOptions {
  /** When to cancel the run on the server: it takes at most 5 s. Default `'never'`. */
  cancelOn?: 'abort' | 'timeout' | 'both' | 'never' | undefined
  /**
   * A connection of `connectWebSocket`: an update of the run is asked about at once, and while it is healthy
   * polls become rarer, up to 30 s apart.
   */
  push?: PushConnection | undefined
}

const cancelWords = ['abort', 'timeout', 'both', 'never']

export const pollRules: Record<keyof PollOptions, Rule> = {
  pollIntervalMs: (value) =>
    typeof value?.begin === 'function' ||
    isMs(value) === true ||
    'a number above 0 (ms) or a createPollHistory()',
  timeoutMs: isMs,
  maxPolls: (value) => (isCount(value) === true && value > 0) || 'a whole number from 1',
  signal: requestRules.signal,
  headers: isHeaders,
}

export const watchRules: Record<keyof WatchOptions, Rule> = {
  ...pollRules,
  cancelOn: (value) => cancelWords.includes(value) || `one of ${cancelWords}`,
  push: (value) =>
    (typeof value?.listen === 'function' && typeof value.send === 'function') ||
    'a connection of connectWebSocket',
}
