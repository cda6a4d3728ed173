import { ResponseError, RunError } from '../errors.ts'
import { check, isId } from '../internal/options.ts'
import { request, transient, withQuery } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import { asText } from '../internal/values.ts'
import { isDone, isFailed, isGoing } from '../run.ts'
import type { Client, Envelope, Output, RequestOptions } from '../types.ts'

/**
 * Gets an output by its name, with or without the extension. `null` means that it is not ready yet: call this
 * function again, or wait with `waitForOutput` of the poller.
 *
 * @throws {@link RunError} if the output failed; {@link ArgumentError}, {@link NetworkError},
 * {@link TimeoutError}, {@link HttpError} (404 for an unknown name; 408, without a retry, if the run
 * timed out on the server), {@link RedirectError}, {@link ResponseError}
 *
 * @example
 * ```ts
 * const output = await getOutput(client, 'filename_prefix_58358_5WWF7GQUYF.png')
 * console.log(output ? output.data.download_url : 'not ready yet')
 * ```
 */
export async function getOutput(
  client: Client,
  filename: string,
  options: RequestOptions = {},
): Promise<Envelope<Output> | null> {
  reveal(client)
  check('filename', filename, isId)
  return request<Output | null>(client, withQuery('runs/output', { filename }), {
    options,
    retryOn: transient.filter((status) => status !== 408),
    allow204: true,
    parseData: (data, envelope) => {
      const { download_url, generation_status } = Object(data)
      const url = asText(download_url) || null
      const status = asText(generation_status)
      if (isFailed(status) || isFailed(envelope.status)) return undefined
      if (isGoing(envelope.status) || isGoing(status) || !(url || isDone(status))) return null
      return { ...Object(data), download_url: url, generation_status: status || 'success' }
    },
    mapError: (error) => {
      if (!(error instanceof ResponseError)) return error
      const { errors } = error
      const { data, status: word } = Object(error.body)
      const status = [Object(data).generation_status, word].find(isFailed)
      return status
        ? new RunError(`Output ${filename} ${status}: ${errors.join('; ') || 'no reason given'}`, {
            status,
            errors,
            cause: error,
          })
        : error
    },
  })
}
