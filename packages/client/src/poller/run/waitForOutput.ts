import { getOutput } from '../../api/getOutput.ts'
import { RunError } from '../../errors.ts'
import { check, checkOptions, isId } from '../../internal/options.ts'
import { reveal } from '../../internal/secrets.ts'
import type { Client, Envelope, Output } from '../../types.ts'
import { type PollOptions, pollRules } from '../options.ts'
import { poll } from '../poll.ts'

/**
 * Waits for one output by its name, and returns the result of {@link getOutput}. Servers answer 404 while the run
 * goes on, so a 404 means "not yet". With a wrong name the wait lasts until its deadline.
 *
 * @throws {@link RunError} if the output failed, or the run timed out on the server; {@link TimeoutError}
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
  reveal(client)
  checkOptions(options, pollRules)
  check('filename', filename, isId)
  const resume = (more: object) => waitForOutput(client, filename, { ...options, ...more })
  return poll(client, options, { what: `Waiting for output ${filename}`, resume }, async ({ request }) => {
    const output = await request(
      (client, { signal }) =>
        reveal(client).batch?.getOutput(filename, signal) ?? getOutput(client, filename, { signal }),
      (error) => {
        if (error.status === 404) return undefined
        if (error.status !== 408) throw error
        throw new RunError(`The run of output ${filename} timed out on the server`, {
          status: 'timed_out',
          errors: error.errors,
          cause: error,
        })
      },
    )
    return output ?? undefined
  })
}
