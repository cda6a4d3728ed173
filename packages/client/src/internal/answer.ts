import { type FlowScaleError, HttpError, RedirectError, ResponseError, ValidationError } from '../errors.ts'
import { hideAccess, redact } from './headers.ts'
import { asText, isObject, parse } from './values.ts'

/** Makes an error about the request under way. */
export type Fail = (
  Type: new (message: string, details: Record<string, unknown>) => FlowScaleError,
  what: string,
  details: Record<string, unknown>,
) => FlowScaleError

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
      shown: Object.fromEntries(told),
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
        headers: new Headers(Object.entries(shown).filter(([name]) => !name.includes('['))),
      },
      retryAfterMs: toRetryMs(told.get('retry-after')),
      details,
    },
  )
}

/**
 * The server's messages in any form: a string, a list or FastAPI's details. An empty field does not hide the field
 * after it.
 */
export function problems(said: unknown, depth = 0): { field: string; message: string }[] {
  if (depth > 4 || !said) return []
  if (Array.isArray(said)) return said.flatMap((item) => problems(item, depth + 1))
  const { loc, msg, errors, detail, error, message } = isObject(said) ? said : { msg: said }
  const own = asText(msg)
  if (own) return [{ field: [loc ?? []].flat().join('.'), message: own }]
  return (
    [errors, detail, error, message].map((part) => problems(part, depth + 1)).find((found) => found.length) ??
    []
  )
}
