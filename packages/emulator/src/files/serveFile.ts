import { sign } from '../internal/sign.ts'
import { countOne } from '../pod/createLedger.ts'
import type { Pod } from '../pod/types.ts'

/** The files origin: answers as S3 does, and refuses requests that carry a key. */
export function serveFile(pod: Pod, request: Request): Response {
  const { pathname, searchParams } = new URL(request.url)
  const head = request.method === 'HEAD'
  if (request.headers.has('x-api-key') || request.headers.has('authorization')) {
    pod.stats.keysRefusedAtFiles++
    return refuse(
      head,
      400,
      'InvalidArgument',
      'A signed link takes no X-API-KEY and no Authorization header',
    )
  }
  if (request.method !== 'GET' && !head) {
    const answer = refuse(false, 405, 'MethodNotAllowed', 'The specified method is not allowed here')
    answer.headers.set('allow', 'GET, HEAD')
    return answer
  }
  const expires = searchParams.get('expires')
  const signature = searchParams.get('signature')
  if (!expires || !signature) return refuse(head, 403, 'AccessDenied', 'Access Denied')
  if (signature !== sign(pod.settings.seed, pathname, expires)) {
    return refuse(head, 403, 'SignatureDoesNotMatch', 'The signature does not match the link')
  }
  const now = Date.now()
  if (now > Number(expires)) {
    const times = `<Expires>${iso(Number(expires))}</Expires><ServerTime>${iso(now)}</ServerTime>`
    return refuse(head, 403, 'AccessDenied', 'Request has expired', times)
  }
  const [, , runId = '', filename = ''] = pathname.split('/')
  const file = pod.runs.get(runId)?.outputs.find((output) => output.file?.filename === filename)?.file
  if (!file) return refuse(head, 404, 'NoSuchKey', 'The specified key does not exist')
  if (!head) countOne(pod.ledger.results, runId)
  const headers = { 'content-type': file.type, 'content-length': String(file.data.byteLength) }
  return new Response(head ? null : (file.data as Uint8Array<ArrayBuffer>), { status: 200, headers })
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function refuse(head: boolean, status: number, code: string, message: string, more = ''): Response {
  const start = '<?xml version="1.0" encoding="UTF-8"?>\n'
  const body = `${start}<Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`
  return new Response(head ? null : body, { status, headers: { 'content-type': 'application/xml' } })
}
