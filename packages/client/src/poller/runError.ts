import { RunError } from '../errors.ts'
import { problems, redact } from '../internal/answer.ts'
import { keyHeader } from '../internal/headers.ts'
import { reveal } from '../internal/secrets.ts'
import type { Client, Run } from '../types.ts'

/** The error for a run that failed: what the server said, without the key. */
export function runError(client: Client, runId: string, run: Run): RunError {
  const { apiKey, headers } = reveal(client)
  const clean = redact(run, {
    ...(typeof headers === 'object' && headers),
    ...(apiKey && { [keyHeader]: apiKey }),
  })
  const errors = problems(clean).map(({ message }) => message)
  const { status } = run
  return new RunError(`Run ${runId} ${status}: ${errors.join('; ') || 'no reason given'}`, {
    runId,
    status,
    errors,
    run: clean,
  })
}
