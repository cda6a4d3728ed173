import { isFlowScaleError } from '@flowscale/client'
import { describeError } from '../describeError.ts'
import { CommandError } from '../errors.ts'
import { Interrupted } from '../Interrupted.ts'
import type { Call } from '../types.ts'
import { cancelRuns } from './cancelRuns.ts'
import { goOn } from './goOn.ts'

/** What a wait on a run ended by, when it was no result: an error that has the run's id, and says how to go on. */
export async function explainEnd(error: unknown, runId: string, { client, flags }: Call): Promise<unknown> {
  if (error instanceof CommandError) return error
  const folder = flags.output as string | undefined
  const again = `To wait for it and save its outputs: ${goOn('wait', [runId], folder)}`
  if (error instanceof Interrupted) {
    const what = flags.cancelOnInterrupt
      ? await cancelRuns(client, [runId], folder)
      : `Run ${runId} goes on. ${again}`
    return new CommandError('interrupted', `Interrupted. ${what}`, { runId })
  }
  const { exitCode, message, fields } = describeError(error)
  if (isFlowScaleError(error) && error.name === 'TimeoutError') {
    const { timeoutMs } = error
    const late = `Run ${runId} has not ended after ${timeoutMs / 1000} s, and goes on. ${again}`
    return new CommandError('timedOut', late, { ...fields, message: late, runId, timeoutMs })
  }
  // To a program 2 and 3 mean that nothing was submitted. And an id is never lost.
  if (exitCode !== 2 && exitCode !== 3 && isFlowScaleError(error) && error.runId) return error
  return new CommandError('failed', `${message}. ${again}`, { ...fields, message, runId })
}
