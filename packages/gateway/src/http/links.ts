// Signs and checks the links to files and previews, and serves what a link opens.
import { createLruCache } from '../lruCache.ts'
import { hmac, toHex, toHmacKey } from '../runtime.ts'
import { sameText } from './access.ts'
import { failure } from './answers.ts'
import type { ApiRequest, HttpApiOptions, LinkContext, RunningApi } from './types.ts'

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

const MINUTE_MS = 60_000
/** A file and a picture may come from anybody: a browser that opens one must run no code in it. */
const SAFE = { 'x-content-type-options': 'nosniff', 'content-security-policy': 'sandbox' }

// No path of a file is such a text.
const previewText = (...parts: readonly (string | number)[]): string => ['preview', ...parts].join('\n')

/** Makes the links to the pictures of runs. All that follow a run share one signature. */
export function createPreviewLinks(sign: HttpApiOptions['sign']): RunningApi['previewOf'] {
  const links = createLruCache<ReturnType<RunningApi['previewOf']>>(1_000)
  return ({ id, preview }) => {
    if (preview === undefined) return undefined
    // By the minute: a page would load a picture again under each other address.
    const expires = (Math.floor(Date.now() / MINUTE_MS) + 5) * MINUTE_MS
    const text = previewText(id, preview, expires)
    const known = links.get(text)
    if (known) return known
    const toLink = (signature: string): string =>
      `/api/v1/runs/${encodeURIComponent(id)}/preview?number=${preview}&expires=${expires}&signature=${signature}`
    const signature = sign(text)
    if (typeof signature === 'string') return toLink(signature)
    // Without its secret, a state has no link.
    const link = signature.then(toLink, () => undefined)
    links.set(text, link)
    void link.then((made) => links.set(text, made))
    return link
  }
}

/** Answers a signed link with the latest picture of a run. */
export async function getPreview({ api, id, query }: ApiRequest): Promise<Response> {
  const [number, expires, signature] = ['number', 'expires', 'signature'].map((name) => query.get(name)!)
  const isSigned = sameText(signature!, await api.sign(previewText(id, number!, expires!)))
  if (!isSigned || Date.now() > Number(expires))
    return failure(api.dialect, 403, 'The signature of the preview is wrong, or has expired')
  const preview = await api.engine.readPreview?.(id)
  if (!preview) return failure(api.dialect, 404, 'The run has no preview')
  const headers = { ...SAFE, 'content-type': preview.type, 'cache-control': 'no-store' }
  return new Response(preview.data as Uint8Array<ArrayBuffer>, { headers })
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
    return new Response(body, { status, headers: { 'content-type': 'application/xml' } })
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
  if (link) {
    await file.body?.cancel()
    return new Response(null, { status: 302, headers: { location: link } })
  }
  const headers = new Headers(file.headers)
  for (const [name, value] of Object.entries(SAFE)) headers.set(name, value)
  headers.delete('location')
  if (runsCode(file)) headers.set('content-disposition', 'attachment')
  return new Response(file.body, { status: file.status, headers })
}

/** Whether a browser may run what is in such a file. It is not opened elsewhere, where nothing forbids that. */
const runsCode = ({ headers }: Response): boolean => /svg|html|xml/i.test(headers.get('content-type') ?? '')

const iso = (ms: number): string => new Date(ms).toISOString()

/** Signs download links by HMAC. The key is derived from the secret, since the secret may be the API key. */
export function createSign(secret: string | (() => Promise<string>)): (text: string) => Promise<string> {
  // The value, not a promise: on Workers no request may wait for the work of another.
  let key: CryptoKey | undefined
  return async (text) => {
    if (!key) {
      const known = typeof secret === 'string' ? secret : await secret()
      const purpose = await toHmacKey(new TextEncoder().encode('flowscale download links 1'))
      key = await toHmacKey(await hmac(purpose, known))
    }
    return toHex(await hmac(key, text))
  }
}
