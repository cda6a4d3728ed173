/**
 * Signs download links: an HMAC by a key that is derived from the secret, so that a secret which is also the API key is
 * used for nothing else.
 */
export function createSign(secret: string): (text: string) => Promise<string> {
  // The value, not a promise: on Workers no request may wait for the work of another.
  let key: CryptoKey | undefined
  return async (text) => {
    key ??= await importKey(await hmac(await importKey(encode('flowscale download links 1')), secret))
    const bytes = await hmac(key, text)
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }
}

async function hmac(key: CryptoKey, text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, encode(text)))
}

function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
