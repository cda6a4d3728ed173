import * as fs from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { ArgumentError } from '../errors.ts'
import { type BlobLike, type NamedBlob, toFile } from '../inputs.ts'
import { checkOptions, isString } from '../internal/options.ts'
import { errnoText, readPath } from './paths.ts'

/** From this number of bytes on, a Blob from the disk reports a wrong size. */
const tooLarge = 2 ** 32

/**
 * Makes an input from a file on the disk, with its name and type. Node 20 and later stream the file from the disk. Other
 * runtimes hold it in memory, Node 18 and Deno from this call on. If the file changes before it is sent, it is refused
 * and nothing is sent.
 *
 * @param path The path of a file smaller than 4 GiB: a string, or a URL object (`new URL('photo.png', import.meta.url)`).
 * @param options `name`: the name, by default the name of the file. `type`: the MIME type, by default from the extension
 * of the name, or none if the extension is unknown.
 * @throws {@link ArgumentError} (`ERR_FLOWSCALE_ARGUMENT`) with the path if the file is missing, is a folder or no
 * regular file, is not permitted, or has 4 GiB or more. `cause` is the system's error.
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
    name: (value) => (isString(value) === true && value !== '') || 'a non-empty string',
    type: isString,
  })
  const { name = basename(file), type = mimeType(name) } = options
  const refuse = (why: string, cause?: unknown) => new ArgumentError(`path: ${file} ${why}`, { cause })
  try {
    const stats = await stat(file)
    if (stats.isDirectory()) throw refuse('is a folder; pass a file')
    // Opening a pipe could take for ever.
    if (!stats.isFile()) throw refuse('is no regular file')
    if (stats.size >= tooLarge) throw refuse('is 4 GiB or larger; files must be smaller')
    // Otherwise a missing permission would show only when the Blob is sent.
    await (await open(file)).close()
    // Node 18 has no `openAsBlob`.
    const data = fs.openAsBlob ? await fs.openAsBlob(file) : await readFile(file)
    return watch(toFile(data as unknown as BlobLike, name, { type }), file, stats)
  } catch (error) {
    throw error instanceof ArgumentError ? error : refuse(errnoText(error), error)
  }
}

/**
 * Makes a file that has changed throw when its `size` is read, which is just before it is sent. A later error would
 * not name the file, and would not show that nothing was submitted. Bun would send the new bytes, cut to the old size.
 */
function watch(blob: NamedBlob, file: string, { size, mtimeMs }: fs.Stats): NamedBlob {
  const get = () => {
    const now = fs.statSync(file, { throwIfNoEntry: false })
    if (now?.size === size && now.mtimeMs === mtimeMs) return size
    throw new ArgumentError(`path: ${file} has changed or is gone since fileInput; call it again`)
  }
  return Object.defineProperty(blob, 'size', { get })
}

/** The extensions of usual inputs and outputs by MIME type. */
const types: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg jpeg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/tiff': 'tif tiff',
  'image/svg+xml': 'svg',
  'video/mp4': 'mp4 m4v',
  'video/webm': 'webm',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/x-msvideo': 'avi',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
  'audio/opus': 'opus',
  'audio/mp4': 'm4a',
  'audio/aac': 'aac',
  'model/gltf-binary': 'glb',
  'application/json': 'json',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'text/plain': 'txt',
  'text/csv': 'csv',
}

/** The MIME type for the extension of `name`, or `''`. */
export function mimeType(name: string): string {
  const [, extension = '.'] = /\.(\w+)$/.exec(name.toLowerCase()) ?? []
  const [type = ''] = Object.entries(types).find(([, all]) => all.split(' ').includes(extension)) ?? []
  return type
}
