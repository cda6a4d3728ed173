import type { CallFile } from '../types.ts'

/** A file of a call as an input; the client names it. An address goes on as it is: nothing is fetched here. */
export function toInput(file: CallFile): string | Blob {
  if (file.type === 'url') return file.url
  const { mediaType, data } = file
  const bytes = typeof data === 'string' ? decode(data) : data
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mediaType })
}

/** Base64, in its form for URLs, too. */
function decode(data: string): Uint8Array<ArrayBuffer> {
  const text = atob(data.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (sign) => sign.charCodeAt(0))
}
