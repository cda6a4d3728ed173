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
  /** As it was given; where that is a folder, with the name of the output. */
  path: string
  /** The length of the file. */
  bytes: number
}

/**
 * Streams an output file to the disk: it is there whole, or not at all. The bytes go to `.<name>.<random>.part` beside
 * it, which gets the name of the file at the end, in place of a file or a symbolic link of that name, and is removed on
 * any failure. Only a process that is killed leaves it behind.
 *
 * A body that breaks off, or sends nothing for `timeoutMs`, goes on where it stopped if the server has ranges and
 * proves that the file is the same, else from the beginning; up to `maxRetries` times. A link that has expired is
 * renewed as by {@link downloadOutput}. Neither the key nor custom headers are sent to where the file lies.
 *
 * @param path Of a file, in a folder that is there; or of a folder, for the output’s own name, made safe: it names no
 * other folder, no device and no hidden file. A path that ends with `/` is a folder, and is created with its parents.
 * @throws {@link ArgumentError} for a path that can't be written, before any request; {@link FileError}
 * (`ERR_FLOWSCALE_FILE`), such as for a full disk; those of {@link downloadOutput}, with {@link NetworkError} and
 * {@link TimeoutError} for a body that does not come to its end. All name the path, none the query of the link.
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
    // The reason of an abort is the caller's, also where it is one of ours.
    if (isFlowScaleError(error) && error !== options.signal?.reason && !('path' in error)) {
      Object.assign(error, { path: target, message: `${target} was not saved: ${error.message}` })
    }
    throw error
  } finally {
    await part.remove()
  }
}
