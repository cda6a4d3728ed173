import { join, posix, sep } from 'node:path'
import { encode } from 'fast-png'
import type { Context } from '../http/context.ts'
import { empty, type Reply } from '../http/replies.ts'
import { sendFile } from '../http/sendFile.ts'
import { isFile } from '../nodes/files.ts'
import { readPicture, toJpeg, toPng, webp } from '../nodes/pictures.ts'

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
