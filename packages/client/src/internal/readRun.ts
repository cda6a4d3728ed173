import { isFailed, isObject, toRun } from '../run.ts'
import type { Client, Envelope, RequestOptions, Run } from '../types.ts'
import { redact } from './answer.ts'
import { request } from './request.ts'

/** Reads a run. A failed run may echo the headers of the request in its errors. */
export function readRun(data: unknown, headers: Readonly<Record<string, string>>, id?: string): Run {
  const run = toRun(data, id)
  if (!isFailed(run.status)) return run
  try {
    return redact(run, headers)
  } catch {
    // Nested too deep to be searched.
    return toRun({ status: run.status }, run._id)
  }
}

/**
 * As `getRun`, for an id that was checked or came from a server. Broken Unicode in an id is replaced, because a URL can't
 * hold it.
 */
export function requestRun(client: Client, runId: string, options: RequestOptions): Promise<Envelope<Run>> {
  return request(client, `runs/${encodeURIComponent(runId.replace(/\p{Surrogate}/gu, '\ufffd'))}`, {
    options,
    parseData: (data, _, headers) => (isObject(data) ? readRun(data, headers, runId) : undefined),
  })
}
