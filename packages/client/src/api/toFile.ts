import { ArgumentError } from '../errors.ts'
import { isBytes } from '../internal/data.ts'
import { checkOptions, isString } from '../internal/options.ts'
import type { BlobLike, NamedBlob } from '../types.ts'

/**
 * Gives bytes or a Blob a name, as `new File` does, also where there is no `File` (Node 18). The data of a
 * Blob is not copied.
 *
 * @param options `type`: the MIME type. Default: the Blob’s own.
 * @throws {@link ArgumentError}
 *
 * @example
 * ```ts
 * const image = toFile(await readFile('cat.png'), 'cat.png', { type: 'image/png' })
 * await executeWorkflow(client, 'a9bc45rt2kpm', { image_input: image, prompt: 'in oil' })
 * ```
 */
export function toFile(
  data: BlobLike | ArrayBuffer | ArrayBufferView,
  filename: string,
  options: { type?: string | undefined } = {},
): NamedBlob {
  const isBlob = data instanceof Blob
  if (!isBlob && !isBytes(data)) {
    throw new ArgumentError('data must be a Blob, an ArrayBuffer or a typed array')
  }
  if (typeof filename !== 'string' || !filename)
    throw new ArgumentError('filename must be a non-empty string')
  checkOptions(options, { type: isString })
  const { type = isBlob ? data.type : '' } = options
  try {
    return Object.defineProperty(new Blob([data as BlobPart], { type }), 'name', {
      value: filename,
    }) as unknown as NamedBlob
  } catch {
    throw new ArgumentError('data has bytes that are gone')
  }
}
