import { EngineError, InputError, type Problem } from '../engine.ts'
import type { Dialect, HttpApiOptions } from './types.ts'

export function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
}

export function success(data: unknown, meta?: object): Response {
  return json(200, { status: 'success', data, ...(meta && { meta }) })
}

export function failure(dialect: Dialect, status: number, message: string, data?: object): Response {
  const told = dialect === 'readme' ? { status: 'error', errors: [message] } : { detail: message }
  return json(status, { ...told, ...(data && { data }) })
}

/** FastAPI's form, the same in every dialect. */
export function unprocessable(problems: readonly Problem[]): Response {
  return json(422, { detail: problems })
}

export function missing(...loc: (string | number)[]): Problem {
  return { loc, msg: 'Field required', type: 'missing' }
}

export function answerError({ dialect, name }: HttpApiOptions, error: unknown): Response {
  if (error instanceof InputError) return unprocessable(error.problems)
  if (!(error instanceof EngineError)) {
    const message = error instanceof Error ? error.message : String(error)
    return failure(dialect, 500, `Internal error of the ${name}: ${message}`)
  }
  const { status, message, retryAfterS, runId } = error
  const answer = failure(dialect, status, message, runId === undefined ? undefined : { run_id: runId })
  if (retryAfterS !== undefined) answer.headers.set('retry-after', String(Math.ceil(retryAfterS)))
  return answer
}

const brand: symbol = /* @__PURE__ */ Symbol.for('flowscale.gateway.breakOff')

/** What `fetch` rejects with when a connection fails; a server is to destroy its socket, by a reset or without. */
export function breakOff(code: 'ECONNREFUSED' | 'ECONNRESET', message = 'fetch failed'): TypeError {
  const cause = Object.assign(new Error(code === 'ECONNRESET' ? 'read ECONNRESET' : `connect ${code}`), {
    code,
  })
  return Object.defineProperty(new TypeError(message, { cause }), brand, { value: code })
}

/** Whether, and how, a connection must be broken off. */
export function brokenBy(error: unknown): 'ECONNREFUSED' | 'ECONNRESET' | undefined {
  return (error as Record<symbol, 'ECONNRESET'> | undefined)?.[brand]
}
