import type { StoredOutput } from '../records/types.ts'
import type { Server } from '../server/createServer.ts'
import { NoAnswer } from '../server/NoAnswer.ts'
import { contentTypeOf } from './contentTypeOf.ts'

const ASKED = ['range', 'if-none-match', 'if-modified-since']
const TOLD = ['content-range', 'etag', 'last-modified', 'accept-ranges']

/** A file of a run as a stream; `undefined` where ComfyUI has it no more. */
export async function readOutput(
  server: Server,
  { name, at, text }: StoredOutput,
  asked: Headers,
  signal: AbortSignal,
): Promise<Response | undefined> {
  const type = contentTypeOf(name)
  if (!at) {
    const bytes = new TextEncoder().encode(text)
    return new Response(bytes, {
      headers: { 'content-type': type, 'content-length': String(bytes.byteLength) },
    })
  }
  const path = `/view?${new URLSearchParams({ filename: at.filename, subfolder: at.subfolder, type: at.type })}`
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  for (const header of ASKED) if (asked.has(header)) headers[header] = asked.get(header)!
  if (headers.range !== undefined && asked.has('if-range') && !(await isSame(asked.get('if-range')!))) {
    delete headers.range
  }
  const response = await server.open(path, { headers, signal })
  const { status } = response
  if (status === 404) {
    await response.body?.cancel()
    return undefined
  }
  if (![200, 206, 304, 416].includes(status)) {
    await response.body?.cancel()
    throw new NoAnswer(`status ${status} for a file`, true)
  }
  const told = new Headers({ 'content-type': type })
  const whole = status === 200 || status === 206
  for (const header of whole ? ['content-length', ...TOLD] : TOLD) {
    if (response.headers.has(header)) told.set(header, response.headers.get(header)!)
  }
  if (!whole) await response.body?.cancel()
  return new Response(whole ? response.body : null, { status, headers: told })

  /** ComfyUI gives a part even of another file than the caller began with. */
  async function isSame(version: string): Promise<boolean> {
    const response = await server.open(path, { method: 'HEAD', signal })
    return version === response.headers.get('etag') || version === response.headers.get('last-modified')
  }
}
