import { ArgumentError } from '../errors.ts'
import { checkOptions, isString } from '../internal/options.ts'
import { isBytes } from '../run.ts'
import type { BlobLike, NamedBlob } from '../types.ts'

/**
 * Gives a name to bytes or a Blob, like `new File`. It also works on Node 18, which has no `File`. The data of a
 * Blob is not copied.
 *
 * @param options `type`: the MIME type. Default: the Blob’s type.
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
    throw new ArgumentError('data must not be a detached ArrayBuffer')
  }
}
