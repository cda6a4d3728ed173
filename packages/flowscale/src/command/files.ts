import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Writes a file so that it is on the disk whole, or as it was before. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const folder = dirname(path)
  const part = join(folder, `.${basename(path)}.${process.pid}.part`)
  try {
    const file = await open(part, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true }).catch(() => {})
    throw error
  }
  // So that its name is on the disk, too. Windows opens no folders.
  const opened = await open(folder).catch(() => undefined)
  await opened?.sync().catch(() => {})
  await opened?.close()
}
