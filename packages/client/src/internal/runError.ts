import { RunError } from '../errors.ts'
import { problems } from '../run.ts'
import type { Run } from '../types.ts'

/** The error for a failed run, with the server's messages. */
export function runError(runId: string, run: Run): RunError {
  const errors = problems(run).map(({ message }) => message)
  const { status } = run
  const was = /^canc/.test(status) ? 'was ' : ''
  const why = errors.join('; ') || (was ? '' : 'no reason given')
  return new RunError(`Run ${runId} ${was}${status}${why && `: ${why}`}`, {
    runId,
    status,
    errors,
    run,
  })
}
