import { randomBytes } from 'node:crypto'
import { lstat, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ArgumentError } from '../errors.ts'
import { FileError } from './FileError.ts'
import { cutName } from './safeName.ts'
import { whyNot } from './whyNot.ts'

/** A file that is not whole yet. */
export interface Part {
  write(chunk: Uint8Array, position: number): Promise<void>
  /** Drops all that was written. */
  clear(): Promise<void>
  /** Puts it on the disk and gives it its name. */
  finish(): Promise<void>
  /** Leaves nothing of it, unless it is finished. */
  remove(): Promise<void>
}

/** Opens `.<name>.<random>.part` beside `target`. `path` is for messages. */
export async function openPart(target: string, path: string): Promise<Part> {
  const folder = dirname(target)
  const part = join(folder, `.${cutName(basename(target), 230)}.${randomBytes(6).toString('hex')}.part`)
  const there = await lstat(target).catch(() => undefined)
  if (there?.isDirectory())
    throw new ArgumentError(`path: ${path} is a folder; pass a file, or what it is in`)
  // Root could replace /dev/null.
  if (there && !there.isFile() && !there.isSymbolicLink())
    throw new ArgumentError(`path: ${path} is no regular file`)
  const file = await open(part, 'wx').catch((cause) => {
    const why = cause.code === 'ENOENT' ? 'is in a folder that is not there; create it' : whyNot(cause)
    throw new ArgumentError(`path: ${path} ${why}`, { cause })
  })
  let close = (): Promise<void> => {
    close = async () => {}
    return file.close()
  }
  const guard = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (cause) {
      const why = Object(cause).code === 'ENOENT' ? 'its folder or its part is gone' : `it ${whyNot(cause)}`
      throw new FileError(`${path} was not saved: ${why}`, { path, cause })
    }
  }
  return {
    write: (chunk, position) =>
      guard(async () => {
        // A write may take a part only.
        for (let done = 0; done < chunk.length; ) {
          const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done)
          done += bytesWritten
        }
      }),
    clear: () => guard(() => file.truncate()),
    finish: () =>
      guard(async () => {
        await file.sync()
        await close()
        // A symbolic link at the target is replaced, and what it leads to is left alone.
        await rename(part, target)
      }),
    async remove() {
      await close().catch(() => {})
      await rm(part, { force: true }).catch(() => {})
    },
  }
}
