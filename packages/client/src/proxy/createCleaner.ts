import { redact } from '../internal/answer.ts'

/** Takes the secrets of `headers` out of a text, piece by piece, for `pump`. */
export function createCleaner(
  headers: Readonly<Record<string, string>>,
): (piece: Uint8Array | undefined) => Uint8Array {
  /** So many characters may be the start of a secret. */
  const kept = Math.max(1, ...Object.values(headers).map(({ length }) => length)) - 1
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let text = ''
  return (piece) => {
    text = redact(text + decoder.decode(piece, { stream: !!piece }), headers)
    const end = piece ? Math.max(0, text.length - kept) : text.length
    // Half a character waits for its other half.
    const clean = text.slice(0, end).replace(/[\ud800-\udbff]$/, '')
    text = text.slice(clean.length)
    return encoder.encode(clean)
  }
}
