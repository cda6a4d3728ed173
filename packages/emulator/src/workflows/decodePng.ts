import { convertIndexedToRgb, decode, hasPngSignature } from 'fast-png'
import { toRgba } from './toRgba.ts'

const MOST_PIXELS = 4096 * 4096

export interface Picture {
  rgba: Uint8Array
  width: number
  height: number
}

/** Decodes a PNG of any kind; every fault is an error that names the file. */
export function decodePng(data: Uint8Array, name: string): Picture {
  if (!hasPngSignature(data)) throw new Error(`${name} is not a PNG image`)
  // Before decoding: a few bytes can claim a picture that no memory holds.
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const [width, height] = data.byteLength >= 24 ? [view.getUint32(16), view.getUint32(20)] : [0, 0]
  if (width === 0 || height === 0) throw new Error(`${name} is not a readable PNG image: it has no size`)
  if (width * height > MOST_PIXELS) {
    throw new Error(`${name} is ${width} x ${height} pixels; at most ${MOST_PIXELS} pixels are taken`)
  }
  try {
    const image = decode(data, { checkCrc: true })
    // A palette beside three or four channels is only a suggestion.
    const palette = image.channels === 1 ? image.palette : undefined
    if (!palette) return { rgba: toRgba(image), width, height }
    const channels = palette[0]?.length ?? 0
    return { rgba: toRgba({ ...image, data: convertIndexedToRgb(image), depth: 8, channels }), width, height }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${name} is not a readable PNG image: ${message}`, { cause: error })
  }
}
