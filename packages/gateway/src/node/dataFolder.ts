import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
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
  const pathOf = (key: string): string => join(root, ...key.split(':').map(encode))
  return {
    async getItem(key) {
      return await readFile(pathOf(key), 'utf8').catch(noneIfMissing)
    },
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

const KEY_FILE = 'api-key'

/** Reads the key in a folder. If there is none, saves a new one, which only the owner may read. */
export async function keepKey(folder: string): Promise<string> {
  const path = join(folder, KEY_FILE)
  await mkdir(folder, { recursive: true })
  // Two gateways that start at once share the key of the first.
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, `${makeKey()}\n`, { mode: 0o600 })
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft)
  }
  const key = (await readFile(path, 'utf8')).trim()
  if (isKey(key)) return key
  throw new Error(
    `${path} holds no key: it must be visible ASCII characters without spaces. Fix or remove the file.`,
  )
}

/** A new key, from random bytes. */
export function makeKey(): string {
  return `fsk_${randomBytes(24).toString('base64url')}`
}

/** No part of a key may lead out of the folder, or be a name with a meaning for the file system, such as `..`. */
function encode(part: string): string {
  return encodeURIComponent(part).replace(/[.*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
}

/** No value, if the file or its folder is missing. */
function noneIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
