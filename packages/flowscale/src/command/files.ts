import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { usageError } from './errors.ts'
import type { Printer } from './terminal/printer.ts'

/** Reads stdin to its end, for the input of this name. */
export type ReadStdin = (input: string) => Promise<Uint8Array>

/** Reads stdin for the input that needs it. If stdin is a terminal, a line on stderr asks the user to type. */
export function createStdin(print: Pick<Printer, 'note'>, signal: AbortSignal): ReadStdin {
  return async (input) => {
    signal.throwIfAborted()
    const { stdin } = process
    if (stdin.isTTY)
      print.note(`Reading ${input} from the terminal. End it with Ctrl-D on a line of its own.`)
    // An iteration over a terminal does not end by itself.
    const stop = () => void stdin.destroy(signal.reason)
    signal.addEventListener('abort', stop)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
    } finally {
      signal.removeEventListener('abort', stop)
    }
    signal.throwIfAborted()
    return Buffer.concat(chunks)
  }
}

/** The text of bytes in UTF-8, without a byte order mark; `undefined` where the bytes are no UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'this is a folder, not a file',
  EEXIST: 'this is a file, not a folder',
  ENOTDIR: 'a part of this path is no folder',
  EACCES: 'you have no permission',
  EPERM: 'you have no permission',
  EROFS: 'this disk is read-only',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the name is too long',
}

/** Why the system did not read a file, or did not write one. */
export function whyNot(error: unknown, deed: 'read' | 'written' = 'read'): string {
  const { code, message } = Object(error) as { code?: string; message?: string }
  return words[code ?? ''] ?? `it can't be ${deed} (${code ?? message})`
}

/** Makes the folder of `-o` where it is missing, and finds out whether it can be written: before anything is paid for. */
export async function prepareFolder(folder: string): Promise<void> {
  // The system's own answer to that question may be wrong, so a file is written.
  const probe = join(folder, `.flowscale-${randomBytes(6).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(probe, '', { flag: 'wx' })
  } catch (error) {
    throw usageError(`-o ${folder}: ${whyNot(error, 'written')}.`)
  } finally {
    await rm(probe, { force: true }).catch(() => {})
  }
}

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
  // The name of the file must be on the disk, too. Windows opens no folders.
  const opened = await open(folder).catch(() => undefined)
  await opened?.sync().catch(() => {})
  await opened?.close()
}
