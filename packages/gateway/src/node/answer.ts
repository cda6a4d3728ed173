// Passes requests of node:http to the HTTP API, and its answers back.
//
// No library: @hono/node-server 2.1.9 and srvx 1.0.8 need Node 20, end a broken answer without a reset, send a body of
// unknown length in pieces, and close the connection where a body was read in part, so that a 413 can be lost. Hono's
// also closes the connection if a body goes on for half a second after the answer, so that a 401 can be lost. srvx
// sends the headers of a stream only with the first event.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { brokenBy } from '../http/answers.ts'
import type { HttpApi, Where } from '../http/types.ts'

/** Passes a request of node:http to the HTTP API, and its answer back. Never rejects. */
export async function answer(
  handle: HttpApi['handle'],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  baseUrl: string,
  where: Where,
): Promise<void> {
  const gone = new AbortController()
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort(new Error('The client went away'))
  })
  // A failing socket also closes, which is dealt with above.
  outgoing.on('error', () => {})

  const { url: path = '/', method = 'GET' } = incoming
  const body = method !== 'GET' && method !== 'HEAD' ? toStream(incoming) : null
  try {
    const url = path.startsWith('/') ? baseUrl + path : path
    const { stream = null } = body ?? {}
    const request = { method, url, headers: headersOf(incoming), body: stream, signal: gone.signal }
    await send(await handle(request, where), outgoing, gone.signal)
  } catch (error) {
    if (gone.signal.aborted) return
    const broken = brokenBy(error)
    if (broken === 'ECONNREFUSED') return void incoming.socket.destroy()
    if (broken || outgoing.headersSent) return void incoming.socket.resetAndDestroy()
    const message = error instanceof Error ? error.message : String(error)
    outgoing.writeHead(400, { 'content-type': 'application/json' })
    outgoing.end(JSON.stringify({ detail: message }))
  } finally {
    body?.discard()
  }
}

/** Streams a body of known length, events, and an answer that waits. Any other body is read first and sent whole. */
async function send(response: Response, outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
  const headers: Record<string, string> = Object.fromEntries(response.headers)
  const isStream =
    headers['content-length'] ||
    headers['content-type'] === 'text/event-stream' ||
    headers['x-accel-buffering'] === 'no'
  if (!response.body || !isStream) {
    const bytes = response.body ? new Uint8Array(await response.arrayBuffer()) : null
    if (gone.aborted) return
    if (bytes) headers['content-length'] = String(bytes.byteLength)
    outgoing.writeHead(response.status, headers)
    outgoing.end(bytes ?? undefined)
    return
  }
  if (gone.aborted) return void response.body.cancel()
  outgoing.writeHead(response.status, headers)
  // Each write costs a system call: so the head goes with the first part, if that is ready, and the end with the last part.
  const flushing = setImmediate(() => outgoing.flushHeaders())
  const reader = response.body.getReader()
  let isLast = false
  reader.closed.then(
    () => (isLast = true),
    () => {},
  )
  let goOn = (): void => {}
  gone.addEventListener('abort', () => {
    reader.cancel().catch(() => {})
    goOn()
  })
  for (let part = await reader.read(); !part.done && !gone.aborted; part = await reader.read()) {
    clearImmediate(flushing)
    // A stream may close right after its last part.
    await undefined
    const { value } = part
    if (isLast) return void outgoing.end(value)
    // Don't race with one promise for the whole answer: it would hold the promises of all parts until the end.
    await new Promise<void>((resolve) => {
      goOn = resolve
      outgoing.write(value, () => resolve())
    })
  }
  clearImmediate(flushing)
  outgoing.end()
}

const AHEAD = 256 * 1024

/** The body of a request as a web stream, read no faster than the consumer reads. */
function toStream(incoming: IncomingMessage) {
  let over = false
  /** Reads and drops the rest: a client that is still sending would not read its answer. */
  function discard(): void {
    over = true
    incoming.resume()
  }
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        incoming.on('data', (chunk: Uint8Array<ArrayBuffer>) => {
          if (over) return
          controller.enqueue(chunk)
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause()
        })
        incoming.on('end', () => {
          if (!over) controller.close()
          over = true
        })
        const fail = (): void => {
          if (!over) controller.error(new Error('The client closed the connection'))
          over = true
        }
        incoming.on('error', fail)
        incoming.on('close', fail)
        incoming.pause()
      },
      pull() {
        incoming.resume()
      },
      cancel: discard,
    },
    { highWaterMark: AHEAD, size: (chunk) => chunk.byteLength },
  )
  return { stream, discard }
}

/** The headers of a request. An empty `Host` stands for a missing one, since `keepsOut` lets in a request without any. */
export function headersOf({ rawHeaders, headers: { host } }: IncomingMessage): Headers {
  const headers = new Headers(host === undefined ? { host: '' } : {})
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
  return headers
}
