import { randomBytes } from 'node:crypto'
import { lstat, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ArgumentError } from '../errors.ts'
import { FileError } from './FileError.ts'
import { cutName } from './paths.ts'
import { whyNot } from './whyNot.ts'

/** An unfinished file. */
export interface Part {
  write(chunk: Uint8Array, position: number): Promise<void>
  /** Drops the content. */
  clear(): Promise<void>
  /** Writes the file to the disk and gives it its name. */
  finish(): Promise<void>
  /** Removes the file, unless it is finished. */
  remove(): Promise<void>
}

/** Opens `.<name>.<random>.part` in the folder of `target`. `path` is for messages. */
export async function openPart(target: string, path: string): Promise<Part> {
  const folder = dirname(target)
  const part = join(folder, `.${cutName(basename(target), 230)}.${randomBytes(6).toString('hex')}.part`)
  const there = await lstat(target).catch(() => undefined)
  if (there?.isDirectory())
    throw new ArgumentError(`path: ${path} is a folder; pass a file, or the folder above`)
  // Root could replace /dev/null.
  if (there && !there.isFile() && !there.isSymbolicLink())
    throw new ArgumentError(`path: ${path} is no regular file`)
  const file = await open(part, 'wx').catch((cause) => {
    const why = cause.code === 'ENOENT' ? 'is in a missing folder; create the folder' : whyNot(cause)
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
        // A write may write only a part.
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
        // A symbolic link at the target is replaced. The file that it leads to stays.
        await rename(part, target)
      }),
    async remove() {
      await close().catch(() => {})
      await rm(part, { force: true }).catch(() => {})
    },
  }
}
