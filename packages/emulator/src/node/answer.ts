import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Emulator, Where } from '../types.ts'
import { readBody } from './readBody.ts'

/** Passes a request of node:http to the emulator, and its answer back. Never rejects. */
export async function answer(
  emulator: Emulator,
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

  const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD'
  const body = hasBody ? readBody(incoming) : null
  try {
    const response = await emulator.handle(
      toRequest(incoming, baseUrl, body?.stream ?? null, gone.signal),
      where,
    )
    const bytes = response.body ? new Uint8Array(await response.arrayBuffer()) : null
    if (gone.signal.aborted) return
    const headers: Record<string, string> = Object.fromEntries(response.headers)
    if (bytes) headers['content-length'] = String(bytes.byteLength)
    outgoing.writeHead(response.status, headers)
    outgoing.end(bytes ?? undefined)
  } catch (error) {
    if (gone.signal.aborted) return
    const message = error instanceof Error ? error.message : String(error)
    outgoing.writeHead(400, { 'content-type': 'application/json' })
    outgoing.end(JSON.stringify({ detail: message }))
  } finally {
    body?.discard()
  }
}

function toRequest(
  incoming: IncomingMessage,
  baseUrl: string,
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): Request {
  const path = incoming.url ?? '/'
  const headers = new Headers()
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!)
  }
  const init = { method: incoming.method ?? 'GET', headers, body, signal, duplex: 'half' }
  return new Request(path.startsWith('/') ? baseUrl + path : path, init as RequestInit)
}
