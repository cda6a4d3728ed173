import { check, checkOptions, isId } from '../../internal/options.ts'
import { runError } from '../../internal/runError.ts'
import { reveal } from '../../internal/secrets.ts'
import { isDone, isFailed } from '../../run.ts'
import type { Client, Run } from '../../types.ts'
import { type WaitOptions, waitRules } from '../options.ts'
import { poll } from '../poll.ts'
import { createRunReader } from '../waitForRun.ts'

/**
 * Waits until a run is completed, and returns it. The wait continues after temporary failures (network, 408, 425, 429,
 * 5xx).
 *
 * @throws {@link RunError} if the run failed or was cancelled; {@link TimeoutError} with `runId` and `resume`;
 * {@link ArgumentError}; {@link HttpError} for other 4xx; {@link RedirectError}
 *
 * @example
 * ```ts
 * const run = await waitForRun(client, runId, { onUpdate: ({ status }) => console.log(status) })
 * console.log(run.outputs)
 * ```
 */
export async function waitForRun(client: Client, runId: string, options: WaitOptions = {}): Promise<Run> {
  reveal(client)
  checkOptions(options, waitRules)
  check('runId', runId, isId)
  const reader = createRunReader(runId, options)
  const resume = (more: object) => waitForRun(client, runId, { ...options, ...more })
  return poll(client, options, { what: 'Workflow execution', reader, resume }, async (steps) => {
    const run = await reader.read(steps)
    if (run && isFailed(run.status)) throw runError(runId, run)
    return isDone(run?.status) ? run : undefined
  })
}
