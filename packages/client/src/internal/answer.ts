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
 * What JSON gave, without the key and without the values of custom headers, should a server have echoed them: in
 * each string and number, names included.
 */
export function redact<T>(value: T, headers: Readonly<Record<string, string>>): T {
  const clean = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(clean)
    if (isObject(item)) return Object.fromEntries(Object.entries(item).map(clean) as [string, unknown][])
    const before = text(item)
    let after = before
    for (const name in headers) {
      for (const secret of headers[name]!.split(' ')) {
        // A short word is no secret, and to take it out would spoil the message.
        if (secret.length > (name === keyHeader ? 0 : 7)) after = after.replaceAll(secret, '[redacted]')
      }
    }
    return after === before ? item : after
  }
  return clean(value) as T
}

/**
 * The error for an answer that is no result: what the server said, without the key. No `text`: it is a redirect
 * that was not followed.
 */
export function answerError(
  fail: Fail,
  response: Response,
  headers: Readonly<Record<string, string>>,
  text?: string,
): FlowScaleError {
  const { ok, status, headers: told } = response
  const { body, requestId, location } = redact(
    {
      body: parse(text),
      requestId: told.get('x-request-id'),
      location: told.get('location')?.split(/[?#]/)[0] || undefined,
    },
    headers,
  )
  if (text === undefined) {
    return fail(
      RedirectError,
      `was redirected${location ? ` to ${location}` : ''}; set baseUrl to the final address`,
      { status: status || undefined, location },
    )
  }
  const retryAfter = told.get('retry-after')
  // Seconds or a date; anything else, a time that is over included, is no answer.
  const ms = Number(retryAfter) * 1000 || Date.parse(retryAfter!) - Date.now()
  const details = problems(body)
  const errors = details.map(({ field, message }) => (field && `${field}: `) + message)
  // Not the text itself, in which a key may be escaped, and so escape us.
  const all = errors.join('; ') || JSON.stringify(body)
  // Of a gateway's page its title.
  const said = all.replace(/^.*?<title>|<\/title>.*/gis, '').slice(0, 300)
  return fail(
    ok ? ResponseError : status === 422 ? ValidationError : HttpError,
    `answered ${status}${ok ? ' without a result' : ''}: ${said}`,
    { status, body, errors, requestId, response, retryAfterMs: ms >= 0 ? ms : undefined, details },
  )
}
