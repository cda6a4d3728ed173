import { resolve } from 'node:path'
import { type DownloadSource, readSource } from '../api/downloadOutput.ts'
import { isFlowScaleError } from '../errors.ts'
import { checkOptions, requestRules } from '../internal/options.ts'
import { reveal } from '../internal/secrets.ts'
import type { Client, RequestOptions } from '../types.ts'
import { fetchInto } from './fetchInto.ts'
import { openPart } from './openPart.ts'
import { readPath } from './readPath.ts'
import { targetOf } from './targetOf.ts'

/** A saved output. */
export interface SavedOutput {
  /** The path that you gave. For a folder it includes the name of the output. */
  path: string
  /** The length of the file. */
  bytes: number
}

/**
 * Streams an output file to the disk. You get a complete file or none. The bytes go to `.<name>.<random>.part` in the
 * same folder. At the end it gets the name of the file, and replaces a file or symbolic link of that name. After a
 * failure it is removed; only a killed process leaves it.
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
  const target = await targetOf(given, source)
  // The working folder may change meanwhile.
  const part = await openPart(resolve(target), target)
  try {
    const bytes = await fetchInto(client, output, part, options)
    options.signal?.throwIfAborted()
    await part.finish()
    return { path: target, bytes }
  } catch (error) {
    // The reason of an abort is the caller's error, even if it is one of our classes.
    if (isFlowScaleError(error) && error !== options.signal?.reason && !('path' in error)) {
      Object.assign(error, { path: target, message: `${target} was not saved: ${error.message}` })
    }
    throw error
  } finally {
    await part.remove()
  }
}
