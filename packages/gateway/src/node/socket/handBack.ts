import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Gives a connection that asked for an upgrade back to the HTTP server, as a request that asks for none; optionally
 * with another path, and a key in the header.
 */
export function handBack(
  server: Server,
  request: IncomingMessage,
  tcp: Socket,
  head: Buffer,
  change?: { path: string; key: string | null },
): void {
  const lines = [`${request.method} ${change?.path ?? request.url} HTTP/1.1`]
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!
    if (/^(upgrade|http2-settings)$/i.test(name) || (change && /^x-api-key$/i.test(name))) continue
    lines.push(`${name}: ${request.rawHeaders[i + 1]}`)
  }
  if (change?.key) lines.push(`X-API-KEY: ${visible(change.key)}`)
  tcp.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', tcp)
}

/** What is no visible ASCII is no valid key, and has no place in a header. */
function visible(key: string): string {
  return /^[\x21-\x7e]+$/.test(key) ? key : encodeURIComponent(key)
}
