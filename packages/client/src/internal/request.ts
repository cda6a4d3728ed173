import { ArgumentError, type FlowScaleError, type HttpError, NetworkError, TimeoutError } from '../errors.ts'
import type { Client, Envelope, Fetch, RequestOptions } from '../types.ts'
import { answerError, type Fail } from './answer.ts'
import { hideAccess, redact, resolveHeaders } from './headers.ts'
import { checkOptions, requestRules } from './options.ts'
import { reveal } from './secrets.ts'
import { sleep, withDeadline } from './timers.ts'
import { parse } from './values.ts'

interface RequestSpec<T> {
  /** The caller's options, which `request` checks. */
  readonly options: RequestOptions
  readonly method?: 'GET' | 'POST'
  /** Default for `options.timeoutMs`. */
  readonly timeoutMs?: number
  /** A 429 counts in any case, even if its body fails: it says that nothing was done. */
  readonly retryOn?: readonly number[]
  /** The address in messages and logs, if the real one must not be shown: the query of a signed link is secret. */
  readonly url?: string
  /** Calls `fetch` in another way. A response with the status 0 is a redirect that was not followed. */
  readonly fetchWith?: (fetch: Fetch, url: string, init: RequestInit) => Promise<Response>
  /** A 204 means that there is no result yet, and gives `null`. */
  readonly allow204?: true
  /**
   * Gives `data` its published form: `undefined` if a required field is missing, `null` if there is no result yet. Without
   * `parseData` the result is the response itself.
   */
  readonly parseData?: (
    data: unknown,
    envelope: Envelope<unknown>,
    headers: Readonly<Record<string, string>>,
  ) => T | undefined
  /** Replaces the error that ends the request. Errors of the caller's functions are not replaced. */
  readonly mapError?: (error: FlowScaleError) => FlowScaleError
}

/** The envelope around `T`, or `null`. */
type Result<T> = T extends null ? null : Envelope<T>

/** The `status` of errors after which a request that is safe to repeat is sent again. 0 means that no answer came. */
export const transient: readonly number[] = [0, 408, 425, 429, 500, 502, 503, 504]

/**
 * The limit, in ms, for each part of the pause between two attempts: for `Retry-After`, and for the random pause that is added
 * to it. A longer `Retry-After` ends the request.
 */
export const maxPauseMs = 30_000

/** The pause after a failed attempt, in ms; `tries` counts from 1. */
export function backOff({ retryDelayMs }: Client, tries: number): number {
  return Math.random() * Math.min(retryDelayMs * 2 ** (tries - 1), maxPauseMs)
}

/** Whether the `status` of an envelope says that the answer is an error. */
export const isErrorStatus = (status: string): boolean => ['error', 'failed'].includes(status)

/** Whether an error leaves open what the server did: no answer came, it can't be read, or its status is 5xx. */
export function isUnclear(error: Error): boolean {
  const { status, body } = error as HttpError
  return status === 0 || status > 499 || (status < 300 && !isErrorStatus(Object(body).status))
}

