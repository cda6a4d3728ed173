import { isBytes } from '../run.ts'

/** Strings and binary as they are, all else as JSON; `undefined` for what JSON has no form for. */
export function encode(message: unknown): unknown {
  return typeof message === 'string' || message instanceof Blob || isBytes(message)
    ? message
    : JSON.stringify(message)
}
