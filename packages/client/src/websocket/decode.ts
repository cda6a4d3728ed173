import { parse } from '../run.ts'

/** JSON is parsed; other text, and binary, is given as it is. */
export function decode(data: unknown): unknown {
  return typeof data === 'string' ? parse(data) : data
}
