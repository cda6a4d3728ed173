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

/** A WebP with an EXIF part whose tags are these texts. */
export function webp(all: string[], big: boolean, head = ''): Buffer {
  const exif = Buffer.alloc(10 + 12 * all.length)
  const put = (value: number, at: number, bytes: 2 | 4): unknown =>
    big ? exif.writeUIntBE(value, at, bytes) : exif.writeUIntLE(value, at, bytes)
  exif.write(big ? 'MM' : 'II')
  put(42, 2, 2)
  put(8, 4, 4)
  put(all.length, 8, 2)
  let end = exif.length
  for (const [index, text] of all.entries()) {
    const at = 10 + 12 * index
    put(0x110 - index, at, 2)
    put(2, at + 2, 2)
    put(Buffer.byteLength(text) + 1, at + 4, 4)
    put(end, at + 8, 4)
    end += Buffer.byteLength(text) + 1
  }
  const data = Buffer.concat([
    Buffer.from(head, 'latin1'),
    exif,
    Buffer.from(all.map((text) => `${text}\0`).join('')),
  ])
  const size = Buffer.alloc(4)
  size.writeUInt32LE(data.length)
  return Buffer.concat([Buffer.from('RIFF????WEBPVP8 \x03\0\0\0xyz\0EXIF', 'latin1'), size, data])
}
