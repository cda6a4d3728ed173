import { isFrom1, isFunction, isHeaders, isMs, isPush, type Rule, requestRules } from '../internal/options.ts'
import type { HeadersSource, PushConnection, Run, RunProgress } from '../types.ts'

/** Options of every wait. */
export interface PollOptions {
  /**
   * The pause between two polls, in ms. Default: 20 ms after the first poll (with `maxPolls`, 100 ms), then half as much
   * again after each, up to 1000 ms. In a hidden page it is at least 10 s; a page polls at once when it shows again.
   */
  pollIntervalMs?: number | undefined
  /** The time limit of the whole wait, in ms. Default 300000. */
  timeoutMs?: number | undefined
  /** The limit of polls, for runtimes that count requests. Default: none. */
  maxPolls?: number | undefined
  /** Ends the wait. The function throws the signal's reason, unchanged. */
  signal?: AbortSignal | undefined
  /** Added to the client's headers. A header of the same name replaces the client's. */
  headers?: HeadersSource | undefined
}

/** Options of a wait on a run. */
export interface WatchOptions extends PollOptions {
  /** When to cancel the run on the server, which takes at most 5 s. Default `'never'`. */
  cancelOn?: 'abort' | 'timeout' | 'both' | 'never' | undefined
  /**
   * A connection of `connectWebSocket` or `connectEvents`. A new state of the run is then polled at once. While the
   * connection is healthy there are fewer polls, at least every 30 s.
   */
  push?: PushConnection | undefined
  /**
   * Called when the progress, state, place in the queue or preview changes, by a poll or a push. It is awaited after a poll only.
   * If it throws, the wait ends with that error.
   */
  onProgress?: ((progress: RunProgress) => unknown) | undefined
}

/** Options of {@link waitForRun} and {@link waitForResult}. */
export interface WaitOptions extends WatchOptions {
  /** Called with the run when its state changes, and awaited. If it throws, the wait ends with that error. */
  onUpdate?: ((run: Run) => unknown) | undefined
}

/** Options of {@link waitForResult}. */
export type WaitForResultOptions = WaitOptions

export const pollRules: Record<keyof PollOptions, Rule> = {
  pollIntervalMs: isMs,
  timeoutMs: isMs,
  maxPolls: isFrom1,
  signal: (value) => requestRules.signal(value),
  headers: isHeaders,
}

export const waitRules = (): Record<keyof WaitOptions, Rule> => {
  const words = ['abort', 'timeout', 'both', 'never']
  return {
    ...pollRules,
    cancelOn: (value) => words.includes(value) || `one of ${words}`,
    push: isPush,
    onProgress: isFunction,
    onUpdate: isFunction,
  }
}

/** For a limit of requests per second. */
export const isRate: Rule = (value) => (typeof value === 'number' && value > 0) || 'a number above 0'
