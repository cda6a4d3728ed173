import { EngineError, type IncomingFile } from '../../../engine.ts'
import type { Server } from '../server/createServer.ts'
import { NoAnswer } from '../server/NoAnswer.ts'
import { safeName } from './safeName.ts'

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
  let timer = setTimeout(stop, IDLE_MS)
  function stop(): void {
    idle.abort()
  }
  let size = 0
  const count = (chunk: Uint8Array): void => {
    size += chunk.byteLength
    clearTimeout(timer)
    timer = setTimeout(stop, IDLE_MS)
  }
  try {
    const { status, text } = await server.send('/upload/image', {
      method: 'POST',
      body: wrap(head, file.body, `\r\n--${boundary}--\r\n`, count),
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      signal: AbortSignal.any([signal, idle.signal]),
      timeoutMs: 2 ** 31 - 1,
    })
    if (status === 413) throw await tooLarge(server)
    const answer = status === 200 ? (JSON.parse(text) as { name?: unknown; subfolder?: unknown }) : undefined
    if (typeof answer?.name !== 'string') throw new NoAnswer(`status ${status} for an upload`, true)
    return answer.subfolder ? `${answer.subfolder}/${answer.name}` : answer.name
  } catch (error) {
    await file.body.cancel().catch(() => {})
    signal.throwIfAborted()
    if (error instanceof EngineError && !(error instanceof NoAnswer)) throw error
    // A server may hang up where a file is too large, before it says so.
    const limit = await readLimit(server).catch(() => undefined)
    if (limit !== undefined && size > limit) throw await tooLarge(server)
    throw error instanceof NoAnswer ? error : new NoAnswer('an upload was not taken', true)
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

async function tooLarge(server: Server): Promise<EngineError> {
  const limit = await readLimit(server).catch(() => undefined)
  const told = limit === undefined ? 'ComfyUI takes' : `the ${limit} bytes that ComfyUI takes`
  return new EngineError(413, `The upload is larger than ${told}`)
}

async function readLimit(server: Server): Promise<number | undefined> {
  const { max_upload_size: size } = (await server.read('/features')) as { max_upload_size?: unknown }
  return typeof size === 'number' ? size : undefined
}
