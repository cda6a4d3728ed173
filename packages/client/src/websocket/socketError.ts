import { NetworkError } from '../errors.ts'

/** Includes the runtime's reason, unless it may show the URL, which may hold the key or a token. */
export function socketError(what: string, why?: unknown): NetworkError {
  const shown = why && !/:\/\/|api_key/.test(`${why}`)
  return new NetworkError(`The WebSocket ${what}${shown ? `: ${why}` : ''}`)
}
