// Signs and checks the links to files, and serves a file of a link.
import { sameText } from './access.ts'
import type { ApiRequest, LinkContext } from './types.ts'

/** A fresh signed URL of an output file. The signature does not cover the origin. */
export async function linkTo(
  { api, filesUrl }: LinkContext,
  runId: string,
  filename: string,
): Promise<string> {
  const pathname = `/generations/${encodeURIComponent(runId)}/${encodeURIComponent(filename)}`
  const expires = String(Math.ceil(Date.now() + api.urlTtlMs))
  const signature = await api.sign(`${pathname}\n${expires}`)
  return `${filesUrl}${pathname}?expires=${expires}&signature=${signature}`
}

const PASSED = ['range', 'if-none-match', 'if-modified-since', 'if-range']

/** The headers of a request that go to the engine, or to the S3 that has the file. */
export const passedOf = ({ headers }: Pick<Request, 'headers'>): Headers =>
  new Headers([...headers].filter(([name]) => PASSED.includes(name)))

/** Answers a signed link as S3 does. */
export async function serveFile({ api, request, url, query, files, apiUrl }: ApiRequest): Promise<Response> {
  const isHead = request.method === 'HEAD'
  const refuse = (status: number, code: string, message: string, details = ''): Response => {
    const start = '<?xml version="1.0" encoding="UTF-8"?>\n'
    const body = `${start}<Error><Code>${code}</Code><Message>${message}</Message>${details}</Error>`
    return new Response(isHead ? null : body, { status, headers: { 'content-type': 'application/xml' } })
  }
  // On one origin with the API, a proxy may need a password in these headers.
  if (files && (request.headers.has('x-api-key') || request.headers.has('authorization'))) {
    const hint = apiUrl ? `. The API is at ${apiUrl}` : ''
    const message = `A signed link takes no X-API-KEY and no Authorization header${hint}`
    return refuse(400, 'InvalidArgument', message)
  }
  if (request.method !== 'GET' && !isHead) {
    const response = refuse(405, 'MethodNotAllowed', 'The specified method is not allowed here')
    response.headers.set('allow', 'GET, HEAD')
    return response
  }
  const expires = query.get('expires')
  const signature = query.get('signature')
  if (!expires || !signature) return refuse(403, 'AccessDenied', 'Access Denied')
  if (!sameText(signature, await api.sign(`${url.pathname}\n${expires}`))) {
    return refuse(403, 'SignatureDoesNotMatch', 'The signature does not match the link')
  }
  const now = Date.now()
  if (now > Number(expires)) {
    const times = `<Expires>${iso(Number(expires))}</Expires><ServerTime>${iso(now)}</ServerTime>`
    return refuse(403, 'AccessDenied', 'Request has expired', times)
  }
  // The signature proves that the path can be decoded.
  const [, , runId = '', filename = ''] = url.pathname.split('/').map(decodeURIComponent)
  const file = await api.engine.readOutput(runId, filename, passedOf(request), request.signal)
  if (!file) return refuse(404, 'NoSuchKey', 'The specified key does not exist')
  const link = isHead || runsCode(file) ? null : file.headers.get('location')
  if (isHead || link) await file.body?.cancel()
  if (link) return new Response(null, { status: 302, headers: { location: link } })
  return makeSafe(file, isHead ? null : file.body)
}

/** Whether a browser may run what is in such a file. It is not opened elsewhere, where nothing forbids that. */
const runsCode = ({ headers }: Response): boolean => /svg|html|xml/i.test(headers.get('content-type') ?? '')

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** A file may come from anybody: a browser that opens it must run no code in it. */
function makeSafe(file: Response, body: Response['body']): Response {
  const headers = new Headers(file.headers)
  headers.set('x-content-type-options', 'nosniff')
  headers.set('content-security-policy', 'sandbox')
  headers.delete('location')
  if (runsCode(file)) headers.set('content-disposition', 'attachment')
  return new Response(body, { status: file.status, headers })
}

/** Signs download links by HMAC. The key is derived from the secret, since the secret may be the API key. */
export function createSign(secret: string | (() => Promise<string>)): (text: string) => Promise<string> {
  // The value, not a promise: on Workers no request may wait for the work of another.
  let key: CryptoKey | undefined
  return async (text) => {
    if (!key) {
      const known = typeof secret === 'string' ? secret : await secret()
      key = await importKey(await hmac(await importKey(encode('flowscale download links 1')), known))
    }
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
