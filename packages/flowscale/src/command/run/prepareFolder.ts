import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { usageError } from '../errors.ts'

/** Makes the folder of `-o` where it is missing, and finds out whether it can be written: before anything is paid for. */
export async function prepareFolder(folder: string): Promise<void> {
  // A program may be allowed to write where the system's answer to that question is wrong.
  const probe = join(folder, `.flowscale-${randomBytes(6).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(probe, '', { flag: 'wx' })
  } catch (error) {
    const { code } = Object(error)
    throw usageError(
      `-o ${folder}: ${words[code] ?? `it can't be written (${code ?? Object(error).message})`}.`,
    )
  } finally {
    await rm(probe, { force: true }).catch(() => {})
  }
}

const words: Readonly<Record<string, string>> = {
  EEXIST: 'this is a file, not a folder',
  ENOTDIR: 'a part of this path is a file',
  EACCES: 'you have no permission to write there',
  EPERM: 'you have no permission to write there',
  EROFS: 'this disk is read-only',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the name is too long',
}
