// A picture that is small enough for a message.

/** The longest side, in pixels. */
const MOST_PIXELS = 768
/** The most bytes, before base64. */
const MOST_BYTES = 80_000

/** The part of sharp that is used: an optional package, whose types an app need not have. */
interface Sharp {
  resize(options: object): Sharp
  rotate(): Sharp
  flatten(options: object): Sharp
  jpeg(options: object): Sharp
  toBuffer(): Promise<Uint8Array>
}

export interface Picture {
  readonly data: string
  readonly mimeType: string
}

const toPicture = (bytes: Uint8Array, mimeType: string): Picture => ({
  data: Buffer.from(bytes).toString('base64'),
  mimeType,
})

/** The picture itself if it is small, or a smaller one by sharp, if that is installed. Otherwise `undefined`. */
export async function shrink(bytes: Uint8Array, type: string): Promise<Picture | undefined> {
  const sides = sidesOf(bytes)
  if (bytes.length <= MOST_BYTES && sides && Math.max(...sides) <= MOST_PIXELS) return toPicture(bytes, type)
  try {
    const name = 'sharp'
    const { default: sharp }: { default: (bytes: Uint8Array, options: object) => Sharp } = await import(name)
    for (const quality of [80, 60, 40, 20]) {
      const small = await sharp(bytes, { limitInputPixels: 100_000_000 })
        .rotate()
        .resize({ width: MOST_PIXELS, height: MOST_PIXELS, fit: 'inside', withoutEnlargement: true })
        .flatten({ background: '#ffffff' })
        .jpeg({ quality })
        .toBuffer()
      if (small.length <= MOST_BYTES) return toPicture(small, 'image/jpeg')
    }
  } catch {
    // There is no sharp, or it can't read the picture: the link is there.
  }
  return undefined
}

/** Width and height of a PNG or JPEG. */
function sidesOf(bytes: Uint8Array): [number, number] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length >= 24 && view.getUint32(0) === 0x89504e47) return [view.getUint32(16), view.getUint32(20)]
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined
  // The segments of a JPEG, up to the start of a frame.
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = bytes[at + 1]!
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return [view.getUint16(at + 7), view.getUint16(at + 5)]
  }
  return undefined
}
