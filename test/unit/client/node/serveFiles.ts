// A pod whose outputs lie at another origin, which serves each file as its query says: see `Script`.
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { listen } from '../../../support/listen.ts'

/** How a file is served. All are texts of a query. */
export interface Script {
  /** Names the case: its requests are kept apart. */
  id: string
  size?: number
  /** Where the connection breaks, in bytes of one answer. */
  cut?: number
  /** How many answers break off. Default 1. */
  cuts?: number
  /** Sends nothing more from here on instead. */
  stall?: 1
  ranges?: 'no' | 'wrong' | 'refused' | 'longer'
  /** `moved`: it is of another version after the first answer. */
  etag?: 'strong' | 'weak' | 'none' | 'moved'
  modified?: 'old' | 'now'
  /** The file is another one after the first answer; servers that know `If-Range` see that. */
  change?: 1
  /** Does not know `If-Range`. */
  deaf?: 1
  gzip?: 1
  chunked?: 1
  /** From this answer on a link of `sig=old` is refused. */
  expires?: number
  unasked206?: 1
  /** Is refused with its own address in the answer, as it is and decoded. */
  echo?: 1
  /** Pauses between pieces, in ms. */
  slowMs?: number
}

export interface Seen {
  method: string
  headers: Record<string, string | undefined>
  status: number
  sent: number
}

export interface Sent {
  filename: string
  type: string
  bytes: number
  hash: string
}

/** The same bytes in each process; `version` makes others. */
export function bytesOf(size: number, version = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 9) + version * 7) & 255
  return bytes
}

const pieceBytes = 65_536

