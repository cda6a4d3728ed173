import { contentTypeOf } from '../mediaTypes.ts'

/** A file of a store. */
export interface KeptFile {
  readonly name: string
  readonly size: number
  readonly etag: string
  readonly modifiedAt: number
  /** Gives the bytes before `end`. Nobody may read them, and then nothing may be opened. */
  read(start: number, end: number): ReadableStream<Uint8Array>
}

/** Answers as a file server does: with one range, and unless the caller has this version. */
export function answerFile(file: KeptFile, asked: Headers): Response {
  const { name, size, etag, modifiedAt } = file
  const modified = new Date(modifiedAt).toUTCString()
  const headers: Record<string, string> = {
    'content-type': contentTypeOf(name),
    'accept-ranges': 'bytes',
    'last-modified': modified,
    etag,
  }
  const known = asked.get('if-none-match')
  const since = asked.get('if-modified-since')
  const isKnown = known
    ? known.split(/\s*,\s*/).some((one) => one === '*' || one.replace(/^W\//, '') === etag)
    : since !== null && Date.parse(since) >= Math.trunc(modifiedAt / 1000) * 1000
  if (isKnown) return new Response(null, { status: 304, headers })
  const version = asked.get('if-range')
  const isSame = version === null || version === etag || version === modified
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec((isSame && asked.get('range')) || '') ?? []
  if (from === '' && to === '') return part(file, 200, 0, size, headers)
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1)
  if (start >= end) {
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } })
  }
  const range = { 'content-range': `bytes ${start}-${end - 1}/${size}` }
  return part(file, 206, start, end, { ...headers, ...range })
}

function part(
  file: KeptFile,
  status: number,
  start: number,
  end: number,
  headers: Record<string, string>,
): Response {
  const length = { 'content-length': String(end - start) }
  const body = start === end ? new Uint8Array() : file.read(start, end)
  return new Response(body, { status, headers: { ...headers, ...length } })
}
