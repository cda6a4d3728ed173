// The contract of a store of files, and the HTTP answer for a file.
import type { IncomingFile } from '../engine.ts'
import { contentTypeOf } from '../mediaTypes.ts'

/** Inputs or outputs. */
type FileKind = 'in' | 'out'

/** Keeps the files of runs: inputs until their run ends, outputs as long as its record. */
export interface FileStore {
  /** Makes sure that files can be kept, and names the place. Stores have the same name only if they share their files. */
  place(): Promise<string>
  put(kind: FileKind, runId: string, name: string, body: IncomingFile['body']): Promise<void>
  /** Gives a file as `Engine.readOutput` does. */
  open(kind: FileKind, runId: string, name: string, headers: Headers): Promise<Response | undefined>
  /** Removes the inputs of a run. */
  removeInputs(runId: string): Promise<void>
  /** Removes files that are older than an hour, unless `keeps` says that their run needs them. */
  sweep(keeps: (kind: FileKind, runId: string) => boolean | Promise<boolean>): Promise<void>
}

/** Files come before the record of their run, so a sweep leaves files of this age alone. */
export const EARLY_MS = 3_600_000

/** A file of a store. */
interface KeptFile {
  readonly name: string
  readonly size: number
  readonly etag: string
  readonly modifiedAt: number
  /** Gives the bytes from `start` up to `end`. It opens nothing before somebody reads, since perhaps nobody does. */
  read(start: number, end: number): ReadableStream<Uint8Array>
}

/** Answers as a file server does: the file, one range of it, or 304 if the caller has this version. */
export function answerFile(file: KeptFile, asked: Headers): Response {
  const { name, size, etag, modifiedAt } = file
  const modified = new Date(modifiedAt).toUTCString()
  const headers: Record<string, string> = {
    'content-type': contentTypeOf(name),
    'accept-ranges': 'bytes',
    'last-modified': modified,
    etag,
  }
  const part = (status: number, start: number, end: number, range = {}): Response => {
    const body = start === end ? new Uint8Array() : file.read(start, end)
    const length = { 'content-length': String(end - start) }
    return new Response(body, { status, headers: { ...headers, ...range, ...length } })
  }
  const known = asked.get('if-none-match')
  const since = asked.get('if-modified-since')
  const isKnown = known
    ? known.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
    : since !== null && Date.parse(since) >= Math.trunc(modifiedAt / 1000) * 1000
  if (isKnown) return new Response(null, { status: 304, headers })
  const version = asked.get('if-range')
  const isSame = version === null || version === etag || version === modified
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec((isSame && asked.get('range')) || '') ?? []
  if (from === '' && to === '') return part(200, 0, size)
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1)
  if (start >= end) {
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } })
  }
  return part(206, start, end, { 'content-range': `bytes ${start}-${end - 1}/${size}` })
}
