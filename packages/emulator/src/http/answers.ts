import type { Dialect } from '../types.ts'

export interface Problem {
  loc: (string | number)[]
  msg: string
  type: string
}

export function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
}

export function success(data: unknown, meta?: object): Response {
  return json(200, { status: 'success', data, ...(meta && { meta }) })
}

export function failure(dialect: Dialect, status: number, message: string): Response {
  return json(status, dialect === 'readme' ? { status: 'error', errors: [message] } : { detail: message })
}

/** FastAPI's form, the same in every dialect. */
export function unprocessable(problems: Problem[]): Response {
  return json(422, { detail: problems })
}

export function missing(...loc: (string | number)[]): Problem {
  return { loc, msg: 'Field required', type: 'missing' }
}
