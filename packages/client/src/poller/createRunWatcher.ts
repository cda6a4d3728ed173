import { check, checkOptions, isId, isMs, isPush, type Rule } from '../internal/options.ts'
import { type Batch, hide, reveal } from '../internal/secrets.ts'
import type { Client, PushConnection, Run } from '../types.ts'
import { createBatch } from './createBatch.ts'
import { isRate, type WaitOptions, waitRules } from './options.ts'
import { waitForRun } from './waitForRun.ts'

/** Options of {@link createRunWatcher}. */
export interface RunWatcherOptions {
  /** The group of the runs. A group makes the list shorter, and every server can list a group. Default: none. */
  groupId?: string | undefined
  /** The pause between two rounds, in ms. Default 1000. */
  pollIntervalMs?: number | undefined
  /** The limit for all requests except submissions and cancels. After a 429, fewer requests are sent. Default 20. */
  maxRequestsPerSecond?: number | undefined
  /**
   * A connection of `connectWebSocket` or `connectEvents`. Finished runs are then fetched at once, in batches. Other runs
   * are polled less often while it is healthy, at least every 30 s. A wait with `onUpdate` or `onProgress` gets each state.
   */
  push?: PushConnection | undefined
}

/** Options of a wait of a {@link RunWatcher}. One list answers all waits, so only the client can set headers. */
export type RunWatcherWaitOptions = Omit<WaitOptions, 'pollIntervalMs' | 'push' | 'headers'>

/**
 * Waits for many runs with few requests. Iterate over it to get the runs that have ended, also those that failed. An
 * iteration begins with the runs that ended while there was no iteration (the last 10,000). It ends when no wait is left.
 */
export interface RunWatcher extends AsyncIterable<Run> {
  /** A client for the functions of the poller. Their waits share the watcher's requests, and continue after `close()`. */
  readonly client: Client
  /** As {@link waitForRun}. */
  wait(runId: string, options?: RunWatcherWaitOptions): Promise<Run>
  /** Waits for all runs. The results have the order of `runIds`. A failed run does not stop the others. */
  waitAll(runIds: readonly string[], options?: RunWatcherWaitOptions): Promise<PromiseSettledResult<Run>[]>
  /** Ends every `wait`, also later ones, with an `AbortError`. The runs continue unless `cancelOn` cancels them. */
  close(): void
}

/** The number of ended runs that are kept for the next iteration. */
const maxBacklog = 10_000

const rules: Record<keyof RunWatcherOptions, Rule> = {
  groupId: isId,
  pollIntervalMs: isMs,
  maxRequestsPerSecond: isRate,
  push: isPush,
}

/**
 * Makes a watcher whose waits share their requests: one list of a hundred runs replaces a hundred polls. A single
 * run, or a run that is not in the list, is requested by itself. Each wait has its own deadline, abort,
 * {@link RunError} and `resume`.
 *
 * On Cloudflare Workers make a watcher for each request. The platform stops the polls of a watcher when the first request
 * ends. A wait of another request would then get no answer before its time-out.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) if an option is wrong. Waits reject like {@link waitForRun}.
 *
 * @example
 * ```ts
 * const watcher = createRunWatcher(client, { groupId: 'nightly' })
 * const results = await watcher.waitAll(runIds, { timeoutMs: 3_600_000 })
 * console.log(results.filter(({ status }) => status === 'fulfilled').length)
 * ```
 */
export function createRunWatcher(client: Client, options: RunWatcherOptions = {}): RunWatcher {
  reveal(client)
  checkOptions(options, rules)
  const { pollIntervalMs: _, push: __, ...ownRules } = waitRules()
  const batch = createBatch(client, options, (run) => {
    for (const reader of readers) reader.ended.push(run)
    if (!readers.size && backlog.push(run) > maxBacklog) backlog.shift()
  })
  const carry = (batch: Batch) => hide({ ...client }, { ...reveal(client), batch })
  const closing = new AbortController()
  const readers = new Set<{ ended: Run[]; wake: () => void }>()
  const backlog: Run[] = []

  const shared: Batch = {
    ...batch,
    join(member) {
      const leave = batch.join(member)
      return () => {
        leave()
        for (const { wake } of readers) wake()
      }
    },
  }
  /** The client of the waits that `close()` ends. */
  const own = carry({
    ...shared,
    join(member) {
      const leave = shared.join(member)
      const stop = batch.onAbort(closing.signal, () => member.abort(closing.signal.reason))
      return () => {
        stop()
        leave()
      }
    },
  })

  const wait = async (runId: string, options: RunWatcherWaitOptions = {}): Promise<Run> => {
    checkOptions(options, ownRules)
    return waitForRun(own, runId, options)
  }

  return {
    client: carry(shared),
    wait,
    async waitAll(runIds, options) {
      check('runIds', runIds, (value) => Array.isArray(value) || 'an array')
      return Promise.allSettled(runIds.map((runId) => wait(runId, options)))
    },
    close: () => closing.abort(),
    async *[Symbol.asyncIterator]() {
      const reader = { ended: backlog.splice(0), wake: () => {} }
      readers.add(reader)
      try {
        for (;;) {
          const run = reader.ended.shift()
          if (run) yield run
          else if (!batch.size) return
          else
            await new Promise<void>((resolve) => {
              reader.wake = resolve
            })
        }
      } finally {
        readers.delete(reader)
      }
    },
  }
}
