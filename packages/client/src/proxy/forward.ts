import { ArgumentError } from '../errors.ts'
import { redact } from '../internal/answer.ts'
import { addHeaders, keyHeader } from '../internal/headers.ts'
import { withQuery } from '../internal/query.ts'
import { isPageOrWorker } from '../internal/runtime.ts'
import { reveal } from '../internal/secrets.ts'
import { withDeadline } from '../internal/timers.ts'
import { upload } from '../internal/upload.ts'
import type { Client } from '../types.ts'
import { createCleaner } from './createCleaner.ts'
import { createLimit } from './createLimit.ts'
import { pump } from './pump.ts'
import type { Call } from './readCall.ts'
import { own, refuse } from './refuse.ts'

/** The longest answer to an execute that is read, in bytes. */
const maxAnswerBytes = 16_777_216

/** Sends a call to the pod, with nothing of the caller's request but the body, and gives what may be seen of the answer. */
export async function forward(
  client: Client,
  { operation, method, path, query }: Call,
  request: Request,
  maxBodyBytes: number,
): Promise<Response> {
  const { apiKey, headers: source, fetch = globalThis.fetch, logger } = reveal(client)
  const { signal: left, headers: told } = request
  const isUpload = operation === 'executeWorkflow'
  const type = told.get('content-type') ?? ''
  const headers: Record<string, string> = {}
  let { timeoutMs } = client
  let body: ReadableStream<Uint8Array> | undefined
  /** Why the body could not be read to its end. */
  let broken: unknown
  if (isUpload) {
    if (request.bodyUsed) throw new ArgumentError('authorize must not read the body')
    const length = Number(told.get('content-length'))
    if (!/^multipart\/form-data *;/i.test(type) || !request.body)
      return refuse(415, 'Send multipart/form-data')
    if (length > maxBodyBytes) return tooLarge(maxBodyBytes)
    timeoutMs += Math.ceil((length || maxBodyBytes) / 262_144) * 1000
    body = pump(request.body, timeoutMs, createLimit(maxBodyBytes), (error) => {
      broken = error
    })
  }

  /** What is wrong with the pod is for the log, and not for everybody. */
  const fail = (status: number, what: string, said: string, shown?: Record<string, string>) => {
    const log = async () => logger?.error(`${method} ${path} ${what}`, { method, path })
    log().catch(() => {})
    return refuse(status, said, shown)
  }
  /** For as long as nothing comes, once there is an answer. */
  const clean = (answer: Response) =>
    answer.body && pump(answer.body, timeoutMs, createCleaner(headers, answer.ok))

  let isSent = false
  let result: { answer: Response; answered: string | ReadableStream<Uint8Array> | null } | undefined
  try {
    // A caller that leaves must not leave a run behind that nobody knows of: what was sent is seen through.
    result = await withDeadline(timeoutMs, isUpload ? undefined : left, async (signal) => {
      addHeaders(headers, typeof source === 'function' ? await source() : source, apiKey)
      if (apiKey) headers[keyHeader] = apiKey
      left.throwIfAborted()
      isSent = true
      const url = client.baseUrl + (Object.keys(query).length ? withQuery(path, query) : path)
      const init: RequestInit = {
        method,
        headers,
        // Of what outlives this, the body of the answer.
        signal: isUpload ? signal : AbortSignal.any([left, signal]),
        redirect: 'manual',
      }
      // A stream can only be sent so.
      const half = { ...init, headers: { ...headers, 'content-type': type }, duplex: 'half' } as RequestInit
      const answer = await (body ? upload(body, fetch, url, half, isPageOrWorker()) : fetch(url, init))
      const stream = clean(answer)
      const answered =
        body && stream
          ? await new Response(pump(stream, timeoutMs, createLimit(maxAnswerBytes))).text()
          : stream
      return { answer, answered }
    })
  } catch (error) {
    if (!isSent || left.aborted) throw error
    if (broken instanceof RangeError) return tooLarge(maxBodyBytes)
    if (broken) return refuse(400, 'The upload broke off')
    const why = redact(`${Object(error).cause?.code ?? error}`, headers)
    return fail(502, `got no answer: ${why}`, 'The pod could not be asked')
  }
  if (!result) return fail(504, `timed out after ${timeoutMs}ms`, 'The pod did not answer in time')

  const { answer, answered } = result
  const { status, headers: given } = answer
  const shown: Record<string, string> = {}
  for (const name of ['retry-after', 'x-request-id']) {
    const value = given.get(name)
    if (value !== null) shown[name] = redact(value, headers)
  }
  const kind = given.get('content-type') ?? ''
  const isPage = /html/i.test(kind)
  const isRefused = status === 401 || status === 403
  if (isPage || isRefused || status < 200 || (status > 299 && status < 400) || status > 599) {
    const why = isRefused ? 'refused the key of the proxy' : isPage ? 'gave a page' : 'was redirected'
    if (typeof answered === 'object') answered?.cancel()
    const seen = isPage && !isRefused && status > 399 && status < 600 ? status : 502
    return fail(seen, `${why} (${status})`, 'The pod could not be asked', shown)
  }
  const isEmpty = status === 204 || status === 205
  if (!isEmpty)
    shown['content-type'] = /\bjson\b/i.test(kind) ? 'application/json' : 'text/plain; charset=utf-8'
  return new Response(isEmpty ? null : answered, { status, headers: { ...own, ...shown } })
}

const tooLarge = (bytes: number) => refuse(413, `Send at most ${bytes} bytes`)
