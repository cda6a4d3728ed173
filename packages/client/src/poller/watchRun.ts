import { getRun } from '../api/getRun.ts'
import { check, checkOptions, isId } from '../internal/options.ts'
import { isDone, isFailed } from '../internal/status.ts'
import type { Client, Run } from '../types.ts'
import { createPoll } from './poll.ts'
import { type WatchOptions, watchRules } from './pollOptions.ts'
import { waitForRun } from './waitForRun.ts'

/**
 * Iterates over the states of a run, each once, up to the last, and ends there; a failed run ends it too,
 * without an error.
 *
 * @throws (from the iteration) {@link TimeoutError} with `runId` and `resume`, which waits for the run;
 * {@link ArgumentError}; {@link HttpError} for 4xx; {@link RedirectError}
 *
 * @example
 * ```ts
 * for await (const run of watchRun(client, runId)) console.log(run.status)
 * ```
 */
export async function* watchRun(
  client: Client,
  runId: string,
  options: WatchOptions = {},
): AsyncGenerator<Run, void, undefined> {
  checkOptions(options, watchRules)
  check('runId', runId, isId)
  const poll = createPoll(client, options, 'Workflow execution', runId, (more) =>
    waitForRun(client, runId, { ...options, ...more }),
  )
  let last: string | undefined
  try {
    for (;;) {
      const run = (await poll.ask((asked, request) => getRun(asked, runId, request)))?.data
      if (run && run.status !== last) {
        last = run.status
        yield run
        if (isDone(last) || isFailed(last)) return
      }
      await poll.pause()
    }
  } catch (error) {
    await poll.fail(error)
  } finally {
    poll.stop()
  }
}
