import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const FILE = 'api-key'

/** The key in a folder. If there is none, saves a new one, readable for the owner only. */
export async function keepKey(folder: string): Promise<string> {
  const path = join(folder, FILE)
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
  if (/^[\x21-\x7e]+$/.test(key)) return key
  throw new Error(
    `${path} holds no key: it must be visible ASCII characters without spaces. Fix or remove the file.`,
  )
}

export function makeKey(): string {
  return `fsk_${randomBytes(24).toString('base64url')}`
}
