import { check, isId } from '../internal/options.ts'
import { request } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import { isObject } from '../internal/values.ts'
import { readRun } from '../run.ts'
import type { Client, Envelope, RequestOptions, Run } from '../types.ts'

/**
 * Gets the state of a run, and its outputs when it is done. `data._id` is always set.
 *
 * @throws {@link ArgumentError}, {@link NetworkError}, {@link TimeoutError}, {@link HttpError} (404 for an
 * unknown run), {@link RedirectError}, {@link ResponseError}
 *
 * @example
 * ```ts
 * const { data } = await getRun(client, '808f34d0-ef97-4b78-a00f-1268077ea6db')
 * console.log(data.status, data.outputs)
 * ```
 */
export async function getRun(
  client: Client,
  runId: string,
  options: RequestOptions = {},
): Promise<Envelope<Run>> {
  reveal(client)
  check('runId', runId, isId)
  return requestRun(client, runId, options)
}

/**
 * Like `getRun`, for waits, whose arguments are checked. The id may come from a server, and a URL can't hold broken Unicode,
 * so it is replaced.
 */
export function requestRun(client: Client, runId: string, options: RequestOptions): Promise<Envelope<Run>> {
  return request(client, `runs/${encodeURIComponent(runId.replace(/\p{Surrogate}/gu, '\ufffd'))}`, {
    options,
    parseData: (data, _, headers) => (isObject(data) ? readRun(data, headers, runId, client) : undefined),
  })
}
