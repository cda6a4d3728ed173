const PERCENT = 0x25

/** What comes after the comma of a `data:` URL, decoded piece by piece. Throws `malformed` where it is no base64. */
export function decodeDataUrl(
  header: string,
  chunks: AsyncIterable<Uint8Array>,
  malformed: Error,
): { type: string; data: AsyncGenerator<Uint8Array, void> } {
  const type = header.slice('data:'.length).replace(/;\s*base64\s*$/i, '')
  const bytes = decodePercent(chunks)
  const isBase64 = /;\s*base64\s*$/i.test(header)
  return { type: type.trim() || 'text/plain', data: isBase64 ? decodeBase64(bytes, malformed) : bytes }
}

async function* decodePercent(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let rest = new Uint8Array()
  for await (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length)
    bytes.set(rest)
    bytes.set(chunk, rest.length)
    const cut = bytes.indexOf(PERCENT, Math.max(0, bytes.length - 2))
    const end = cut < 0 ? bytes.length : cut
    rest = bytes.slice(end)
    yield decodeTriples(bytes.subarray(0, end))
  }
  if (rest.length > 0) yield rest
}

/** Decodes in place: the result is never longer. */
function decodeTriples(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(PERCENT)) return bytes
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const pair = bytes[i] === PERCENT ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : ''
    const hex = /^[0-9a-f]{2}$/i.test(pair)
    bytes[length++] = hex ? Number.parseInt(pair, 16) : bytes[i]!
    if (hex) i += 2
  }
  return bytes.subarray(0, length)
}

async function* decodeBase64(
  chunks: AsyncIterable<Uint8Array>,
  malformed: Error,
): AsyncGenerator<Uint8Array, void> {
  let rest = ''
  let padded = false
  function decode(text: string): Uint8Array {
    if (padded && text) throw malformed
    padded = text.includes('=')
    try {
      return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    } catch {
      throw malformed
    }
  }
  for await (const chunk of chunks) {
    const text = rest + new TextDecoder('latin1').decode(chunk).replace(/\s+/g, '')
    const whole = text.length - (text.length % 4)
    rest = text.slice(whole)
    if (whole > 0) yield decode(text.slice(0, whole))
  }
  if (rest) yield decode(rest)
}
