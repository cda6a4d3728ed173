import { listen } from '../../support/listen.ts'
import { readBody, readParts, type WirePart } from '../../support/multipart.ts'

/** One request, as a server decodes it. */
export interface Received {
  query: [string, string][]
  /** The form by the runtime's own parser. */
  decoded: [name: string, value: string | File][]
  /** The form taken apart by hand. */
  raw: WirePart[]
  /** The form as it came, but for its boundary. */
  whole: string
  /** Its length, as the headers say. */
  length: string | undefined
  /** All but the headers. */
  sent: string
}

/** A form with a word for its boundary, to compare it with another one. */
export const withoutBoundary = (body: Buffer, contentType: string): string =>
  body.toString('latin1').replaceAll(contentType.split('boundary=')[1]!, 'BOUNDARY')

/** A server that keeps what it decodes. */
export async function formServer() {
  const received: Received[] = []
  const server = await listen(async (request, response) => {
    try {
      const body = await readBody(request)
      const { 'content-type': type = '', 'content-length': length } = request.headers
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
      received.push({
        query: [...new URL(request.url!, 'http://a').searchParams],
        decoded: [...form] as Received['decoded'],
        raw: readParts(body, type),
        whole: withoutBoundary(body, type),
        length,
        sent: request.url! + body.toString('latin1'),
      })
      response.end('{"status":"success","data":{"run_id":"r"}}')
    } catch (error) {
      response.writeHead(400).end(JSON.stringify({ detail: `the form can't be read: ${error}` }))
    }
  })
  return { ...server, received }
}
