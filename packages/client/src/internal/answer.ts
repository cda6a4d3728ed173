import { type FlowScaleError, HttpError, RedirectError, ResponseError, ValidationError } from '../errors.ts'
import { hideAccess, redact } from './headers.ts'
import { asText, isObject, parse } from './values.ts'

/** Makes an error about a request. */
export type Fail = (
  Type: new (message: string, details: Record<string, unknown>) => FlowScaleError,
  what: string,
  details: Record<string, unknown>,
) => FlowScaleError

/** The pause that `Retry-After` requests in seconds or by a date, in ms. `undefined` for a past date and for other texts. */
export function toRetryMs(retryAfter: string | null): number | undefined {
  const ms = Number(retryAfter) * 1000 || Date.parse(retryAfter!) - Date.now()
  return ms >= 0 ? ms : undefined
}

/**
 * The error for an answer without a result. It has the server's messages, without the secrets of `headers`. `text` is the
 * body, and missing for a redirect, whose body nobody reads.
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
  // The parsed body, not its text: `redact` would not find a key that is escaped in the text.
  const all = errors.join('; ') || JSON.stringify(body)
  // A gateway may answer with an HTML page, of which the title is enough.
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
        // A name that held the key is no legal name any more, and `Headers` would throw.
        headers: new Headers(shown.filter(([name]) => !name.includes('['))),
      },
      retryAfterMs: toRetryMs(told.get('retry-after')),
      details,
    },
  )
}

/**
 * The server's messages with their fields. Servers send a string, a list or FastAPI's details, and nest them in several
 * fields. An empty field does not hide the next one.
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
