import { getRun } from '../api/getRun.ts'
import { check, checkOptions, isFunction, isId, type Rule } from '../internal/options.ts'
import { isDone, isFailed } from '../internal/status.ts'
import type { Client, Run } from '../types.ts'
import { createPoll } from './poll.ts'
import { type WatchOptions, watchRules } from './pollOptions.ts'
import { runError } from './runError.ts'

/** Options of {@link waitForRun}. */
export interface WaitOptions extends WatchOptions {
  /** Told of each change of the run's state, the last included. It is awaited; an error of it ends the wait. */
  onUpdate?: ((run: Run) => unknown) | undefined
}

export const waitRules: Record<keyof WaitOptions, Rule> = { ...watchRules, onUpdate: isFunction }

/**
 * Waits until a run is completed, and gives it. Failures that may pass (network, 408, 425, 429, 5xx) are waited out.
 *
 * @throws {@link RunError} when the run failed or was cancelled; {@link TimeoutError} with `runId` and `resume`;
 * {@link ArgumentError}; {@link HttpError} for other 4xx; {@link RedirectError}
 *
 * @example
 * ```ts
 * const run = await waitForRun(client, runId, { onUpdate: ({ status }) => console.log(status) })
 * console.log(run.outputs)
 * ```
 */
export async function waitForRun(client: Client, runId: string, options: WaitOptions = {}): Promise<Run> {
  checkOptions(options, waitRules)
  check('runId', runId, isId)
  const poll = createPoll(client, options, 'Workflow execution', runId, (more) =>
    waitForRun(client, runId, { ...options, ...more }),
  )
  let last: string | undefined
  try {
    for (;;) {
      const run = (await poll.ask((asked, request) => getRun(asked, runId, request)))?.data
      if (run) {
        const { status } = run
        if (status !== last && options.onUpdate) await poll.tell(() => options.onUpdate?.(run))
        last = status
        if (isFailed(status)) throw runError(runId, run, poll.sent)
        if (isDone(status)) return run
      }
      await poll.pause()
    }
  } catch (error) {
    return await poll.fail(error)
  } finally {
    poll.stop()
  }
}
