import type { IncomingMessage } from 'node:http'
import { type Reply, text } from './replies.ts'

/** Thrown for a body above the limit. */
export class TooBig extends Error {
  readonly reply: Reply

  constructor(limit: number, size: number) {
    super('too big')
    this.reply = text(413, `Maximum request body size ${limit} exceeded, actual body size ${size}`)
  }
}

/** Reads a body to its end, or throws as soon as it is above the limit. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) {
      request.resume()
      throw new TooBig(limit, size)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
