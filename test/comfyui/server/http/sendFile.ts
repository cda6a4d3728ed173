import { createReadStream, statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Reply } from './replies.ts'

const types: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  svg: 'image/svg+xml',
  mp4: 'video/mp4',
  webm: 'video/webm',
  wav: 'audio/x-wav',
  mp3: 'audio/mpeg',
  flac: 'audio/flac',
  txt: 'text/plain',
  json: 'application/json',
  xml: 'application/xml',
  js: 'text/javascript',
}

/** A file that is there, or the part of it that is asked for. `If-Range` is not looked at. */
export function sendFile(
  { headers }: IncomingMessage,
  path: string,
  more: Record<string, string> = {},
): Reply {
  const { size, mtimeMs } = statSync(path)
  const { mtimeNs } = statSync(path, { bigint: true })
  const type = types[path.split('.').at(-1)!.toLowerCase()] ?? 'application/octet-stream'
  const etag = `"${mtimeNs.toString(16)}-${size.toString(16)}"`
  const about = { ...more, 'Content-Type': type }
  const dated = { ...about, Etag: etag, 'Last-Modified': new Date(mtimeMs).toUTCString() }
  const since = Date.parse(headers['if-modified-since'] ?? '')
  const tags = headers['if-none-match']
  if (tags ? tags.includes(etag) || tags === '*' : Math.floor(mtimeMs / 1000) * 1000 <= since) {
    return { status: 304, headers: dated }
  }
  const range = headers.range === undefined ? undefined : readRange(headers.range, size)
  if (range === null) {
    const contentRange = `bytes */${size}`
    return {
      status: 416,
      headers: { ...about, 'Content-Range': contentRange, 'Transfer-Encoding': 'chunked' },
    }
  }
  const [start, end] = range ?? [0, size - 1]
  return {
    status: range ? 206 : 200,
    headers: {
      ...dated,
      'Accept-Ranges': 'bytes',
      'Content-Length': String(end - start + 1),
      ...(range && { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    },
    body: size ? createReadStream(path, { start, end }) : '',
  }
}

/** First and last byte, or `null` where there are none such. */
function readRange(range: string, size: number): [number, number] | null {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  if (from === undefined || (!from && !to)) return null
  if (!from) return [Math.max(0, size - Number(to)), size - 1]
  const start = Number(from)
  return start < size ? [start, to ? Math.min(Number(to), size - 1) : size - 1] : null
}
