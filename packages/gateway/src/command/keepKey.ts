import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const FILE = 'api-key'

/** The key that is kept in a folder, or a new one, which only the owner can read from then on. */
export async function keepKey(folder: string): Promise<string> {
  const path = join(folder, FILE)
  await mkdir(folder, { recursive: true })
  // Of two that start at once, both take the one key that is there first.
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
  if (/^[\x21-\x7e]+$/.test(key)) return key
  throw new Error(
    `${path} holds no key: it must be visible ASCII characters without spaces. Mend or remove it.`,
  )
}

export function makeKey(): string {
  return `fsk_${randomBytes(24).toString('base64url')}`
}
