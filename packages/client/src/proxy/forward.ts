import { ArgumentError } from '../errors.ts'
import { hideAccess, redact, resolveHeaders } from '../internal/headers.ts'
import { withQuery } from '../internal/request.ts'
import { reveal } from '../internal/secrets.ts'
import { uploadMs, withDeadline } from '../internal/timers.ts'
import { send as sendForm } from '../internal/upload.ts'
import type { Client } from '../types.ts'
import { createLimit, isJson, pump, readAnswer, readPicture } from './readAnswer.ts'
import { type OrRefusal, type ProxyRequest, refuse, safeHeaders } from './routes.ts'

/** The form of a submission. */
interface Form {
  readonly body: ReadableStream<Uint8Array>
  readonly type: string
  /** The caller's `Idempotency-Key`, as the pod gets it. */
  readonly key?: string | undefined
  /** Set if the form could not be read to its end. */
  refusal?: Response
}

/** The body of an answer. `undefined` means JSON that can't be read. */
type Content = Awaited<ReturnType<typeof readAnswer | typeof readPicture>>

interface SendOptions {
  /** The caller's signal. */
  readonly signal: AbortSignal
  /** The time limit, in ms. */
  readonly ms: number
  /** Whether the body of the answer is read as a whole, within the time limit. */
  readonly isWhole?: boolean
  /** Whether the answer is a picture. Then the pod gets no key and no headers. */
  readonly isPicture?: boolean
  readonly form?: Form
}

/** Sends a caller's request to the pod. The pod gets only the operation, its parameters, its form and a hash of its key. */
export async function forward(
  client: Client,
  request: ProxyRequest,
  caller: Request,
  maxBodyBytes: number,
): Promise<Response> {
  const { signal, headers, body } = caller
  const { timeoutMs } = client
  if (request.operation !== 'executeWorkflow') {
    const isPicture = request.operation === 'getPreview'
    return (await send(client, request, { signal, ms: timeoutMs, isWhole: isPicture, isPicture })).response
  }
  if (caller.bodyUsed) throw new ArgumentError('authorize must not read the body')
  const type = headers.get('content-type') ?? ''
  const length = Number(headers.get('content-length'))
  const tooLarge = () => refuse(413, `Send at most ${maxBodyBytes} bytes`)
  if (!/^multipart\/form-data *;/i.test(type) || !body) return refuse(415, 'Send multipart/form-data')
  if (length > maxBodyBytes) return tooLarge()
  const own = hasHash() ? headers.get('idempotency-key') : null
  if (own !== null && !/^[!-~]{1,255}$/.test(own)) {
    return refuse(400, 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  }
  const ms = timeoutMs + uploadMs(length || maxBodyBytes)
  const form: Form = {
    type,
    key: own === null ? undefined : await hashKey([request.query.group_id, own]),
    body: pump(body, ms, createLimit(maxBodyBytes), (error) => {
      form.refusal = error instanceof RangeError ? tooLarge() : refuse(400, 'The upload broke off')
    }),
  }
  return (await send(client, request, { signal, ms, isWhole: true, form })).response
}

/** Node 18 has no global `crypto`. There no key passes, and health does not promise it. */
const hasHash = (): boolean => Boolean(globalThis.crypto?.subtle)

/** A hash of a key and the group of its caller, so that nobody gets the run of another by their key. */
async function hashKey(about: readonly unknown[]): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(about)))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Reads an envelope of the pod. `podStatus` is the status of the pod's answer, or 0 without an answer. */
export async function readPod(
  client: Client,
  path: string,
  query: Record<string, string>,
  signal: AbortSignal,
  ms: number,
): Promise<OrRefusal<Record<string, unknown>> & { podStatus: number }> {
  const request = { method: 'GET', path, query } as const
  const { response, podStatus } = await send(client, request, { signal, ms, isWhole: true })
  if (!response.ok) return { refusal: response, podStatus }
  try {
    return { value: Object(await response.json()), podStatus }
  } catch {
    return { refusal: refuse(502, 'The pod gave no usable answer'), podStatus }
  }
}

