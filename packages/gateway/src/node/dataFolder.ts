// Keeps keys and records in files of a folder.
import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { Storage } from '../engine.ts'
import { isKey } from '../http/access.ts'

const DRAFT = '.draft'

/**
 * Keeps each value in a file of a folder; `:` in a key stands for a folder, as in `unstorage`. A value is written whole
 * or not at all.
 */
export async function openFolder(folder: string): Promise<Storage> {
  const root = resolve(folder)
  await mkdir(root, { recursive: true })
  const pathOf = (key: string): string => join(root, ...key.split(':').map(encodeName))
  return {
    getItem: async (key) => await readFile(pathOf(key), 'utf8').catch(noneIfMissing),
    async setItem(key, value) {
      const path = pathOf(key)
      await mkdir(join(path, '..'), { recursive: true })
      const draft = `${path}.${randomUUID()}${DRAFT}`
      await writeFile(draft, value)
      await rename(draft, path)
    },
    async removeItem(key) {
      await rm(pathOf(key), { force: true })
    },
    async getKeys(base = '') {
      const below = base.replace(/:$/, '')
      const start = below ? pathOf(below) : root
      const entries = await readdir(start, { recursive: true, withFileTypes: true }).catch(noneIfMissing)
      return (entries ?? [])
        .filter((entry) => entry.isFile() && !entry.name.endsWith(DRAFT))
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        .map((path) => path.split(/[/\\]/).map(decodeURIComponent).join(':'))
    },
  }
}

/** Reads the key in a file of a folder. If there is none, saves a new one, which only the owner may read. */
export async function keepKey(folder: string, file = 'api-key'): Promise<string> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, file)
  const key = await keepText(path, makeKey())
  if (isKey(key)) return key
  throw new Error(
    `${path} holds no key: it must be visible ASCII characters without spaces. Fix or remove the file.`,
  )
}

/** Reads a file of one line. If there is none, writes that line, which only the owner may read. */
export async function keepText(path: string, text: string): Promise<string> {
  // Two gateways that start at once share the text of the first.
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, `${text}\n`, { mode: 0o600 })
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
  return (await readFile(path, 'utf8')).trim()
}

/** The folder in which a command keeps its key and its queue for this user. */
export function userFolder(): string {
  const { XDG_DATA_HOME, LOCALAPPDATA } = process.env
  const home = homedir()
  // An empty one counts as unset.
  const base = {
    darwin: join(home, 'Library', 'Application Support'),
    win32: LOCALAPPDATA || join(home, 'AppData', 'Local'),
  } as Readonly<Record<string, string>>
  return join(base[process.platform] ?? (XDG_DATA_HOME || join(home, '.local', 'share')), 'flowscale-gateway')
}

/** A new key, from random bytes. */
export const makeKey = (): string => `fsk_${randomBytes(24).toString('base64url')}`

/** Encodes a part of a key, so that it can't lead out of the folder, or be a special name such as `..`. */
export const encodeName = (part: string): string =>
  encodeURIComponent(part).replace(/[.*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)

/** Gives no value if the file or its folder is missing, and throws any other error. */
export function noneIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
