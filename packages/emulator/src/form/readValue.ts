import { decodeDataUrl } from '../internal/decodeDataUrl.ts'
import { extensionOf } from '../internal/extensionOf.ts'
import type { Shown } from '../pod/types.ts'
import type { InputValue, Kind } from '../types.ts'

export type ReadValue =
  | { value: InputValue; shown: Shown }
  | { url: string; shown: string }
  | { problem: { msg: string; type: string } }

/** Decodes one value of a form by the kind of its input. */
export async function readValue(kind: Kind, name: string, value: string | File): Promise<ReadValue> {
  switch (kind) {
    case 'string':
      if (typeof value !== 'string') return problem('Input should be a valid string', 'string_type')
      return { value, shown: value }
    case 'number': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
      if (!Number.isFinite(number)) return problem('Input should be a valid finite number', 'float_parsing')
      return { value: number, shown: number }
    }
    case 'boolean':
      if (value !== 'true' && value !== 'false') {
        return problem("Input should be 'true' or 'false'", 'bool_parsing')
      }
      return { value: value === 'true', shown: value === 'true' }
    default:
      return await readFile(kind, name, value)
  }
}

async function readFile(kind: Kind, name: string, value: string | File): Promise<ReadValue> {
  if (typeof value !== 'string') {
    const data = new Uint8Array(await value.arrayBuffer())
    // Bun leaves out the name that FormData gives to a Blob.
    const filename = value.name || 'blob'
    return { value: { name: filename, type: value.type, data }, shown: filename }
  }
  if (/^https?:\/\//i.test(value)) return { url: value, shown: value }
  const decoded = decodeDataUrl(value)
  if (!decoded) {
    const what = /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`
    return problem(`Input should be ${what}: a file part, a data: URL or an http(s) URL`, 'value_error')
  }
  const filename = `${name}.${extensionOf(decoded.type)}`
  return { value: { name: filename, ...decoded }, shown: filename }
}

function problem(msg: string, type: string): ReadValue {
  return { problem: { msg, type } }
}