export async function serveFiles() {
  const seen = new Map<string, Seen[]>()
  const links = new Map<string, string[]>()
  let lastSent: Sent | undefined

  const files = await listen((request, response) => serve(request, response))
  const api = await listen(async (request, response) => {
    const url = new URL(request.url!, 'http://pod')
    const json = (value: unknown) => response.end(JSON.stringify(value))
    if (url.pathname === '/seen') return json(seen.get(url.searchParams.get('id')!) ?? [])
    if (url.pathname === '/sent') return json(lastSent)
    if (url.pathname === '/link') {
      links.set(url.searchParams.get('filename')!, url.searchParams.getAll('url'))
      return json({})
    }
    // A link whose answer is a redirect to where the file lies.
    if (url.pathname === '/moved') {
      note(url.searchParams.get('id')!, request, 302)
      return response.writeHead(302, { location: `${files.url}/file.png${url.search}` }).end()
    }
    if (url.pathname === '/api/v1/runs/output') {
      const [link, ...more] = links.get(url.searchParams.get('filename')!) ?? []
      if (more.length) links.set(url.searchParams.get('filename')!, more)
      return json({ status: 'success', data: { download_url: link, generation_status: 'completed' } })
    }
    if (url.pathname === '/api/v1/runs' && request.method === 'POST') {
      lastSent = await readPart(request).catch(() => undefined)
      return json({ status: 'success', data: { run_id: 'r1', output_names: [], node_errors: {}, number: 1 } })
    }
    return response.writeHead(404).end()
  })

  function note(id: string, request: IncomingMessage, status: number): Seen {
    const entry: Seen = {
      method: request.method!,
      headers: request.headers as Seen['headers'],
      status,
      sent: 0,
    }
    seen.set(id, [...(seen.get(id) ?? []), entry])
    return entry
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(request.url!, 'http://files')
    const script = Object.fromEntries(searchParams) as Record<keyof Script | 'sig', string | undefined>
    const before = seen.get(script.id!)?.length ?? 0
    const entry = note(script.id!, request, 200)
    const refuse = (status: number) => {
      entry.status = status
      response.writeHead(status).end()
    }
    if (script.echo) {
      entry.status = 404
      response.writeHead(404).end(`No ${request.url}, ${decodeURIComponent(request.url!)}`)
      return
    }
    if (script.sig === 'old' && before + 1 >= Number(script.expires ?? 99)) return refuse(403)
    const version = script.change && before > 0 ? 1 : 0
    const size = Number(script.size ?? 1_000_000)
    let body: Uint8Array = bytesOf(size, version)
    if (script.gzip) body = gzipSync(body)
    const tag = version || (script.etag === 'moved' && before > 0) ? 'two' : 'one'
    const etag = script.etag === 'none' ? undefined : script.etag === 'weak' ? `W/"${tag}"` : `"${tag}"`
    const hour = version ? '02' : '01'
    const modified =
      script.modified === 'now'
        ? new Date().toUTCString()
        : script.modified
          ? `Thu, 01 Jan 2026 ${hour}:00:00 GMT`
          : undefined
    const headers: Record<string, string> = {
      ...(etag && { etag }),
      ...(modified && { 'last-modified': modified }),
      ...(script.gzip && { 'content-encoding': 'gzip' }),
    }
    let status = 200
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? []
    const condition = request.headers['if-range']
    const isSame = script.deaf || !condition || condition === etag || condition === modified
    if (from && script.ranges === 'refused') return refuse(416)
    if (from && script.ranges !== 'no' && isSame) {
      const start = script.ranges === 'wrong' ? 0 : Number(from)
      if (start >= body.length) return refuse(416)
      status = 206
      headers['content-range'] = `bytes ${start}-${body.length - 1}/${body.length}`
      body = body.subarray(start)
      if (script.ranges === 'longer') body = new Uint8Array([...body, ...body])
    }
    if (script.unasked206) {
      status = 206
      headers['content-range'] = `bytes 0-99/${body.length}`
      body = body.subarray(0, 100)
    }
    if (!script.chunked) headers['content-length'] = `${body.length}`
    entry.status = status
    response.writeHead(status, headers)
    const isCut = script.cut !== undefined && before < Number(script.cuts ?? 1)
    const end = isCut ? Math.min(Number(script.cut), body.length) : body.length
    for (let at = 0; at < end && !response.destroyed; at += pieceBytes) {
      const piece = body.subarray(at, Math.min(at + pieceBytes, end))
      await new Promise((done) => response.write(piece, done))
      entry.sent += piece.length
      if (script.slowMs) await new Promise((done) => setTimeout(done, Number(script.slowMs)))
    }
    if (!isCut) return void response.end()
    // Bun drops what it has not handed on yet when the connection ends, and would begin again.
    await new Promise((done) => setTimeout(done, 200))
    if (!script.stall) response.socket?.destroySoon()
  }

  return {
    api: api.url,
    files: files.url,
    async close() {
      await Promise.all([api.close(), files.close()])
    },
  }
}

/** The one file of a form, without holding it. */
async function readPart(request: IncomingMessage): Promise<Sent> {
  const hash = createHash('sha256')
  let bytes = 0
  let head = ''
  let tail = Buffer.alloc(0)
  for await (const chunk of request as AsyncIterable<Buffer>) {
    tail = Buffer.concat([tail, chunk])
    if (!head) {
      const at = tail.indexOf('\r\n\r\n')
      if (at < 0) continue
      head = tail.subarray(0, at).toString()
      tail = tail.subarray(at + 4)
    }
    const sure = Math.max(tail.length - 300, 0)
    hash.update(tail.subarray(0, sure))
    bytes += sure
    tail = tail.subarray(sure)
  }
  const boundary = head.slice(0, head.indexOf('\r\n'))
  const rest = tail.subarray(0, tail.lastIndexOf(`\r\n${boundary}`))
  hash.update(rest)
  return {
    filename: /filename="([^"]*)"/.exec(head)?.[1] ?? '',
    type: /content-type: *(\S+)/i.exec(head)?.[1] ?? '',
    bytes: bytes + rest.length,
    hash: hash.digest('hex'),
  }
}
