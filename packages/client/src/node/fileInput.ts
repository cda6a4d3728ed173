import * as fs from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { toFile } from '../api/toFile.ts'
import { ArgumentError } from '../errors.ts'
import { checkOptions, isString } from '../internal/options.ts'
import type { BlobLike, NamedBlob } from '../types.ts'
import { readPath } from './readPath.ts'
import { typeOf } from './typeOf.ts'
import { whyNot } from './whyNot.ts'

/** Sizes of a Blob from the disk start again at 0 here. */
const tooLarge = 2 ** 32

/**
 * Makes an input of a file on the disk, with its name and its type. On Node 20 and later it is streamed from the disk
 * when it is sent; other runtimes hold it in memory, Node 18 and Deno from now on. A file that has changed since is
 * refused, before anything is sent.
 *
 * @param path Of a file smaller than 4 GiB; a string, or a URL object (`new URL('photo.png', import.meta.url)`).
 * @param options `name`: default that of the file. `type`: the MIME type; default by the extension of the name, none
 * where that is not known.
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) that names the path: it is not there, is a folder or no
 * file, is not permitted, is 4 GiB or larger. `cause` is the system's own error.
 *
 * @example
 * ```ts
 * await executeWorkflow(client, 'a9bc45rt2kpm', { image_input: await fileInput('cat.png'), prompt: 'in oil' })
 * ```
 */
export async function fileInput(
  path: string | URL,
  options: { name?: string | undefined; type?: string | undefined } = {},
): Promise<NamedBlob> {
  const file = readPath(path)
  checkOptions(options, {
    name: (value) => (isString(value) === true && value !== '') || 'a string, not empty',
    type: isString,
  })
  const { name = basename(file), type = typeOf(name) } = options
  const refuse = (why: string, cause?: unknown) => new ArgumentError(`path: ${file} ${why}`, { cause })
  try {
    const stats = await stat(file)
    if (stats.isDirectory()) throw refuse('is a folder; pass a file')
    // To open a pipe could wait for ever.
    if (!stats.isFile()) throw refuse('is no regular file')
    if (stats.size >= tooLarge) throw refuse('is 4 GiB or larger; files must be smaller')
    // A Blob from the disk would tell only when it is sent that it may not be read.
    await (await open(file)).close()
    // Node 18 has none.
    const data = fs.openAsBlob ? await fs.openAsBlob(file) : await readFile(file)
    return watch(toFile(data as unknown as BlobLike, name, { type }), file, stats)
  } catch (error) {
    throw error instanceof ArgumentError ? error : refuse(whyNot(error), error)
  }
}

/**
 * The size of a file is asked for just before it is sent. A change is told there: what reads the file later would know
 * neither its name nor that nothing was submitted, and Bun would send the new bytes, cut to the old size.
 */
function watch(blob: NamedBlob, file: string, { size, mtimeMs }: fs.Stats): NamedBlob {
  const get = () => {
    const now = fs.statSync(file, { throwIfNoEntry: false })
    if (now?.size === size && now.mtimeMs === mtimeMs) return size
    throw new ArgumentError(`path: ${file} has changed or is gone since fileInput; call it again`)
  }
  return Object.defineProperty(blob, 'size', { get })
}
