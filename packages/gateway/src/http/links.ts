import { sameText } from './access.ts'
import type { HttpApiOptions, Where } from './types.ts'

/** The headers of a request that the engine gets. */
const ASKED = ['range', 'if-none-match', 'if-modified-since', 'if-range']

/** Answers a signed link as S3 does. */
export async function serveFile(api: HttpApiOptions, request: Request, where: Where): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  const head = request.method === 'HEAD'
  // On one origin with the API, a proxy may have asked for either.
  if (where.files && (request.headers.has('x-api-key') || request.headers.has('authorization'))) {
    const api = where.apiUrl ? `. The API is at ${where.apiUrl}` : ''
    const message = `A signed link takes no X-API-KEY and no Authorization header${api}`
    return refuse(head, 400, 'InvalidArgument', message)
  }
  if (request.method !== 'GET' && !head) {
    const answer = refuse(false, 405, 'MethodNotAllowed', 'The specified method is not allowed here')
    answer.headers.set('allow', 'GET, HEAD')
    return answer
  }
  const expires = searchParams.get('expires')
  const signature = searchParams.get('signature')
  if (!expires || !signature) return refuse(head, 403, 'AccessDenied', 'Access Denied')
  if (!sameText(signature, await api.sign(`${pathname}\n${expires}`))) {
    return refuse(head, 403, 'SignatureDoesNotMatch', 'The signature does not match the link')
  }
  const now = Date.now()
  if (now > Number(expires)) {
    const times = `<Expires>${iso(Number(expires))}</Expires><ServerTime>${iso(now)}</ServerTime>`
    return refuse(head, 403, 'AccessDenied', 'Request has expired', times)
  }
  // What is signed here can be decoded.
  const [, , runId = '', filename = ''] = pathname.split('/').map(decodeURIComponent)
  const asked = [...request.headers].filter(([name]) => ASKED.includes(name))
  const file = await api.engine.readOutput(runId, filename, new Headers(asked), request.signal)
  if (!file) return refuse(head, 404, 'NoSuchKey', 'The specified key does not exist')
  if (head) await file.body?.cancel()
  return guard(file, head ? null : file.body)
}

/** A file comes from somebody else: a browser that opens it must run no code in it. */
function guard(file: Response, body: Response['body']): Response {
  const headers = new Headers(file.headers)
  headers.set('x-content-type-options', 'nosniff')
  headers.set('content-security-policy', 'sandbox')
  if (/svg|html|xml/i.test(headers.get('content-type') ?? ''))
    headers.set('content-disposition', 'attachment')
  return new Response(body, { status: file.status, headers })
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function refuse(head: boolean, status: number, code: string, message: string, more = ''): Response {
  const start = '<?xml version="1.0" encoding="UTF-8"?>\n'
  const body = `${start}<Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`
  return new Response(head ? null : body, { status, headers: { 'content-type': 'application/xml' } })
}

/** A fresh signed URL of an output file. The signature does not cover the origin. */
export async function linkTo(
  { sign, urlTtlMs }: HttpApiOptions,
  runId: string,
  filename: string,
  filesUrl: string,
): Promise<string> {
  const pathname = `/generations/${encodeURIComponent(runId)}/${encodeURIComponent(filename)}`
  const expires = String(Math.ceil(Date.now() + urlTtlMs))
  return `${filesUrl}${pathname}?expires=${expires}&signature=${await sign(`${pathname}\n${expires}`)}`
}

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
