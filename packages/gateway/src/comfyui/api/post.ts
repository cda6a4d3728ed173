// Sends a POST over a connection of its own, on Node.

/**
 * Sends a POST once, and follows no redirect. A kept connection may be closed by the time of the POST, which would then
 * look as if it had been sent. Without an agent, Node opens a new one, and repeats nothing.
 */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Response> {
  // `node:http` or `node:https`. Bundlers for other runtimes must not look for them.
  const node: typeof import('node:http') = await import(`node:${url.split(':', 1)[0]}`)
  return await new Promise((resolve, reject) => {
    const length = String(new TextEncoder().encode(body).byteLength)
    const request = node.request(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-length': length },
      signal,
    })
    request.on('error', reject)
    request.on('response', (incoming) => {
      const parts: Uint8Array<ArrayBuffer>[] = []
      incoming.on('data', (part) => parts.push(part))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const { statusCode: status = 0 } = incoming
        const isEmpty = [204, 205, 304].includes(status)
        resolve(new Response(isEmpty ? null : new Blob(parts), { status }))
      })
    })
    // Head and body go in one write.
    request.end(body)
  })
}
