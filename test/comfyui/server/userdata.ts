import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { sendFile } from './files.ts'
import { type Context, empty, json, type Reply, readBody, text } from './http.ts'
import { isFile } from './nodes/files.ts'

const rootOf = ({ life }: Context): string => join(life.folder, 'user', 'default')

/** The path of a file of the user, or `undefined` for a way out. */
function pathOf(context: Context, name: string): string | undefined {
  const root = rootOf(context)
  const path = join(root, name)
  return path.startsWith(root + sep) ? path : undefined
}

function about(path: string, shown: string): Record<string, unknown> {
  const { size, mtimeMs, birthtimeMs } = statSync(path)
  return { path: shown, size, modified: mtimeMs / 1000, created: birthtimeMs / 1000 }
}

export function listUserdata(context: Context): Reply {
  const query = context.url.searchParams
  const dir = query.get('dir')
  if (!dir) return text(400, 'Directory not provided')
  const folder = pathOf(context, dir)
  if (!folder) return empty(403)
  let names: string[]
  try {
    names = readdirSync(folder, { recursive: query.get('recurse') === 'true', encoding: 'utf8' })
  } catch {
    return text(404, 'Directory not found')
  }
  const isTrue = (name: string): boolean => query.get(name)?.toLowerCase() === 'true'
  const files = names.filter((name) => isFile(join(folder, name))).sort()
  if (isTrue('full_info')) return json(files.map((name) => about(join(folder, name), name)))
  return json(isTrue('split') ? files.map((name) => [name, ...name.split(sep)]) : files)
}

export function getUserdata(context: Context): Reply {
  const path = pathOf(context, context.params[0]!)
  if (!path) return empty(403)
  return isFile(path) ? sendFile(context.request, path) : empty(404)
}

export async function postUserdata(context: Context): Promise<Reply> {
  const [name = ''] = context.params
  const query = context.url.searchParams
  const path = pathOf(context, name)
  if (!path) return empty(403)
  if (query.get('overwrite') === 'false' && isFile(path)) return text(409, 'File already exists')
  const body = await readBody(context.request, context.life.maxUploadBytes)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, body)
  return json(query.get('full_info') === 'true' ? about(path, name) : name)
}

export function deleteUserdata(context: Context): Reply {
  const path = pathOf(context, context.params[0]!)
  if (!path) return empty(403)
  if (!isFile(path)) return empty(404)
  rmSync(path)
  return empty(204)
}

/** The newer list, of one folder. */
export function listUserdataV2(context: Context): Reply {
  const dir = context.url.searchParams.get('path') ?? ''
  const folder = pathOf(context, join(dir, '.'))
  if (!folder) return empty(403)
  const entries = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const { size, mtimeMs } = statSync(join(folder, entry.name))
    const path = join(dir, entry.name)
    const type = entry.isDirectory() ? 'directory' : 'file'
    return { name: entry.name, path, type, ...(type === 'file' && { size }), modified: mtimeMs / 1000 }
  })
  return json(entries)
}

export const getUsers = (): Reply => json({ storage: 'server', migrated: true })
