import { RunError } from '../errors.ts'
import type { Run } from '../types.ts'
import { problems } from './data.ts'

/** The error for a failed run, with the server's messages. */
export function runError(runId: string, run: Run): RunError {
  const errors = problems(run).map(({ message }) => message)
  const { status } = run
  const ended = /^cancell?ed$/.test(status) ? `was ${status}` : status
  const why = errors.join('; ') || (ended === status && 'no reason given')
  return new RunError(`Run ${runId} ${ended}${why ? `: ${why}` : ''}`, {
    runId,
    status,
    errors,
    run,
  })
}
