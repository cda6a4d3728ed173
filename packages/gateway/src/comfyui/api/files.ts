import type { IncomingFile } from '../../engine.ts'
import { EngineError } from '../../engineErrors.ts'
import { NoAnswer } from '../../engines/comfyui/server/NoAnswer.ts'
import { parseJson } from '../../engines/comfyui/server/parseJson.ts'
import type { Server } from './client.ts'

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
  const wait = (): ReturnType<typeof setTimeout> => setTimeout(() => idle.abort(), IDLE_MS)
  let timer = wait()
  let size = 0
  let refused = false
  const encoder = new TextEncoder()
  // The parts around the file, piece by piece, as fast as they are read.
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
    const { status, text } = await server.send('/upload/image', {
      method: 'POST',
      body,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      signal: AbortSignal.any([signal, idle.signal]),
      timeoutMs: 2 ** 31 - 1,
    })
    refused = status === 413
    const { name, subfolder } = Object(parseJson(text))
    if (typeof name !== 'string') throw new NoAnswer(`status ${status} for an upload`, true)
    return subfolder ? `${subfolder}/${name}` : name
  } catch (error) {
    await file.body.cancel().catch(() => {})
    signal.throwIfAborted()
    const features = await server.read('/features').catch(() => undefined)
    const limit: unknown = Object(features).max_upload_size
    // A server may hang up where a file is too large, before it says so.
    if (refused || (typeof limit === 'number' && size > limit)) {
      const most = typeof limit === 'number' ? `the ${limit} bytes that ComfyUI takes` : 'ComfyUI takes'
      throw new EngineError(413, `The upload is larger than ${most}`)
    }
    throw error instanceof NoAnswer ? error : new NoAnswer('an upload stalled', true)
  } finally {
    clearTimeout(timer)
  }
}

/** What may be in a file's name on any system, with its ending. */
function safeName(name: string): string {
  const last = name.replace(/^[\s\S]*[\\/]/, '').replace(/[^A-Za-z0-9._-]+/g, '_')
  return last.replace(/^\.+/, '').slice(-60) || 'file'
}