/** Sends a request to the pod, and gives the answer as a caller may see it. */
async function send(
  client: Client,
  { method, path, query }: Pick<ProxyRequest, 'method' | 'path' | 'query'>,
  { signal: left, ms, isWhole = false, isPicture, form }: SendOptions,
): Promise<{ response: Response; podStatus: number }> {
  const secrets = reveal(client)
  const { fetch = globalThis.fetch, logger } = secrets
  let headers: Record<string, string> = {}
  let isSent = false
  let podStatus = 0

  /** Logs the fault of the pod. Callers get a general message. */
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

  const ask = async (): Promise<Response> => {
    let result: { answer: Response; content: Content } | undefined
    try {
      // When its caller leaves, a submission goes on: a pod may start a run even if the request is aborted.
      result = await withDeadline(ms, form ? undefined : left, async (signal) => {
        if (!isPicture) headers = await resolveHeaders(secrets)
        left.throwIfAborted()
        isSent = true
        const url = client.baseUrl + withQuery(path, query)
        const init: RequestInit = {
          method,
          headers,
          // A body that is passed on outlives the time limit, so the caller's signal has to end it.
          signal: isWhole ? signal : AbortSignal.any([left, signal]),
          redirect: 'manual',
          // `fetch` takes a stream only with `duplex`.
          ...(form && {
            body: form.body,
            headers: {
              ...headers,
              'content-type': form.type,
              ...(form.key && { 'idempotency-key': form.key }),
            },
            duplex: 'half',
          }),
        }
        const answer = await (form ? sendForm(fetch, url, init) : fetch(url, init))
        const content = isPicture ? readPicture(answer, ms) : readAnswer(answer, headers, ms, isWhole)
        return { answer, content: await content }
      })
    } catch (error) {
      if (!isSent || left.aborted) throw error
      if (form?.refusal) return form.refusal
      // Some runtimes put the address into the error, and the query of a picture is secret.
      const why = hideAccess(redact(`${Object(error).cause?.code ?? error}`, headers))
      return fail(502, `got no answer: ${why}`)
    }
    return result
      ? show(result.answer, result.content)
      : fail(504, `timed out after ${ms}ms`, {}, 'The pod did not answer in time')
  }

  const show = (answer: Response, content: Content): Response => {
    const { status } = answer
    podStatus = status
    if (isPicture) {
      if (status === 403 || status === 404) return refuse(status, 'There is no such preview')
      if (!content) return fail(502, `gave no picture (${status})`)
      const type = answer.headers.get('content-type')!
      return new Response(content, {
        headers: { ...safeHeaders, 'content-type': type, 'content-security-policy': 'sandbox' },
      })
    }
    const passed: Record<string, string> = {}
    for (const name of ['retry-after', 'x-request-id']) {
      const value = answer.headers.get(name)
      if (value !== null) passed[name] = redact(value, headers)
    }
    if (hasHash() && answer.headers.get('x-idempotency') === 'kept') passed['x-idempotency'] = 'kept'
    const isPage = /html/i.test(answer.headers.get('content-type') ?? '')
    const isBroken = content === undefined
    const isRefused = status === 401 || status === 403
    if (isPage || isBroken || isRefused || status < 200 || (status > 299 && status < 400) || status > 599) {
      if (content instanceof ReadableStream) content.cancel()
      // A 401 would ask the visitor to sign in, and a 5xx would leave open whether a run has started.
      if (isRefused) {
        const reason = `refused the key of the proxy (${status})`
        return fail(424, reason, passed, 'The pod refused the apiKey of the proxy')
      }
      const reason = isPage ? 'gave a page' : isBroken ? 'gave no JSON' : 'was redirected'
      const shown = (isPage || isBroken) && status > 399 && status < 600 ? status : 502
      return fail(shown, `${reason} (${status})`, passed)
    }
    const isEmpty = status === 204 || status === 205
    if (!isEmpty) passed['content-type'] = isJson(answer) ? 'application/json' : 'text/plain; charset=utf-8'
    return new Response(isEmpty ? null : content, { status, headers: { ...safeHeaders, ...passed } })
  }

  return { response: await ask(), podStatus }
}
