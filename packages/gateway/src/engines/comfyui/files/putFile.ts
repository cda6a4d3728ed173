import type { IncomingFile } from '../../../engine.ts'
import { EngineError } from '../../../engineErrors.ts'
import type { Server } from '../server/createServer.ts'
import { NoAnswer } from '../server/NoAnswer.ts'
import { parseJson } from '../server/parseJson.ts'

/** An upload in which nothing moves for as long is given up. */
const IDLE_MS = 30_000

/** Uploads a file as a stream, and gives the name that ComfyUI gave it. */
export async function putFile(
  server: Server,
  prefix: string,
  file: IncomingFile,
  signal: AbortSignal,
): Promise<string> {
  const boundary = `flowscale-${crypto.randomUUID()}`
  const part = (name: string, more = ''): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n`
  const filename = `${prefix}-${safeName(file.name)}`
  // The field before the file: a server may read them in turn.
  const head = `${part('type')}\r\ninput\r\n${part('image', `; filename="${filename}"`)}content-type: application/octet-stream\r\n\r\n`
  const idle = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let size = 0
  let refused = false
  const count = (chunk?: Uint8Array): void => {
    size += chunk?.byteLength ?? 0
    clearTimeout(timer)
    timer = setTimeout(() => idle.abort(), IDLE_MS)
  }
  count()
  try {
    const { status, text } = await server.send('/upload/image', {
      method: 'POST',
      body: wrap(head, file.body, `\r\n--${boundary}--\r\n`, count),
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      signal: AbortSignal.any([signal, idle.signal]),
      timeoutMs: 2 ** 31 - 1,
    })
    refused = status === 413
    const { name, subfolder } = (parseJson(text) ?? {}) as { name?: unknown; subfolder?: unknown }
    if (typeof name !== 'string') throw new NoAnswer(`status ${status} for an upload`, true)
    return subfolder ? `${subfolder}/${name}` : name
  } catch (error) {
    await file.body.cancel().catch(() => {})
    signal.throwIfAborted()
    const limit = await readLimit(server)
    // A server may hang up where a file is too large, before it says so.
    if (!refused && !(size > limit)) {
      throw error instanceof NoAnswer ? error : new NoAnswer('an upload stood still', true)
    }
    const told = Number.isNaN(limit) ? 'ComfyUI takes' : `the ${limit} bytes that ComfyUI takes`
    throw new EngineError(413, `The upload is larger than ${told}`)
  } finally {
    clearTimeout(timer)
  }
}

/** The parts around a stream, piece by piece, as fast as they are read. */
function wrap(
  head: string,
  body: ReadableStream<Uint8Array>,
  tail: string,
  count: (chunk: Uint8Array) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start: (controller) => controller.enqueue(encoder.encode(head)),
      transform(chunk, controller) {
        count(chunk)
        controller.enqueue(chunk)
      },
      flush: (controller) => controller.enqueue(encoder.encode(tail)),
    }),
  )
}

/** NaN where the server does not tell. */
async function readLimit(server: Server): Promise<number> {
  try {
    return Number(((await server.read('/features')) as { max_upload_size?: unknown }).max_upload_size)
  } catch {
    return Number.NaN
  }
}

/** What may be in a file's name on any system, with its ending. */
function safeName(name: string): string {
  const last = name.replace(/^[\s\S]*[\\/]/, '')
  return (
    last
      .replace(/[^A-Za-z0-9._-]+/g, '_')
      .replace(/^\.+/, '')
      .slice(-60) || 'file'
  )
}
