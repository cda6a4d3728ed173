import type { Failure } from './outcome.ts'

/** The message of an error, with the id of its run, which may go on or have files. */
export function tellFailure({ runId, error }: Failure): string {
  const { message = String(error), maybeSubmitted } = Object(error)
  if (maybeSubmitted) return `${message}; the run may have been started`
  return !runId || message.includes(runId) ? message : `${message}; the run is ${runId}`
}
