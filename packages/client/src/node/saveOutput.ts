import { lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { type DownloadSource, readSource } from '../api/downloadOutput.ts'
import { ArgumentError, FlowScaleError, isFlowScaleError } from '../errors.ts'
import { checkOptions, requestRules } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import type { Client, RequestOptions } from '../types.ts'
import { fetchInto, type PartFile } from './fetchInto.ts'
import { cutName, errnoText, readPath, safeName } from './paths.ts'

/**
 * A file could not be written completely, or could not get its name. The unfinished file was removed. `cause` is the
 * system's error.
 */
export class FileError extends FlowScaleError {
  override get name(): 'FileError' {
    return 'FileError'
  }
  declare readonly code: 'ERR_FLOWSCALE_FILE'
  /** The path that you gave. For a folder it includes the name of the output. */
  declare readonly path: string
}

/** A saved output. */
export interface SavedOutput {
  /** The path that you gave. For a folder it includes the name of the output. */
  path: string
  /** The length of the file. */
  bytes: number
}

/**
 * Streams an output file to the disk. You get a complete file or none. The bytes go to `.<name>.<random>.part` in the
 * same folder. At the end this part gets the name of the file, and replaces a file or symbolic link of that name. After a
 * failure the part is removed; only a killed process leaves it.
 *
 * If the download breaks off, or brings nothing for `timeoutMs`, it is repeated up to `maxRetries` times. It continues
 * where it stopped if the server proves that the file is the same; otherwise it starts again. An expired link is
 * renewed, as by {@link downloadOutput}. The storage with the file gets no key and no custom headers.
 *
 * @param path The path of a file in an existing folder, or of a folder. In a folder the file gets the name of the output,
 * made safe: it names no other folder, no device and no hidden file. A path that ends with `/` is a folder, which is
 * created with its parents.
 * @throws {@link ArgumentError} before any request if the path can't be written. {@link FileError}
 * (`ERR_FLOWSCALE_FILE`), for example if the disk is full. The errors of {@link downloadOutput}. {@link NetworkError}
 * and {@link TimeoutError} if the download stays incomplete. Each error names the path; none shows the query of the link.
 *
 * @example
 * ```ts
 * const { outputs } = await executeWorkflowAsync(client, 'bncu0a1kipv', { text_51536: 'a lighthouse at dusk' })
 * for (const output of outputs) {
 *   const { path, bytes } = await saveOutput(client, output, 'pictures/')
 *   console.log(path, bytes)
 * }
 * ```
 */
export async function saveOutput(
  client: Client,
  output: DownloadSource,
  path: string | URL,
  options: RequestOptions = {},
): Promise<SavedOutput> {
  reveal(client)
  checkOptions(options, requestRules)
  const source = readSource(output)
  const given = readPath(path)
  options.signal?.throwIfAborted()
  const target = await targetPath(given, source)
  // The path is resolved now, because the working folder may change during the download.
  const part = await openPart(resolve(target), target)
  try {
    const bytes = await fetchInto(client, output, part, options)
    options.signal?.throwIfAborted()
    await part.finish()
    return { path: target, bytes }
  } catch (error) {
    // The reason of an abort stays as it is, even if it is an error of this package.
    if (isFlowScaleError(error) && error !== options.signal?.reason && !('path' in error)) {
      Object.assign(error, { path: target, message: `${target} was not saved: ${error.message}` })
    }
    throw error
  } finally {
    await part.remove()
  }
}

/** The name of an output, its link, or both. */
interface Named {
  readonly filename?: string | undefined
  readonly url?: string | null | undefined
}

/** The path of the file: `path`, or the name of the output in the folder `path`. */
async function targetPath(path: string, source: Named): Promise<string> {
  try {
    if (['/', sep].includes(path.slice(-1))) {
      await mkdir(path, { recursive: true })
    } else if (!(await isFolder(path))) return path
  } catch (cause) {
    throw new ArgumentError(`path: ${path} ${errnoText(cause)}`, { cause })
  }
  return join(path, safeName(nameOf(source)))
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (Object(error).code === 'ENOENT') return false
    throw error
  }
}

/** The name of an output. Some servers leave out its extension, which the link still has. */
function nameOf({ filename, url }: Named): string {
  const linked = url ? lastPart(url) : ''
  return filename && !linked.startsWith(`${filename}.`) ? filename : linked
}

function lastPart(url: string): string {
  const part = new URL(url).pathname.split('/').at(-1)!
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Opens `.<name>.<random>.part` in the folder of `target`. `path` is for messages. */
async function openPart(target: string, path: string): Promise<PartFile> {
  // `Math.random` is good enough, because `open` refuses a name that exists. `node:crypto` would slow down the import.
  const random = Math.random().toString(36).slice(2)
  const part = join(dirname(target), `.${cutName(basename(target), 230)}.${random}.part`)
  const there = await lstat(target).catch(() => undefined)
  if (there?.isDirectory())
    throw new ArgumentError(`path: ${path} is a folder; pass a file, or the folder above`)
  // `rename` would replace a device such as /dev/null, if root calls it.
  if (there && !there.isFile() && !there.isSymbolicLink())
    throw new ArgumentError(`path: ${path} is no regular file`)
  const file = await open(part, 'wx').catch((cause) => {
    const why = cause.code === 'ENOENT' ? 'is in a missing folder; create the folder' : errnoText(cause)
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
      const why =
        Object(cause).code === 'ENOENT' ? 'its folder or its part is gone' : `it ${errnoText(cause)}`
      throw new FileError(`${path} was not saved: ${why}`, { path, cause })
    }
  }
  return {
    write: (chunk, position) =>
      guard(async () => {
        // The system may write only a part of a chunk.
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
        // This replaces a symbolic link, and not the file that the link leads to.
        await rename(part, target)
      }),
    async remove() {
      await close().catch(() => {})
      await rm(part, { force: true }).catch(() => {})
    },
  }
}
