import { NetworkError } from '../errors.ts'

/** Says why, as a runtime does, unless that may show the URL: the key, or a token, may be in it. */
export function socketError(what: string, why?: unknown): NetworkError {
  const shown = why && !/:\/\/|api_key/.test(`${why}`)
  return new NetworkError(`The WebSocket ${what}${shown ? `: ${why}` : ''}`)
}
