import { isCount, isFunction, isHeaders, isMs, type Rule, requestRules } from '../../internal/options.ts'
import { isPollInterval, isPush } from '../../internal/waitRules.ts'
import type { HeadersSource, PollHistory, PushConnection, Run, RunProgress } from '../../types.ts'

/** Options of every wait. */
export interface PollOptions {
  /**
   * Pause between the end of one poll and the start of the next, in ms; or a {@link createPollHistory}, by which it
   * adapts to how long the last runs took. In a hidden page it is at least 10 s; a page that shows again polls at once.
   * Default 1000.
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
   * A connection of `connectWebSocket` or `connectEvents`: a new state of the run is polled at once, and while the
   * connection is healthy polls become rarer, up to 30 s apart.
   */
  push?: PushConnection | undefined
  /**
   * Called with each change of progress, state or place in the queue, by poll or by push. An error of it ends the wait. It
   * is awaited after a poll, and not after a push.
   */
  onProgress?: ((progress: RunProgress) => unknown) | undefined
}

/** Options of {@link waitForRun} and {@link waitForResult}. */
export interface WaitOptions extends WatchOptions {
  /** Called with the run at each change of its state, the last included. It is awaited; an error of it ends the wait. */
  onUpdate?: ((run: Run) => unknown) | undefined
}

const cancelWords = ['abort', 'timeout', 'both', 'never']

export const pollRules: Record<keyof PollOptions, Rule> = {
  pollIntervalMs: isPollInterval,
  timeoutMs: isMs,
  maxPolls: (value) => (isCount(value) === true && value > 0) || 'a whole number from 1',
  signal: requestRules.signal,
  headers: isHeaders,
}

export const watchRules: Record<keyof WatchOptions, Rule> = {
  ...pollRules,
  cancelOn: (value) => cancelWords.includes(value) || `one of ${cancelWords}`,
  push: isPush,
  onProgress: isFunction,
}

export const waitRules: Record<keyof WaitOptions, Rule> = { ...watchRules, onUpdate: isFunction }

/** Options of {@link waitForResult}. */
export type WaitForResultOptions = WaitOptions
