// Answers in the forms of the dialects: data, failures, and the errors of an engine.
import { EngineError, InputError } from '../engine.ts'
import type { Dialect } from './operations.ts'
import type { HttpApiOptions } from './types.ts'

/** An answer in JSON, without the fields that are undefined. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const init = { status, headers: { 'content-type': 'application/json', ...headers } }
  return new Response(JSON.stringify(body), init)
}

export function success(data: unknown, meta?: object): Response {
  return json(200, { status: 'success', data, meta })
}

export function failure(
  dialect: Dialect,
  status: number,
  message: string,
  headers?: Record<string, string>,
  data?: object,
): Response {
  const body = dialect === 'readme' ? { status: 'error', errors: [message] } : { detail: message }
  return json(status, { ...body, data }, headers)
}

/** The refusal of a key that opens nothing. */
export const refuseKey = (dialect: Dialect, sent: string | null): Response =>
  sent
    ? failure(dialect, 403, 'Invalid API key')
    : failure(dialect, 401, 'Missing API key: send it in the X-API-KEY header')

export function answerError({ dialect, name }: HttpApiOptions, error: unknown): Response {
  // FastAPI's form, the same in every dialect.
  if (error instanceof InputError) return json(422, { detail: error.problems })
  if (!(error instanceof EngineError)) {
    const message = error instanceof Error ? error.message : String(error)
    return failure(dialect, 500, `Internal error of the ${name}: ${message}`)
  }
  const { status, message, retryAfterS, runId } = error
  const headers: Record<string, string> =
    retryAfterS === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterS)) }
  return failure(dialect, status, message, headers, runId === undefined ? undefined : { run_id: runId })
}

type Break = 'ECONNREFUSED' | 'ECONNRESET'

const brand: symbol = /* @__PURE__ */ Symbol.for('flowscale.gateway.breakOff')

/** Makes the error that breaks a connection. `fetch` rejects with it; a server destroys its socket, with or without a reset. */
export function breakOff(code: Break, message = 'fetch failed'): TypeError {
  const text = code === 'ECONNRESET' ? 'read ECONNRESET' : `connect ${code}`
  const cause = Object.assign(new Error(text), { code })
  return Object.defineProperty(new TypeError(message, { cause }), brand, { value: code })
}

/** How an error of `breakOff` breaks a connection; `undefined` for any other error. */
export function brokenBy(error: unknown): Break | undefined {
  return (error as Record<symbol, Break> | undefined)?.[brand]
}
