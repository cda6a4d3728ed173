import { randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join, parse, sep } from 'node:path'
import { decodeField, make } from 'multipasta'
import type { Context } from '../http/context.ts'
import { TooBig } from '../http/readBody.ts'
import { empty, json, type Reply } from '../http/replies.ts'

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
