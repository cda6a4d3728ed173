// Uploads files to ComfyUI, and reads outputs from it.
import {
  EngineError,
  type IncomingFile,
  type Scalar,
  type StoredFile,
  type Submission,
} from '../../engine.ts'
import { contentTypeOf } from '../../mediaTypes.ts'
import type { StoredOutput } from '../runRecord.ts'
import { type ComfyClient, NoAnswer, parseJson } from './client.ts'

/** An upload is given up after this time without a byte. */
const IDLE_MS = 30_000

/** The name under which a file is uploaded. */
export const uploadName = (runId: string, index: number, name: string): string =>
  `flowscale-${runId}-${index}-${safeName(name)}`

/** Uploads a file as a stream, and gives its name on ComfyUI. */
export async function putFile(
  client: ComfyClient,
  filename: string,
  file: Pick<IncomingFile, 'body'>,
  signal: AbortSignal,
): Promise<string> {
  const boundary = `flowscale-${crypto.randomUUID()}`
  const part = (name: string, more = ''): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n`
  // The field stands before the file: a server may read the parts in order.
  const head = `${part('type')}\r\ninput\r\n${part('image', `; filename="${filename}"`)}content-type: application/octet-stream\r\n\r\n`
  const idle = new AbortController()
  const wait = (): ReturnType<typeof setTimeout> => setTimeout(() => idle.abort(), IDLE_MS)
  let timer = wait()
  let size = 0
  let refused = false
  const encoder = new TextEncoder()
  // The file between the other bytes of the form, at the pace of the reader.
  const body = file.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start: (controller) => controller.enqueue(encoder.encode(head)),
      transform(chunk, controller) {
        size += chunk.byteLength
        clearTimeout(timer)
        timer = wait()
        controller.enqueue(chunk)
      },
      flush: (controller) => controller.enqueue(encoder.encode(`\r\n--${boundary}--\r\n`)),
    }),
  )
  try {
    const { status, text } = await client.send('/upload/image', {
      method: 'POST',
      body,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      signal: AbortSignal.any([signal, idle.signal]),
      timeoutMs: 2 ** 31 - 1,
    })
    refused = status === 413
    const { name, subfolder } = Object(parseJson(text))
    if (typeof name !== 'string') throw new NoAnswer(`status ${status} for an upload`)
    return subfolder ? `${subfolder}/${name}` : name
  } catch (error) {
    await file.body.cancel().catch(() => {})
    signal.throwIfAborted()
    const features = await client.read('/features').catch(() => undefined)
    const limit: unknown = Object(features).max_upload_size
    // A server may hang up on a file that is too large, without an answer.
    if (refused || (typeof limit === 'number' && size > limit)) {
      const most = typeof limit === 'number' ? `the ${limit} bytes that ComfyUI takes` : 'ComfyUI takes'
      throw new EngineError(413, `The upload is larger than ${most}`)
    }
    throw error instanceof NoAnswer ? error : new NoAnswer('an upload stalled')
  } finally {
    clearTimeout(timer)
  }
}

/** The end of a file's name, in characters that every system allows. */
function safeName(name: string): string {
  const last = name.replace(/^[\s\S]*[\\/]/, '').replace(/[^A-Za-z0-9._-]+/g, '_')
  return last.replace(/^\.+/, '').slice(-60) || 'file'
}

const REQUEST_HEADERS = ['range', 'if-none-match', 'if-modified-since']
const RESPONSE_HEADERS = ['content-range', 'etag', 'last-modified', 'accept-ranges']

/** Gives an output that is a text. */
export function readText({ name, text }: Pick<StoredOutput, 'name' | 'text'>): Response {
  const bytes = new TextEncoder().encode(text)
  const headers = { 'content-type': contentTypeOf(name), 'content-length': String(bytes.byteLength) }
  return new Response(bytes, { headers })
}

/** Gives a file of a run as a stream; `undefined` if ComfyUI no longer has the file. */
export async function readOutput(
  client: ComfyClient,
  { name, at, text }: StoredOutput,
  asked: Headers,
  signal: AbortSignal,
): Promise<Response | undefined> {
  if (!at) return readText({ name, text })
  const type = { 'content-type': contentTypeOf(name) }
  const path = `/view?${new URLSearchParams({ ...at })}`
  const headers: Record<string, string> = { 'accept-encoding': 'identity', ...pick(asked, REQUEST_HEADERS) }
  const version = asked.get('if-range')
  if (headers.range !== undefined && version !== null) {
    // ComfyUI ignores `if-range`: it would give a part of another file than the caller began with.
    const now = await client.open(path, { method: 'HEAD', signal })
    if (![now.headers.get('etag'), now.headers.get('last-modified')].includes(version)) delete headers.range
  }
  const { status, body, headers: answered } = await client.open(path, { headers, signal })
  if (status === 200 || status === 206) {
    const more = pick(answered, ['content-length', ...RESPONSE_HEADERS])
    return new Response(body, { status, headers: { ...more, ...type } })
  }
  await body?.cancel()
  if (status === 404) return undefined
  if (status !== 304 && status !== 416) throw new NoAnswer(`status ${status} for a file`)
  return new Response(null, { status, headers: { ...pick(answered, RESPONSE_HEADERS), ...type } })
}

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)!]] : [])))
}

/** A file that was uploaded. Its name is its value in a graph. */
export interface Upload {
  readonly name: string
}

const graphValueOf = (value: Scalar | StoredFile): Scalar =>
  typeof value === 'object' ? (value as Upload).name : value

/** The values of a submission as a graph has them. */
export function valuesOf(given: Submission['values']): Record<string, Scalar | Scalar[]> {
  const entries = Object.entries<Submission['values'][string]>(given)
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(graphValueOf) : graphValueOf(value as Scalar | StoredFile),
    ]),
  )
}
