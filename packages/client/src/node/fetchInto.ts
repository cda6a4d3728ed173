import { type DownloadSource, download } from '../api/downloadOutput.ts'
import { HttpError, ResponseError } from '../errors.ts'
import { hideAccess } from '../internal/answer.ts'
import { backOff } from '../internal/request.ts'
import { sleep } from '../internal/timers.ts'
import type { Client, RequestOptions } from '../types.ts'
import type { Part } from './openPart.ts'
import { readBody, tooEarly } from './readBody.ts'
import { isRest, type Version, versionOf } from './version.ts'

/**
 * Streams an output into an empty part, and gives its length. A download that breaks off continues where it stopped, or
 * else from the beginning.
 */
export async function fetchInto(
  client: Client,
  source: DownloadSource,
  part: Part,
  options: RequestOptions,
): Promise<number> {
  const { signal, maxRetries = client.maxRetries, timeoutMs = client.timeoutMs } = options
  let bytes = 0
  let version: Version | undefined

  for (let attempt = 1; ; attempt++) {
    const left = { ...options, maxRetries: Math.max(maxRetries - attempt + 1, 0) }
    const response =
      (version?.validator && bytes && (await rest(client, source, left, version, bytes))) ||
      (await whole(client, source, left))
    if (response.status !== 206) {
      version = versionOf(response)
      if (bytes) await part.clear()
      bytes = 0
    }
    const { length } = version!
    const write = async (chunk: Uint8Array) => {
      await part.write(chunk, bytes)
      bytes += chunk.length
    }
    const end = await readBody(response, write, timeoutMs, signal)
    if (length === undefined ? !end : bytes === length) return bytes
    // A longer file is another version.
    if (bytes > length!) version = undefined
    if (attempt > maxRetries) {
      const said = `${bytes}${length === undefined ? '' : ` of ${length}`} bytes`
      const url = hideAccess(response.url)
      const { Type, why, ...details } = end ?? tooEarly
      throw new Type(`GET ${url} ended after ${said}${why}`, { method: 'GET', url, status: 0, ...details })
    }
    await sleep(backOff(client, attempt), signal)
  }
}

async function whole(client: Client, source: DownloadSource, options: RequestOptions) {
  const response = await download(client, source, options)
  if (response.status !== 206) return response
  response.body.cancel().catch(() => {})
  const url = hideAccess(response.url)
  throw new ResponseError(`GET ${url} answered 206, but the whole file was requested`, {
    method: 'GET',
    url,
    status: 206,
    body: null,
    errors: [],
    requestId: response.headers.get('x-request-id'),
  })
}

/** The rest of a file from `start` on, or the whole file. `undefined`: the server sent another part, or another version. */
async function rest(
  client: Client,
  source: DownloadSource,
  options: RequestOptions,
  version: Version,
  start: number,
) {
  try {
    const headers = { range: `bytes=${start}-`, 'if-range': version.validator! }
    const response = await download(client, source, options, headers)
    if (response.status !== 206 || isRest(response, version, start)) return response
    response.body.cancel().catch(() => {})
  } catch (error) {
    // The file is shorter now.
    if (!(error instanceof HttpError) || error.status !== 416) throw error
  }
  return undefined
}
