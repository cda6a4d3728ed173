import { RunError } from '../errors.ts'
import type { Run } from '../types.ts'
import { problems } from './data.ts'

/** The error for a run that failed, with what the server said. */
export function runError(runId: string, run: Run): RunError {
  const errors = problems(run).map(({ message }) => message)
  const { status } = run
  return new RunError(`Run ${runId} ${status}: ${errors.join('; ') || 'no reason given'}`, {
    runId,
    status,
    errors,
    run,
  })
}
