import { type FlowScaleError, HttpError, RedirectError, ResponseError, ValidationError } from '../errors.ts'
import { isObject, parse, problems, text } from './data.ts'
import { keyHeader } from './headers.ts'

/** Makes an error about the request under way. */
export type Fail = (
  Type: new (message: string, details: Record<string, unknown>) => FlowScaleError,
  what: string,
  details: Record<string, unknown>,
) => FlowScaleError

/**
 * A parsed answer without the key and the words of other headers. A server may have echoed them in strings, numbers and
 * names.
 */
export function redact<T>(value: T, headers: Readonly<Record<string, string>>): T {
  const clean = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(clean)
    if (isObject(item)) return Object.fromEntries(Object.entries(item).map(clean) as [string, unknown][])
    const before = text(item)
    let after = before
    for (const name in headers) {
      // A short word is no secret, and to replace it would spoil the text.
      for (const secret of headers[name]!.match(name === keyHeader ? /.+/ : /\S{8,}/g) ?? []) {
        after = after.replaceAll(secret, '[redacted]')
      }
    }
    return after === before ? item : after
  }
  return clean(value) as T
}

/** A text without the logins, queries and fragments of its URLs, because they may give access. */
export const hideAccess = (text: string): string => text.replace(/(\/\/)[^/?#\s]*@|[?#]\S*[^\s):]/g, '$1')

/** The pause that a server requests in seconds or by a date, in ms. `undefined` for a past time, or for any other text. */
export function toRetryMs(retryAfter: string | null): number | undefined {
  const ms = Number(retryAfter) * 1000 || Date.parse(retryAfter!) - Date.now()
  return ms >= 0 ? ms : undefined
}

/**
 * The error for an answer without a result: the server's messages, without the key. Without `text` the answer is a
 * redirect, which was not followed.
 */
export function answerError(
  fail: Fail,
  response: Response,
  headers: Readonly<Record<string, string>>,
  text?: string,
): FlowScaleError {
  const { ok, status, headers: told } = response
  const { body, requestId, location, shown } = redact(
    {
      body: parse(text),
      requestId: told.get('x-request-id'),
      location: hideAccess(told.get('location') ?? '') || undefined,
      shown: [...told],
    },
    headers,
  )
  if (text === undefined) {
    return fail(RedirectError, `was redirected${location ? ` to ${location}` : ''}; correct baseUrl`, {
      status: status || undefined,
      location,
    })
  }
  const details = problems(body)
  const errors = details.map(({ field, message }) => (field && `${field}: `) + message)
  // Not the text itself: a key in it may be escaped, and so would not be found.
  const all = errors.join('; ') || JSON.stringify(body)
  // Of a gateway's HTML page only the title.
  const said = all.replace(/^.*?<title>|<\/title>.*/gis, '').slice(0, 300)
  return fail(
    ok ? ResponseError : status === 422 ? ValidationError : HttpError,
    `answered ${status}${ok ? ' without a result' : ''}: ${said}`,
    {
      status,
      body,
      errors,
      requestId,
      response: {
        status,
        // A header whose name held the key has no legal name now.
        headers: new Headers(shown.filter(([name]) => !name.includes('['))),
      },
      retryAfterMs: toRetryMs(told.get('retry-after')),
      details,
    },
  )
}
