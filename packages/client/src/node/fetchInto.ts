import { type DownloadSource, download } from '../api/downloadOutput.ts'
import { type FlowScaleError, HttpError, NetworkError, ResponseError, TimeoutError } from '../errors.ts'
import { hideAccess } from '../internal/headers.ts'
import { backOff } from '../internal/request.ts'
import { sleep, withDeadline } from '../internal/timers.ts'
import type { Client, RequestOptions } from '../types.ts'

/** A file for a download that has not ended. */
export interface PartFile {
  write(chunk: Uint8Array, position: number): Promise<void>
  /** Drops the content. */
  clear(): Promise<void>
  /** Writes the file to the disk and gives it its name. */
  finish(): Promise<void>
  /** Removes the file, unless it is finished. */
  remove(): Promise<void>
}

/**
 * Streams an output into an empty part, and gives its length. After a break the download continues where it stopped, if the
 * server proves that the file is the same, and starts again otherwise.
 */
export async function fetchInto(
  client: Client,
  source: DownloadSource,
  part: PartFile,
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
    const end = await copyBody(response, write, timeoutMs, signal)
    if (length === undefined ? !end : bytes === length) return bytes
    // More bytes than announced mean that the file is another version.
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

/** The rest of a file from `start` on, or the whole file. `undefined` if the server sends another part or another version. */
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
    // A 416 means that the file is shorter now.
    if (!(error instanceof HttpError) || error.status !== 416) throw error
  }
  return undefined
}

/** Why a body is incomplete. */
interface BrokenOff {
  readonly Type: new (message: string, details: Record<string, unknown>) => FlowScaleError
  /** The text after the number of bytes. */
  readonly why: string
  readonly timeoutMs?: number
}

/** Some bodies end too early without an error of the runtime. */
const tooEarly: BrokenOff = { Type: NetworkError, why: '' }

/** Writes a body chunk by chunk. Each chunk may take `timeoutMs`. Gives `undefined` at the end of the body. */
async function copyBody(
  response: Response,
  write: (chunk: Uint8Array) => Promise<void>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<BrokenOff | undefined> {
  const reader = response.body!.getReader()
  const next = () =>
    reader.read().catch((error: unknown) => {
      const { cause, message } = Object(error)
      return { why: `: ${cause?.code || cause?.message || message || error}` }
    })
  try {
    for (;;) {
      const read = await withDeadline(timeoutMs, signal, next, () => undefined)
      if (!read) return { Type: TimeoutError, why: `, and sent nothing for ${timeoutMs}ms`, timeoutMs }
      // The error gets no cause, which may hold the link with its signature.
      if ('why' in read) return { Type: NetworkError, why: hideAccess(read.why) }
      if (read.done) return undefined
      await write(read.value)
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

/** The version of a file on its server. */
interface Version {
  /** `undefined` if the server does not send it, or compresses the file. */
  readonly length: number | undefined
  /** The value for `If-Range`. `undefined` if nothing proves that the rest has the same version. */
  readonly validator: string | undefined
}

/** The version of the file in an answer. */
function versionOf({ headers }: Response): Version {
  const told = headers.get('content-length')
  const length = told && !headers.get('content-encoding') ? Number(told) : undefined
  return { length, validator: length === undefined ? undefined : validatorOf(headers) }
}

function validatorOf(headers: Headers): string | undefined {
  const etag = headers.get('etag')
  if (etag?.startsWith('"')) return etag
  const modified = headers.get('last-modified')
  // Two versions of one second have the same date, so only an older date proves a version (RFC 9110, 8.8.2.2).
  const isOld = Date.parse(headers.get('date')!) - Date.parse(modified!) >= 1000
  return isOld ? modified! : undefined
}

/** Whether a 206 has the rest of the same version from `start` on. */
function isRest({ headers }: Response, { length, validator }: Version, start: number): boolean {
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? []
  // Some servers ignore `If-Range`, so the answer must prove the version. A 206 must have the ETag, but may lack the date.
  const isSame = validator?.startsWith('"')
    ? headers.get('etag') === validator
    : [null, validator].includes(headers.get('last-modified'))
  return Number(from) === start && Number(total) === length && isSame
}
