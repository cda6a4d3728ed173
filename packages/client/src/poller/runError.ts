import { RunError } from '../errors.ts'
import { problems, redact } from '../internal/answer.ts'
import type { Run } from '../types.ts'

/** The error for a run that failed: what the server said, without the headers that were sent. */
export function runError(runId: string, run: Run, sent: Readonly<Record<string, string>>): RunError {
  let clean: Run | undefined
  try {
    clean = redact(run, sent)
  } catch {
    // Nested too deep for JSON.
  }
  const errors = problems(clean).map(({ message }) => message)
  const { status } = run
  return new RunError(`Run ${runId} ${status}: ${errors.join('; ') || 'no reason given'}`, {
    runId,
    status,
    errors,
    ...(clean && { run: clean }),
  })
}
