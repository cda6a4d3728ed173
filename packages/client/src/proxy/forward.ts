import { ArgumentError } from '../errors.ts'
import { redact, resolveHeaders } from '../internal/headers.ts'
import { withQuery } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import { withDeadline } from '../internal/timers.ts'
import { send } from '../internal/upload.ts'
import type { Client } from '../types.ts'
import { createLimit, isJson, pump, readAnswer } from './readAnswer.ts'
import type { ProxyRequest } from './routes.ts'
import { refuse, safeHeaders } from './routes.ts'

/** The caller's request. Only a submission needs more than the signal. */
type Asker = Pick<Request, 'signal'> & Partial<Request>

/** A request of the proxy's own, whose answer is read as a whole. */
interface Lookup {
  /** Its time limit, in ms. */
  ms: number
  /** Called with the status of the pod's answer. The caller may get another status. */
  answered?: (status: number) => void
}

/** Sends a request to the pod, with nothing of the caller's but the body, and gives the answer as the caller may see it. */
export async function forward(
  client: Client,
  { operation, method, path, query }: ProxyRequest,
  asker: Asker,
  maxBodyBytes: number,
  lookup?: Lookup,
): Promise<Response> {
  const secrets = reveal(client)
  const { fetch = globalThis.fetch, logger } = secrets
  const { signal: left } = asker
  const isUpload = operation === 'executeWorkflow'
  const isWhole = isUpload || !!lookup
  const type = asker.headers?.get('content-type') ?? ''
  let headers: Record<string, string> = {}
  let timeoutMs = lookup?.ms ?? client.timeoutMs
  let body: ReadableStream<Uint8Array> | undefined
  /** Why the body could not be read to its end. */
  let broken: unknown
  if (isUpload) {
    if (asker.bodyUsed) throw new ArgumentError('authorize must not read the body')
    const length = Number(asker.headers?.get('content-length'))
    if (!/^multipart\/form-data *;/i.test(type) || !asker.body) return refuse(415, 'Send multipart/form-data')
    if (length > maxBodyBytes) return tooLarge(maxBodyBytes)
    timeoutMs += Math.ceil((length || maxBodyBytes) / 262_144) * 1000
    body = pump(asker.body, timeoutMs, createLimit(maxBodyBytes), (error) => {
      broken = error
    })
  }

  /** What is wrong with the pod is for the log, and not for everybody. */
  const fail = (
    status: number,
    reason: string,
    passed: Record<string, string> = {},
    error = 'The pod gave no usable answer',
  ) => {
    const log = async () => logger?.error(`${method} ${path} ${reason}`, { method, path })
    log().catch(() => {})
    return refuse(status, error, passed)
  }

  let isSent = false
  let result: { answer: Response; content: Awaited<ReturnType<typeof readAnswer>> } | undefined
  try {
    // A caller that leaves must not leave a run behind that nobody knows of: what was sent is seen through.
    result = await withDeadline(timeoutMs, isUpload ? undefined : left, async (signal) => {
      headers = await resolveHeaders(secrets)
      left.throwIfAborted()
      isSent = true
      const url = client.baseUrl + (Object.keys(query).length ? withQuery(path, query) : path)
      const init: RequestInit = {
        method,
        headers,
        // Of what outlives this, the body of the answer.
        signal: isWhole ? signal : AbortSignal.any([left, signal]),
        redirect: 'manual',
      }
      // A stream can only be sent so.
      const half = { ...init, body, headers: { ...headers, 'content-type': type }, duplex: 'half' }
      const answer = await (body ? send(fetch, url, half as RequestInit) : fetch(url, init))
      return { answer, content: await readAnswer(answer, headers, timeoutMs, isWhole) }
    })
  } catch (error) {
    if (!isSent || left.aborted) throw error
    if (broken instanceof RangeError) return tooLarge(maxBodyBytes)
    if (broken) return refuse(400, 'The upload broke off')
    return fail(502, `got no answer: ${redact(`${Object(error).cause?.code ?? error}`, headers)}`)
  }
  if (!result) return fail(504, `timed out after ${timeoutMs}ms`, {}, 'The pod did not answer in time')

  const { answer, content } = result
  const { status } = answer
  lookup?.answered?.(status)
  const passed: Record<string, string> = {}
  for (const name of ['retry-after', 'x-request-id']) {
    const value = answer.headers.get(name)
    if (value !== null) passed[name] = redact(value, headers)
  }
  const kind = answer.headers.get('content-type') ?? ''
  const isPage = /html/i.test(kind)
  const isBroken = content === undefined
  const isRefused = status === 401 || status === 403
  if (isPage || isBroken || isRefused || status < 200 || (status > 299 && status < 400) || status > 599) {
    if (typeof content === 'object') content?.cancel()
    const reason = isRefused
      ? 'refused the key of the proxy'
      : isPage
        ? 'gave a page'
        : isBroken
          ? 'gave no JSON'
          : 'was redirected'
    // A 401 would ask the visitor to sign in. A 5xx would leave open whether a run has started.
    if (isRefused)
      return fail(424, `${reason} (${status})`, passed, 'The pod refused the apiKey of the proxy')
    const shown = (isPage || isBroken) && status > 399 && status < 600 ? status : 502
    return fail(shown, `${reason} (${status})`, passed)
  }
  if (status === 204 || status === 205)
    return new Response(null, { status, headers: { ...safeHeaders, ...passed } })
  passed['content-type'] = isJson(answer) ? 'application/json' : 'text/plain; charset=utf-8'
  return new Response(content, { status, headers: { ...safeHeaders, ...passed } })
}

const tooLarge = (bytes: number) => refuse(413, `Send at most ${bytes} bytes`)
