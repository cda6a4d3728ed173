import type { Draft, Kind, Scalar, StoredFile } from '../../engine.ts'
import { decodeDataUrl } from './decodeDataUrl.ts'
import { extensionOf } from './extensionOf.ts'

export type ReadValue =
  | { value: Scalar | StoredFile; shown: Scalar }
  | { problem: { msg: string; type: string } }

/** Decodes one value of a form by the kind of its input. */
export async function readValue(
  kind: Kind,
  name: string,
  value: string | File,
  draft: Draft,
): Promise<ReadValue> {
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
      return await readFile(kind, name, value, draft)
  }
}

async function readFile(kind: Kind, name: string, value: string | File, draft: Draft): Promise<ReadValue> {
  if (typeof value !== 'string') {
    // Bun leaves out the name that FormData gives to a Blob.
    const filename = value.name || 'blob'
    const file = { name: filename, type: value.type, body: value.stream() }
    return { value: await draft.putFile(name, file), shown: filename }
  }
  if (/^https?:\/\//i.test(value)) return { value: await draft.putUrl(name, value), shown: value }
  const decoded = decodeDataUrl(value)
  if (!decoded) {
    const what = /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`
    return problem(`Input should be ${what}: a file part, a data: URL or an http(s) URL`, 'value_error')
  }
  const filename = `${name}.${extensionOf(decoded.type)}`
  const body = new Blob([decoded.data as Uint8Array<ArrayBuffer>]).stream()
  return { value: await draft.putFile(name, { name: filename, type: decoded.type, body }), shown: filename }
}

function problem(msg: string, type: string): ReadValue {
  return { problem: { msg, type } }
}
