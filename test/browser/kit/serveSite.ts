import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { readBody } from '../../support/multipart.ts'

/** Each by its path: its type, and its text at the time it is asked for. */
export type Files = Record<string, readonly [type: string, text: () => string]>

/**
 * Serves a page, and hands the rest to a handler as a framework does: an answer goes out piece by piece, and a reader who
 * leaves ends the request.
 */
export async function serveSite(files: Files, handler: (request: Request) => Promise<Response>) {
  let open = 0
  const server = createServer(async (incoming, outgoing) => {
    const { pathname, href } = new URL(incoming.url!, 'http://127.0.0.1')
    const file = files[pathname]
    if (file) {
      outgoing.setHeader('content-type', file[0]).end(file[1]())
      return
    }
    open++
    const left = new AbortController()
    outgoing.on('close', () => {
      open--
      left.abort()
    })
    const request = new Request(href, {
      method: incoming.method!,
      headers: incoming.headers as Record<string, string>,
      signal: left.signal,
      ...(incoming.method === 'POST' && { body: new Uint8Array(await readBody(incoming)) }),
    })
    const answer = await handler(request).catch((error) => new Response(String(error), { status: 500 }))
    if (outgoing.destroyed) {
      await answer.body?.cancel()
      return
    }
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
    outgoing.flushHeaders()
    if (!answer.body) {
      outgoing.end()
      return
    }
    const body = Readable.fromWeb(answer.body as never)
    body.on('error', () => outgoing.destroy())
    outgoing.on('close', () => body.destroy())
    body.pipe(outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    /** How many requests are not answered to the end. */
    open: () => open,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
