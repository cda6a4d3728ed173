import type { IncomingMessage } from 'node:http'

/** One part of a form, as it was on the wire. */
export interface WirePart {
  name: string
  filename?: string
  type?: string
  bytes: Buffer
  text: string
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Takes a multipart body apart, with none of the code that made it. */
export function readParts(body: Buffer, contentType: string | undefined): WirePart[] {
  const boundary = /boundary=(.+)$/.exec(contentType ?? '')?.[1]
  if (!boundary) throw new Error(`not a form: ${contentType}`)
  const pieces = body.toString('latin1').split(`--${boundary}`)
  if (!pieces.at(-1)?.startsWith('--')) throw new Error('the form has no end')
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf('\r\n\r\n')
    const head = Buffer.from(piece.slice(0, end), 'latin1').toString('utf8')
    const bytes = Buffer.from(piece.slice(end + 4, -2), 'latin1')
    const filename = / filename="([^"]*)"/.exec(head)?.[1]
    const type = /content-type: *(.+)/i.exec(head)?.[1]
    return {
      name: / name="([^"]*)"/.exec(head)?.[1] ?? '',
      ...(filename !== undefined && { filename }),
      ...(type !== undefined && { type: type.trim() }),
      bytes,
      text: bytes.toString('utf8'),
    }
  })
}
