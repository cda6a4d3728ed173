import { encodeId } from '../internal/options.ts'
import { request } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import type { Client, Envelope, RequestOptions } from '../types.ts'

/**
 * Cancels a run that is queued or running. The request is safe to repeat, so it is retried.
 *
 * @throws {@link ArgumentError}, {@link NetworkError}, {@link TimeoutError}, {@link HttpError} (404 for an
 * unknown run), {@link RedirectError}, {@link ResponseError}
 *
 * @example
 * ```ts
 * await cancelRun(client, '808f34d0-ef97-4b78-a00f-1268077ea6db')
 * ```
 */
export async function cancelRun(
  client: Client,
  runId: string,
  options: RequestOptions = {},
): Promise<Envelope<unknown>> {
  reveal(client)
  return request(client, `runs/${encodeId('runId', runId)}/cancel`, {
    method: 'POST',
    options,
    // Servers differ in what they send, and only people read it.
    parseData: (data) => data ?? '',
  })
}
