import { type NamedBlob, toFile } from '@flowscale/client'
import type { CallFile } from '../types.ts'

/** A file of a call as an input. An address goes on as it is: nothing is fetched here. */
export function toInput(file: CallFile): string | NamedBlob {
  if (file.type === 'url') return file.url
  const { mediaType, data } = file
  const bytes = typeof data === 'string' ? decode(data) : data
  const [, kind = 'file', extension = 'bin'] = /^(\w+)\/(\w+)/.exec(mediaType) ?? []
  return toFile(bytes as Uint8Array<ArrayBuffer>, `${kind}.${extension}`, { type: mediaType })
}

/** Base64, in its form for URLs, too. */
function decode(data: string): Uint8Array<ArrayBuffer> {
  const text = atob(data.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (sign) => sign.charCodeAt(0))
}
