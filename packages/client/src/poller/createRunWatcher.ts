import { RunError } from '../errors.ts'
import { check, checkOptions, isId, isMs, type Rule } from '../internal/options.ts'
import type { Client, PushConnection, Run } from '../types.ts'
import { watchRules } from './pollOptions.ts'
import { isRate, shareRequests } from './shareRequests.ts'
import { shareSignal } from './shareSignal.ts'
import { type WaitOptions, waitForRun, waitRules } from './waitForRun.ts'

/** Options of {@link createRunWatcher}. */
export interface RunWatcherOptions {
  /** The group that the runs are in: a shorter list, and one that every server has. Default: none. */
  groupId?: string | undefined
  /** Pause between two rounds, in ms. Default 1000. */
  pollIntervalMs?: number | undefined
  /** Limit of all requests of the watcher but submissions and cancels. After a 429 there are fewer. Default 20. */
  maxRequestsPerSecond?: number | undefined
  /**
   * A connection of `connectWebSocket`: what it tells of is asked for at once, many by one list, and while it is healthy
   * all else up to 30 s apart. States on the way are asked for where a wait has `onUpdate`.
   */
  push?: PushConnection | undefined
}

/** Options of a wait of a {@link RunWatcher}. */
export type RunWatcherWaitOptions = Omit<WaitOptions, 'pollIntervalMs' | 'push'>

/** Waits for many runs at the cost of a few. Iterate over it for the runs that end from then on, failed ones, too. */
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
  checkOptions(options, makeRules())
  const { pollIntervalMs: _, push: __, ...ownRules } = waitRules
  const shared = shareRequests(client, options)
  const closing = new AbortController()
  /** What ended since each iteration began. */
  const readers = new Set<{ ended: Run[]; wake: () => void }>()
  let open = 0

  const tell = (run?: Run) => {
    for (const reader of readers) {
      if (run) reader.ended.push(run)
      reader.wake()
    }
  }

  const withSignal = shareSignal(closing.signal, async (run) => {
    open++
    let ended: Run | undefined
    try {
      const value = await run()
      ended = value as Run
      return value
    } catch (error) {
      if (error instanceof RunError) ended = error.run
      throw error
    } finally {
      open--
      tell(ended)
    }
  })

  const wait = async (runId: string, own: RunWatcherWaitOptions = {}): Promise<Run> => {
    checkOptions(own, ownRules)
    const push = shared.pushOf(runId, !!own.onUpdate)
    // The pause is that of the shared rounds.
    return withSignal(own.signal, (signal) =>
      waitForRun(shared.patient, runId, { ...own, pollIntervalMs: 1, push, signal }),
    )
  }

  return {
    client: shared.client,
    wait,
    async waitAll(runIds, own) {
      check('runIds', runIds, (value) => Array.isArray(value) || 'an array')
      return Promise.allSettled(runIds.map((runId) => wait(runId, own)))
    },
    close: () => closing.abort(),
    async *[Symbol.asyncIterator]() {
      const reader = { ended: [] as Run[], wake: () => {} }
      readers.add(reader)
      try {
        for (;;) {
          const run = reader.ended.shift()
          if (run) yield run
          else if (!open) return
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
