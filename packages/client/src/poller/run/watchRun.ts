import { check, checkOptions, isId } from '../../internal/options.ts'
import { reveal } from '../../internal/secrets.ts'
import { isDone, isFailed } from '../../run.ts'
import type { Client, Run } from '../../types.ts'
import { type WatchOptions, watchRules } from '../options.ts'
import { pollRounds } from '../poll.ts'
import { createRunReader } from '../waitForRun.ts'
import { waitForRun } from './waitForRun.ts'

/**
 * Iterates over the states of a run. Each state comes once, and the iteration ends with the last. A failed run
 * also ends it, without an error.
 *
 * @throws (during the iteration) {@link TimeoutError} with `runId` and `resume`, which waits for the run;
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
  reveal(client)
  checkOptions(options, watchRules)
  check('runId', runId, isId)
  const reader = createRunReader(runId, { ...options, isEager: true })
  const resume = (more: object) => waitForRun(client, runId, { ...options, ...more })
  const subject = { what: 'Workflow execution', reader, resume }
  let last: string | undefined
  const states = pollRounds(client, options, subject, async (steps) => {
    const run = await reader.read(steps)
    return run?.status === last ? undefined : run
  })
  for await (const run of states) {
    last = run.status
    yield run
    if (isDone(last) || isFailed(last)) return
  }
}
