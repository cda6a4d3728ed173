import { check, checkOptions, isId, isMs, type Rule } from '../../internal/options.ts'
import { type Batch, hide, reveal } from '../../internal/secrets.ts'
import type { Client, PushConnection, Run } from '../../types.ts'
import { type WaitOptions, waitRules, watchRules } from '../run/options.ts'
import { waitForRun } from '../run/waitForRun.ts'
import { createBatch, isRate } from './createBatch.ts'

/** Options of {@link createRunWatcher}. */
export interface RunWatcherOptions {
  /** The group that the runs are in: a shorter list, and one that every server has. Default: none. */
  groupId?: string | undefined
  /** Pause between two rounds, in ms. Default 1000. */
  pollIntervalMs?: number | undefined
  /** Limit of all requests of the watcher but submissions and cancels. After a 429 there are fewer. Default 20. */
  maxRequestsPerSecond?: number | undefined
  /**
   * A connection of `connectWebSocket` or `connectEvents`: runs that end are asked for at once, many by one list, and
   * while the connection is healthy the others up to 30 s apart. States on the way are asked for where a wait has
   * `onUpdate` or `onProgress`.
   */
  push?: PushConnection | undefined
}

/** Options of a wait of a {@link RunWatcher}. One list answers all waits: headers are those of the client. */
export type RunWatcherWaitOptions = Omit<WaitOptions, 'pollIntervalMs' | 'push' | 'headers'>

/**
 * Waits for many runs at the cost of a few. Iterate over it for the runs that have ended, failed ones, too: an iteration
 * begins with those that ended while there was none (the last 10,000), and is over when nothing is waited for.
 */
export interface RunWatcher extends AsyncIterable<Run> {
  /** For the functions of the poller: their waits share the requests of this watcher, and go on after its `close()`. */
  readonly client: Client
  /** As {@link waitForRun}. */
  wait(runId: string, options?: RunWatcherWaitOptions): Promise<Run>
  /** Waits for all, in the order of `runIds`; one that fails takes no other along. */
  waitAll(runIds: readonly string[], options?: RunWatcherWaitOptions): Promise<PromiseSettledResult<Run>[]>
  /** Ends every `wait`, now and later, with an `AbortError`. The runs go on, unless its `cancelOn` says otherwise. */
  close(): void
}

/** So many runs that ended are kept for the next iteration. */
const maxBacklog = 10_000

// Made when it is needed: read from another table at the top level, it would stay in every bundle.
const makeRules = (): Record<keyof RunWatcherOptions, Rule> => ({
  groupId: isId,
  pollIntervalMs: isMs,
  maxRequestsPerSecond: isRate,
  push: watchRules.push,
})

/**
 * Makes a watcher whose waits share their requests: one list of a hundred runs stands for a hundred polls. A single
 * pending run, and one that the list misses, is asked for by itself. Each wait keeps the promises of a wait of its own:
 * deadline, abort, {@link RunError}, `resume`.
 *
 * On Cloudflare Workers make one for each request: the platform ends its polls with the request that began them, and a wait
 * of another request gets no answer until its time-out.
 *
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) for a wrong option. Waits reject as {@link waitForRun} does.
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
  checkOptions(options, makeRules())
  const { pollIntervalMs: _, push: __, ...ownRules } = waitRules
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
  /** For waits that `close()` ends, too. */
  const own = carry({
    ...shared,
    join(member) {
      const leave = shared.join(member)
      const stop = batch.follow(closing.signal, () => member.abort(closing.signal.reason))
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
