import { randomUUID } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join, parse, posix, sep } from 'node:path'
import { encode } from 'fast-png'
import { decodeField, make } from 'multipasta'
import { type Context, empty, json, type Reply, TooBig } from './http.ts'
import { isFile } from './nodes/files.ts'
import { readPicture, toJpeg, toPng, webp } from './nodes/media.ts'

/** A file of one of the three folders. */
export function getView({ life, request, url }: Context): Reply {
  const query = url.searchParams
  const given = query.get('filename')
  if (given === null) return empty(404)
  const [, name = given, marked] = /^(.*) \[(input|output|temp)\]$/.exec(given) ?? []
  if (!name || name.startsWith('/') || name.includes('..')) return empty(400)
  const type = marked ?? query.get('type') ?? 'output'
  if (!['input', 'output', 'temp'].includes(type)) return empty(400)
  const root = join(life.folder, type)
  const folder = join(root, query.get('subfolder') ?? '')
  if (folder !== root && !folder.startsWith(root + sep)) return empty(403)
  const filename = posix.basename(name)
  const path = join(folder, filename)
  if (!isFile(path)) return empty(404)
  // Node writes headers as Latin-1; the name is sent as raw UTF-8.
  const shownName = Buffer.from(`filename="${filename}"`).toString('latin1')
  const headers = { 'Content-Disposition': shownName }
  const preview = query.get('preview')
  const channel = query.get('channel') ?? 'rgba'
  if (preview !== null) {
    const [format, quality = '90'] = preview.split(';')
    const picture = readPicture(path)
    const isJpeg = format === 'jpeg' && channel !== 'a'
    const body = isJpeg ? toJpeg(picture, 0, Number(quality)) : webp
    return {
      status: 200,
      headers: { ...headers, 'Content-Type': isJpeg ? 'image/jpeg' : 'image/webp' },
      body,
    }
  }
  if (channel === 'rgba') return sendFile(request, path, headers)
  const picture = readPicture(path)
  const opaque = new Uint8Array(picture.width * picture.height).fill(255)
  const body = channel === 'a' ? encode({ ...picture, data: opaque, channels: 1, depth: 8 }) : toPng(picture)
  return { status: 200, headers: { ...headers, 'Content-Type': 'image/png' }, body }
}

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

interface Form {
  fields: Record<string, string>
  file?: { name: string; path: string }
}

/** A name in quotes may have backslashes before any character. */
const unquote = (name = ''): string => name.replace(/\\(.)/g, '$1')

/** Reads the form; its file goes to the folder of temporary files as it comes. */
async function readForm({ life, request }: Context): Promise<Form> {
  const form: Form = { fields: {} }
  const { maxUploadBytes: limit } = life
  let size = 0
  let failure: unknown
  const parser = make({
    headers: request.headers as Record<string, string>,
    isFile: ({ filename }) => filename !== undefined,
    onField: (info, value) => {
      form.fields[info.name] = decodeField(info, value)
    },
    onFile(info) {
      const path = join(life.folder, 'temp', `upload-${randomUUID()}`)
      const file = openSync(path, 'w')
      if (info.name === 'image') form.file = { name: unquote(info.filename), path }
      return (chunk) => {
        if (!chunk) return closeSync(file)
        size += chunk.length
        if (size > limit) failure ??= new TooBig(limit, size)
        else writeSync(file, chunk)
      }
    },
    onError: (error) => {
      failure ??= new Error(error._tag)
    },
    onDone: () => {},
  })
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    parser.write(chunk)
    if (failure) break
  }
  if (failure) request.resume()
  else parser.end()
  if (!failure) return form
  if (form.file) rmSync(form.file.path, { force: true })
  throw failure
}

export async function postUpload(context: Context): Promise<Reply> {
  const { life, request } = context
  if (!/^multipart\/form-data/i.test(request.headers['content-type'] ?? '')) {
    request.resume()
    return empty(400)
  }
  const { fields, file } = await readForm(context)
  if (!file && fields.image !== undefined) throw new TypeError('a text is no file')
  if (!file?.name) return empty(400)
  const { type = 'input', subfolder = '', overwrite } = fields
  try {
    if (!['input', 'temp', 'output'].includes(type)) throw new TypeError('no such folder')
    const root = join(life.folder, type)
    const folder = join(root, subfolder)
    const isInside = (path: string): boolean => path === root || path.startsWith(root + sep)
    if (!isInside(folder) || !isInside(join(folder, file.name))) return empty(400)
    mkdirSync(folder, { recursive: true })
    const name = overwrite === 'true' || overwrite === '1' ? file.name : freeName(folder, file)
    if (name !== null) renameSync(file.path, join(folder, name))
    return json({ name: name ?? sameName(folder, file), subfolder, type })
  } finally {
    rmSync(file.path, { force: true })
  }
}

const candidates = function* (name: string): Generator<string> {
  yield name
  const { dir, name: stem, ext } = parse(name)
  for (let count = 1; ; count++) yield join(dir, `${stem} (${count})${ext}`)
}

/** The first name that is free, or `null` where a file with these bytes is met before. */
function freeName(folder: string, file: { name: string; path: string }): string | null {
  for (const name of candidates(file.name)) {
    const path = join(folder, name)
    if (!existsSync(path)) return name
    if (isSame(path, file.path)) return null
  }
  return null
}

function sameName(folder: string, file: { name: string; path: string }): string {
  for (const name of candidates(file.name)) if (isSame(join(folder, name), file.path)) return name
  return file.name
}

const isSame = (a: string, b: string): boolean =>
  statSync(a).size === statSync(b).size && readFileSync(a).equals(readFileSync(b))
