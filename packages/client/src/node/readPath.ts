import { fileURLToPath } from 'node:url'
import { ArgumentError } from '../errors.ts'

/** A path as the system expects it. */
export function readPath(path: string | URL): string {
  let cause: unknown
  try {
    const text = path instanceof URL ? fileURLToPath(path) : path
    if (typeof text === 'string' && text && !text.includes('\0')) return text
  } catch (error) {
    cause = error
  }
  throw new ArgumentError('path must be a non-empty string, or a URL object of a file', { cause })
}
