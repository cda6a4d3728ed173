/** What a `data:` URL holds, or `null` where it is malformed. */
export function decodeDataUrl(url: string): { type: string; data: Uint8Array } | null {
  const comma = url.indexOf(',')
  if (!/^data:/i.test(url) || comma < 0) return null
  const header = url.slice(5, comma)
  const base64 = /;\s*base64\s*$/i.test(header)
  const type = header.replace(/;\s*base64\s*$/i, '').trim() || 'text/plain'
  const body = percentDecode(url.slice(comma + 1))
  if (!base64) return { type, data: body }
  try {
    const text = atob(latin1(body).replace(/\s+/g, ''))
    return { type, data: Uint8Array.from(text, (character) => character.charCodeAt(0)) }
  } catch {
    return null
  }
}

function percentDecode(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  if (!text.includes('%')) return bytes
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const pair = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : ''
    const hex = /^[0-9a-f]{2}$/i.test(pair)
    bytes[length++] = hex ? Number.parseInt(pair, 16) : bytes[i]!
    if (hex) i += 2
  }
  return bytes.subarray(0, length)
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}
