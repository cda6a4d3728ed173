/** A chunk of a PNG, without a checksum. */
export function pngChunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)])
}

/** A PNG without a picture. */
export const png = (...chunks: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', Buffer.alloc(13)),
    ...chunks,
    pngChunk('IEND', Buffer.alloc(0)),
  ])

/** The same with workflows inside, as ComfyUI saves them. */
export const pngWith = (inside: { prompt?: unknown; workflow?: unknown }): Buffer =>
  png(
    ...Object.entries(inside).map(([key, value]) =>
      pngChunk('tEXt', Buffer.from(`${key}\0${JSON.stringify(value)}`, 'latin1')),
    ),
  )
