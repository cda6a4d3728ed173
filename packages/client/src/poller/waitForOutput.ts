import { getOutput } from '../api/getOutput.ts'
import { type HttpError, RunError } from '../errors.ts'
import { check, checkOptions, isId } from '../internal/options.ts'
import type { Client, Envelope, Output } from '../types.ts'
import { createPoll } from './poll.ts'
import { type PollOptions, pollRules } from './pollOptions.ts'

/**
 * Waits for one output by name, and gives what {@link getOutput} gives. A 404 means "not yet", since servers
 * answer so while the run is still going: a wrong name is waited for until the deadline.
 *
 * @throws {@link RunError} when the output failed, or the run timed out on the server; {@link TimeoutError}
 * with `resume`; {@link ArgumentError}; {@link HttpError} for other 4xx; {@link RedirectError}
 *
 * @example
 * ```ts
 * const { data } = await waitForOutput(client, 'filename_prefix_58358_5WWF7GQUYF', { timeoutMs: 60_000 })
 * console.log(data.download_url)
 * ```
 */
export async function waitForOutput(
  client: Client,
  filename: string,
  options: PollOptions = {},
): Promise<Envelope<Output>> {
  checkOptions(options, pollRules)
  check('filename', filename, isId)
  const poll = createPoll(client, options, `Waiting for output ${filename}`, undefined, (more) =>
    waitForOutput(client, filename, { ...options, ...more }),
  )
  try {
    for (;;) {
      const output = await poll.ask(
        (asked, request) => getOutput(asked, filename, request),
        (error) => {
          if (error.status !== 404 && error.status !== 408) throw error
          if (error.status === 408) throw timedOut(error, `The run of output ${filename}`)
          return undefined
        },
      )
      if (output) return output
      await poll.pause()
    }
  } catch (error) {
    return await poll.fail(error)
  } finally {
    poll.stop()
  }
}

/** The error for a 408 of `getOutput`: the run took too long for the server. */
export function timedOut(cause: HttpError | RunError, what: string, runId?: string): RunError {
  return new RunError(`${what} timed out on the server`, {
    ...(runId && { runId }),
    status: 'timed_out',
    errors: cause.errors,
    cause,
  })
}