/** `endpoint` with a query of the values that are not `undefined`. */
export function withQuery(
  endpoint: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${encodeURIComponent(value)}`,
  )
  return pairs.length ? `${endpoint}?${pairs.join('&')}` : endpoint
}

/** The address of `path` at the base URL. A base URL that is a path gets the origin of the page, whatever `<base href>` says. */
export function addressOf({ baseUrl }: Client, path: string): string {
  const base = (baseUrl[0] === 'h' ? '' : globalThis.location?.origin) + baseUrl
  // The origin of some pages is "null".
  if (base[0] !== 'h') throw new ArgumentError('baseUrl: a path works only in a page')
  return base + path
}

/**
 * Sends a request to `/api/v1/<endpoint>`, or to an absolute URL, and sends it again if that is safe. Two other files call
 * `fetch`: `proxy/forward.ts`, which repeats nothing, and `websocket/openSocket.ts` on Workers.
 */
export async function request<T>(client: Client, endpoint: string, spec: RequestSpec<T>): Promise<Result<T>> {
  const secrets = reveal(client)
  const { fetch = globalThis.fetch, logger, isPolling } = secrets
  const { options, method = 'GET', parseData, fetchWith, retryOn = transient } = spec
  if (!isPolling) checkOptions(options, requestRules)
  const { signal, maxRetries = client.maxRetries, timeoutMs = spec.timeoutMs ?? client.timeoutMs } = options
  const outer = isPolling ? signal : signal && AbortSignal.any([signal])
  // `new URL` would take a good part of the time of a request, and `createClient` has made the base URL with it.
  const href = parseData ? addressOf(client, `/api/v1/${endpoint}`) : endpoint
  const { url = href } = spec
  const fail: Fail = (Type, what, details) =>
    new Type(`${method} ${url} ${what}`, { method, url, status: 0, ...details })
  let status: number | undefined

  /** Returns a `FlowScaleError`. Throws the reason of an abort, an error of `headers()`, or an error about its headers. */
  const attempt = async (signal: AbortSignal): Promise<Result<T> | FlowScaleError> => {
    const headers = await resolveHeaders(secrets, options.headers)
    signal.throwIfAborted()
    try {
      const init: RequestInit = { method, headers, signal, redirect: 'manual' }
      const response = await (fetchWith ? fetchWith(fetch, href, init) : fetch(href, init))
      status = response.status
      if (!parseData && response.ok && response.body !== null) return response as never
      // A redirect has a 3xx status, or 0 if the runtime hides the status. Nobody needs the body of a redirect.
      let text: string | undefined
      if (response.ok || status > 399) text = await response.text()
      else response.body?.cancel().catch(() => {})
      if (response.ok) {
        if (status === 204 && spec.allow204) return null as never
        const envelope: Envelope<unknown> = Object(parse(text!))
        if (typeof envelope.status === 'string' && !isErrorStatus(envelope.status)) {
          const data = parseData!(envelope.data, envelope, headers)
          if (data !== undefined) return (data === null ? data : { ...envelope, data }) as Result<T>
        }
      }
      return answerError(fail, response, headers, text)
    } catch (error) {
      // After an abort nobody sees this error, because `withDeadline` has rejected already.
      const { cause } = Object(error)
      // Node keeps an answer that is not HTTP in `data`, and the answer may repeat the headers.
      if (cause?.data) cause.data = redact(cause.data, headers)
      // Some runtimes put the address into the message and the cause. The address of a download is signed, so its error
      // gets no cause.
      const why = hideAccess(redact(`${cause?.code || cause?.message || error}`, headers))
      return fail(NetworkError, `got no answer: ${why}`, parseData ? { cause: error } : {})
    }
  }

  for (let tries = 1; ; tries++) {
    const start = Date.now()
    status = undefined
    const result = await withDeadline(timeoutMs, outer, attempt, () =>
      fail(TimeoutError, `timed out after ${timeoutMs}ms`, { timeoutMs }),
    )
    const log = async (level: 'debug' | 'warn' | 'error', end: unknown) => {
      // An error of the logger must not lose a run.
      try {
        const path = /[^/:](\/[^?]*)/.exec(url)![1]!
        await logger?.[level](`${method} ${path} ${end}`, {
          method,
          path,
          status,
          attempt: tries,
          durationMs: Date.now() - start,
        })
      } catch {}
    }
    if (!(result instanceof Error)) {
      log('debug', status)
      return result
    }
    const { code, status: kind, retryAfterMs = 0 } = result as HttpError
    if (tries > maxRetries || (status !== 429 && !retryOn.includes(kind)) || retryAfterMs > maxPauseMs) {
      log(isPolling?.(kind) ?? 'error', code)
      throw spec.mapError?.(result) ?? result
    }
    const delayMs = retryAfterMs + backOff(client, tries)
    log('warn', `${code}, again after ${Math.round(delayMs)}ms`)
    await sleep(delayMs, outer)
  }
}
