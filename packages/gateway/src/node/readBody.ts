import type { IncomingMessage } from 'node:http'

const AHEAD = 256 * 1024

export interface Body {
  stream: ReadableStream<Uint8Array>
  /** Reads and drops the rest: a client that is still sending would not read its answer. */
  discard(): void
}

/** The body of a request as a web stream, read no faster than the consumer reads. */
export function readBody(incoming: IncomingMessage): Body {
  let over = false
  function discard(): void {
    over = true
    incoming.resume()
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        incoming.on('data', (chunk: Uint8Array) => {
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
