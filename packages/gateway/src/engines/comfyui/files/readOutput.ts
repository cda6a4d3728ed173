import type { Server } from '../../../comfyui/api/client.ts'
import type { StoredOutput } from '../../../comfyui/runRecord.ts'
import { contentTypeOf } from '../../../mediaTypes.ts'
import { NoAnswer } from '../server/NoAnswer.ts'

const ASKED = ['range', 'if-none-match', 'if-modified-since']
const ANSWERED = ['content-range', 'etag', 'last-modified', 'accept-ranges']

/** A file of a run as a stream; `undefined` where ComfyUI has it no more. */
export async function readOutput(
  server: Server,
  { name, at, text }: StoredOutput,
  asked: Headers,
  signal: AbortSignal,
): Promise<Response | undefined> {
  const type = { 'content-type': contentTypeOf(name) }
  if (!at) {
    const bytes = new TextEncoder().encode(text)
    return new Response(bytes, { headers: { ...type, 'content-length': String(bytes.byteLength) } })
  }
  const path = `/view?${new URLSearchParams({ ...at })}`
  const headers: Record<string, string> = { 'accept-encoding': 'identity', ...pick(asked, ASKED) }
  const version = asked.get('if-range')
  if (headers.range !== undefined && version !== null) {
    // ComfyUI gives a part even of another file than the caller began with.
    const now = await server.open(path, { method: 'HEAD', signal })
    if (![now.headers.get('etag'), now.headers.get('last-modified')].includes(version)) delete headers.range
  }
  const { status, body, headers: answered } = await server.open(path, { headers, signal })
  if (status === 200 || status === 206) {
    const more = pick(answered, ['content-length', ...ANSWERED])
    return new Response(body, { status, headers: { ...more, ...type } })
  }
  await body?.cancel()
  if (status === 404) return undefined
  if (status !== 304 && status !== 416) throw new NoAnswer(`status ${status} for a file`, true)
  return new Response(null, { status, headers: { ...pick(answered, ANSWERED), ...type } })
}

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)!]] : [])))
}
